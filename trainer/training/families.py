"""Look-alike families: who is taken for whom, by the catalogue and by what the parent confuses.

Flow: LabelledLooks + catalogue families -> Families, the costliest first

A family of the catalogue stays whole. Two SKUs join besides where one look in so many gives the
true one too little probability against the other, and the catalogue tree puts them on one shelf.
Pure; no network here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sync.boxes import FloatArray
from sync.decision import SkuScores

MIN_CONFUSIONS = 3  # looks; fewer are accidents of light and cover
MIN_CONFUSED_SHARE = 0.05  # of the looks at one of the two


@dataclass(frozen=True, slots=True)
class LookPlace:
    """Where a look was made, to cut it out again.

    Attributes:
        path: of the picture.
        xyxy: float32 (4,), its pixels.
        covering: float32 (K, 4), what stands before the item and is painted over.
    """

    path: Path
    xyxy: FloatArray
    covering: FloatArray


@dataclass(frozen=True, slots=True)
class LabelledLook:
    """One look at an item whose SKU is known.

    Attributes:
        item: scene and physical item; the same for all cameras.
        vector: float32 (d,), whitened, of the parent.
        geometry: float32 (4,), as sync.child_model.box_geometry.
        scores: what the parent says.
        place: None where the picture is not kept.
    """

    scene: str
    item: str
    sku_id: str
    vector: FloatArray
    geometry: FloatArray
    scores: SkuScores
    place: LookPlace | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """SKUs that are taken for each other.

    Attributes:
        num_wrong: looks at a member that the parent takes for another member.
    """

    name: str
    sku_ids: tuple[str, ...]
    num_looks: int
    num_wrong: int


def learned_families(
    looks: Sequence[LabelledLook],
    family_of: Mapping[str, str],
    shelf_of: Mapping[str, tuple[str, ...]],
    *,
    min_confusions: int = MIN_CONFUSIONS,
    min_share: float = MIN_CONFUSED_SHARE,
) -> list[Family]:
    """Families of two or more, those with most confused looks first.

    Args:
        family_of: SKU -> family, as the catalogue says.
        shelf_of: SKU -> category path.
    """
    seen = Counter(look.sku_id for look in looks)
    confused = Counter(
        (look.sku_id, look.scores.sku_ids[0])
        for look in looks
        if look.scores.sku_ids[0] != look.sku_id
    )
    pairs = [
        (true, taken)
        for (true, taken), count in sorted(confused.items())
        if count >= min_confusions
        and count >= min_share * seen[true]
        and shelf_of.get(true) is not None
        and shelf_of.get(true) == shelf_of.get(taken)
    ]
    groups = _joined(sorted(set(family_of) | set(seen)), [*_by_family(family_of), *pairs])
    found = [_family(group, seen, confused, family_of) for group in groups if len(group) > 1]
    return sorted(found, key=lambda f: (-f.num_wrong, f.name))


def _by_family(family_of: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for sku_id, family in sorted(family_of.items()):
        members[family].append(sku_id)
    return [(own[0], other) for own in members.values() for other in own[1:]]


def _joined(names: Sequence[str], pairs: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Connected groups of names."""
    root = {name: name for name in names}

    def top(name: str) -> str:
        while root[name] != name:
            name = root[name]
        return name

    for one, other in pairs:
        if one in root and other in root:
            root[max(top(one), top(other))] = min(top(one), top(other))
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[top(name)].append(name)
    return [tuple(group) for group in groups.values()]


def _family(
    group: tuple[str, ...],
    seen: Counter[str],
    confused: Counter[tuple[str, str]],
    family_of: Mapping[str, str],
) -> Family:
    names = Counter(family_of[s] for s in group if s in family_of)
    wrong = sum(n for (true, taken), n in confused.items() if true in group and taken in group)
    name = min(names, key=lambda n: (-names[n], n)) if names else "_".join(group)[:80]
    return Family(name, group, sum(seen[s] for s in group), wrong)


def folds_by_scene(looks: Sequence[LabelledLook], num_folds: int) -> np.ndarray:
    """Fold of each look, int64 (N,); all looks of one scene fall into one."""
    numbers = {scene: i for i, scene in enumerate(dict.fromkeys(look.scene for look in looks))}
    return np.asarray([numbers[look.scene] % num_folds for look in looks], np.int64)
