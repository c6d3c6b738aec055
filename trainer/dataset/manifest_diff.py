"""What changed from one version of a data set to another, picture by picture, box by box.

Flow: two DatasetManifests -> ManifestDiff

A picture is the same where its sha256, its case and its camera are. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from trainer.dataset.manifest import DatasetItem, DatasetManifest, ItemBox, QuarantinedPicture


@dataclass(frozen=True, slots=True)
class ManifestDiff:
    """What one version has that another has not.

    Attributes:
        relabelled: (before, after) where boxes, names or sources changed.
        moved: (before, after) where the split changed.
        recipe: name -> (before, after).
    """

    added: tuple[DatasetItem, ...]
    removed: tuple[DatasetItem, ...]
    relabelled: tuple[tuple[DatasetItem, DatasetItem], ...]
    moved: tuple[tuple[DatasetItem, DatasetItem], ...]
    newly_quarantined: tuple[QuarantinedPicture, ...]
    released: tuple[QuarantinedPicture, ...]
    recipe: dict[str, tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        """True where both are the same."""
        return not any(getattr(self, part.name) for part in fields(self))


def diff_manifests(old: DatasetManifest, new: DatasetManifest) -> ManifestDiff:
    """What changed between two versions."""
    before = {item.key: item for item in old.items}
    after = {item.key: item for item in new.items}
    both = sorted(before.keys() & after.keys())
    was_bad = {bad.key for bad in old.quarantined}
    is_bad = {bad.key: bad.reasons for bad in new.quarantined}
    return ManifestDiff(
        added=tuple(after[key] for key in sorted(after.keys() - before.keys())),
        removed=tuple(before[key] for key in sorted(before.keys() - after.keys())),
        relabelled=tuple(
            (before[key], after[key]) for key in both if before[key].boxes != after[key].boxes
        ),
        moved=tuple(
            (before[key], after[key]) for key in both if before[key].split != after[key].split
        ),
        newly_quarantined=tuple(bad for bad in new.quarantined if bad.key not in was_bad),
        released=tuple(bad for bad in old.quarantined if bad.key not in is_bad),
        recipe=_recipe_changes(old.recipe, new.recipe),
    )


def box_changes(before: DatasetItem, after: DatasetItem) -> list[tuple[str, str, str]]:
    """(place, name before, name after) of every box that differs; `-` where there was none."""
    old, new = _by_place(before.boxes), _by_place(after.boxes)
    return [
        (",".join(map(str, place)), old.get(place, "-"), new.get(place, "-"))
        for place in sorted({*old, *new})
        if old.get(place) != new.get(place)
    ]


def _by_place(boxes: Iterable[ItemBox]) -> dict[tuple[int, int, int, int], str]:
    return {box.xyxy: f"{box.sku_id or '?'} ({box.source})" for box in boxes}


def _recipe_changes(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    names = sorted({*old, *new})
    return {
        name: (old.get(name, ""), new.get(name, ""))
        for name in names
        if old.get(name, "") != new.get(name, "")
    }
