"""The forms of data sets on the wire: what makes one, what is told about one.

Flow: request -> filter, rules, split ; version, diff, rebuilt -> replies
"""

from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, Field

from trainer.dataset.manifest import DatasetItem, PictureSource, QuarantinedPicture, Split
from trainer.dataset.manifest_diff import ManifestDiff, box_changes
from trainer.dataset.quality import QualityRules
from trainer.dataset.split_rule import GroupBy, SplitRule
from trainer.hub.dataset_desk import Rebuilt
from trainer.hub.people_auth import Body, Reply
from trainer.hub.store_api import StoreId
from trainer.store.dataset_source import CandidateFilter
from trainer.store.datasets import StoredDataset

MAX_CHANGES = 500  # named per kind in a diff; the counts are complete
Whole = Annotated[int, Field(ge=0, le=1_000_000)]
Word = Annotated[str, Field(max_length=40, pattern=r"^[a-z_]+$")]
Limit = Annotated[int, Query(ge=1, le=1000)]
After = Annotated[int, Query(ge=-1, le=2_000_000_000)]


class FilterRequest(Body):
    """Which pictures may be chosen; empty means all."""

    store_ids: list[StoreId] = Field(default=[], max_length=500)
    reasons: list[Word] = Field(default=[], max_length=20)
    since: date | None = None
    until: date | None = None
    with_weak: bool = False
    with_onboarding: bool = True

    def chosen(self) -> CandidateFilter:
        """As the store understands it."""
        return CandidateFilter(
            store_ids=tuple(sorted(set(self.store_ids))),
            reasons=tuple(sorted(set(self.reasons))),
            since=self.since.isoformat() if self.since else "",
            until=self.until.isoformat() if self.until else "",
            with_weak=self.with_weak,
            with_onboarding=self.with_onboarding,
        )


class RulesRequest(Body):
    """Limits of quality; what is not given is the default of trainer/dataset/README.md."""

    min_side_px: Whole = 64
    min_box_px: Whole = 8
    min_sharpness: Whole = 100
    min_brightness: Whole = 25
    max_brightness: Whole = 248
    min_pictures_per_sku: Whole = 2
    near_duplicate_bits: Annotated[int, Field(ge=0, le=16)] = 8

    def limits(self) -> QualityRules:
        """As the rules understand them."""
        return QualityRules(**self.model_dump())


class SplitRequest(Body):
    """What stays together, and how much is held out."""

    by: GroupBy = "day"
    validation_percent: Annotated[int, Field(ge=0, le=45)] = 10
    test_percent: Annotated[int, Field(ge=0, le=45)] = 10
    seed: Whole = 1

    def rule(self) -> SplitRule:
        """As the split understands it."""
        return SplitRule(**self.model_dump())


class MeasureRequest(FilterRequest):
    """Look at pictures of the filter that nobody has looked at."""

    limit: Annotated[int, Field(ge=1, le=500)] = 200


class MeasureReply(Reply):
    """How many were looked at; 0 (or only such as are gone) means that none is left."""

    num_measured: int
    num_missing: int


class CreateRequest(FilterRequest):
    """A new version."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")
    note: str = Field(default="", max_length=2000)
    rules: RulesRequest = RulesRequest()
    split: SplitRequest = SplitRequest()


class PinRequest(Body):
    """Keep it from deletion, or not."""

    is_pinned: bool


class DatasetReply(Reply):
    """A version; `counts` has items, boxes, weak_boxes, skus, quarantined and each split."""

    version_id: str
    name: str
    note: str
    recipe: dict[str, str]
    counts: dict[str, int]
    size: int
    is_pinned: bool
    withdrawn: str
    by: str
    created_at: AwareDatetime


class DatasetPage(Reply):
    """Versions, the newest first; `before` asks for the next page, 0 at the end."""

    items: list[DatasetReply]
    before: int


class DatasetDetails(DatasetReply):
    """A version with what became of it."""

    quarantined_by_reason: dict[str, int]
    models: list[dict[str, str]]


class SharesReply(Reply):
    """Pictures per store and per source, each by split."""

    stores: dict[str, dict[str, int]]
    sources: dict[str, dict[str, int]]


class ItemRow(Reply):
    """One picture of a version."""

    position: int
    picture: str
    store_id: str
    camera_id: str
    day: str
    source: PictureSource
    source_id: str
    split: Split
    num_boxes: int
    skus: list[str]


class ItemPage(Reply):
    """Items in their order; `after` asks for the next page, -1 at the end."""

    items: list[ItemRow]
    after: int


class QuarantineRow(Reply):
    """One picture that is left out."""

    position: int
    picture: str
    source: PictureSource
    source_id: str
    camera_id: str
    reasons: list[str]


class QuarantinePage(Reply):
    """Quarantine in its order."""

    items: list[QuarantineRow]
    after: int


class ChangedItem(Reply):
    """A picture that both versions have and that differs; boxes as place, before, after."""

    picture: str
    source_id: str
    camera_id: str
    split_before: Split
    split_after: Split
    boxes: list[tuple[str, str, str]]


class NamedPicture(Reply):
    """A picture that one of the versions has."""

    picture: str
    source_id: str
    camera_id: str


class DiffReply(Reply):
    """What changed; at most 500 of each kind are named, all are counted."""

    counts: dict[str, int]
    recipe: dict[str, tuple[str, str]]
    added: list[NamedPicture]
    removed: list[NamedPicture]
    relabelled: list[ChangedItem]
    moved: list[ChangedItem]
    newly_quarantined: list[NamedPicture]
    released: list[NamedPicture]


class RebuildReply(Reply):
    """Whether the version is whole, and what the same recipe gives today where that differs."""

    version_id: str
    is_whole: bool
    num_pictures: int
    missing: list[str]
    altered: list[str]
    tree_sha256: str
    is_same_today: bool
    changes: DiffReply | None


def row_of(stored: StoredDataset) -> dict[str, Any]:
    """A version as its reply holds it."""
    return {name: getattr(stored, name) for name in StoredDataset.__slots__ if name != "dataset_no"}


def diff_reply(diff: ManifestDiff) -> DiffReply:
    """What changed, the first of each kind by name."""
    kinds = ("added", "removed", "relabelled", "moved", "newly_quarantined", "released")
    return DiffReply(
        counts={kind: len(getattr(diff, kind)) for kind in kinds},
        recipe=diff.recipe,
        added=[_named(item) for item in diff.added[:MAX_CHANGES]],
        removed=[_named(item) for item in diff.removed[:MAX_CHANGES]],
        relabelled=[_changed(*pair) for pair in diff.relabelled[:MAX_CHANGES]],
        moved=[_changed(*pair) for pair in diff.moved[:MAX_CHANGES]],
        newly_quarantined=[_named(bad) for bad in diff.newly_quarantined[:MAX_CHANGES]],
        released=[_named(bad) for bad in diff.released[:MAX_CHANGES]],
    )


def rebuild_reply(rebuilt: Rebuilt) -> RebuildReply:
    """What came of making a version again."""
    return RebuildReply(
        version_id=rebuilt.version_id,
        is_whole=not rebuilt.missing and not rebuilt.altered,
        num_pictures=rebuilt.num_pictures,
        missing=list(rebuilt.missing[:MAX_CHANGES]),
        altered=list(rebuilt.altered[:MAX_CHANGES]),
        tree_sha256=rebuilt.tree_sha256,
        is_same_today=rebuilt.changes is None,
        changes=None if rebuilt.changes is None else diff_reply(rebuilt.changes),
    )


def _named(one: DatasetItem | QuarantinedPicture) -> NamedPicture:
    return NamedPicture(picture=one.picture, source_id=one.source_id, camera_id=one.camera_id)


def _changed(before: DatasetItem, after: DatasetItem) -> ChangedItem:
    return ChangedItem(
        picture=after.picture,
        source_id=after.source_id,
        camera_id=after.camera_id,
        split_before=before.split,
        split_after=after.split,
        boxes=box_changes(before, after),
    )
