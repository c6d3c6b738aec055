"""From candidates to a version: judged, split, guarded against near-duplicates.

Flow: Candidates -> reasons -> split by store, day and basket -> guard -> DatasetManifest

Pure. A split is drawn from the hash of its group, so a picture keeps its split when others come. A
picture that looks like one of a more guarded split (test before validation before train) leaves,
whatever its group; so no two near-duplicates stand in different splits.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from trainer.dataset.manifest import DatasetItem, DatasetManifest, QuarantinedPicture, Split
from trainer.dataset.near_duplicates import hashes_from, near_any
from trainer.dataset.quality import (
    DUPLICATE,
    NEAR_DUPLICATE,
    RARE_SKU,
    Candidate,
    QualityRules,
    rare_skus,
    reasons_for,
)

GroupBy = Literal["basket", "day", "store"]
MOST_GUARDED_FIRST: tuple[Split, ...] = ("test", "validation", "train")
NUM_TICKETS = 10_000


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How pictures are split.

    Attributes:
        by: what stays together: a basket, a store's day, or a whole store.
        seed: another one draws another split.
    """

    by: GroupBy = "day"
    validation_percent: int = 10
    test_percent: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        shares = (self.validation_percent, self.test_percent)
        if min(shares) < 0 or sum(shares) > 90:
            raise ValueError(f"validation and test take {shares} %; at most 90 together")

    def recipe(self) -> dict[str, str]:
        """As the recipe of a version names it."""
        return {f"split.{name}": str(value) for name, value in asdict(self).items()}

    def split_of(self, candidate: Candidate) -> Split:
        """Photos of an onboarding teach; the rest is drawn by the hash of its group."""
        if candidate.source == "onboarding":
            return "train"
        group = f"{self.seed}|{self.group_of(candidate)}".encode()
        ticket = int.from_bytes(hashlib.sha256(group).digest()[:8], "big") % NUM_TICKETS
        if ticket < 100 * self.test_percent:
            return "test"
        is_validation = ticket < 100 * (self.test_percent + self.validation_percent)
        return "validation" if is_validation else "train"

    def group_of(self, candidate: Candidate) -> str:
        """What it stays together with."""
        parts = [candidate.store_id, candidate.day, candidate.basket_id or candidate.source_id]
        kept = {"store": 1, "day": 2, "basket": 3}[self.by]
        return "|".join(parts[:kept])


def assemble(
    name: str,
    candidates: Sequence[Candidate],
    *,
    rules: QualityRules,
    rule: SplitRule,
    known_skus: Collection[str],
    blind_baskets: Collection[str],
    filters: Mapping[str, str],
) -> DatasetManifest:
    """A version of what there is.

    Args:
        blind_baskets: baskets that were recorded whole: the blind set is made of these.
        filters: what chose the candidates, for the recipe.
    """
    reasons: dict[tuple[str, str, str], tuple[str, ...]] = {}
    good: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: c.key):
        broken = reasons_for(candidate, rules, known_skus=known_skus, blind_baskets=blind_baskets)
        if broken:
            reasons[candidate.key] = broken
        else:
            good.append(candidate)
    rare = rare_skus(good, rules)
    named_rare = [c for c in good if any(box.sku_id in rare for box in c.boxes)]
    reasons.update({c.key: (RARE_SKU,) for c in named_rare})
    good = [c for c in good if c.key not in reasons]
    drawn = {c.key: rule.split_of(c) for c in good}
    reasons.update(_duplicates(good, drawn))
    good = [c for c in good if c.key not in reasons]
    reasons.update(_near_duplicates(good, drawn, rules.near_duplicate_bits))
    return DatasetManifest(
        name=name,
        recipe={**filters, **rules.recipe(), **rule.recipe()},
        items=tuple(_item(c, drawn[c.key]) for c in good if c.key not in reasons),
        quarantined=tuple(_bad(c, reasons[c.key]) for c in candidates if c.key in reasons),
    )


def _duplicates(
    good: Sequence[Candidate], drawn: Mapping[tuple[str, str, str], Split]
) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """The same JPEG twice: the one in the most guarded split stays."""
    order = {split: place for place, split in enumerate(MOST_GUARDED_FIRST)}
    kept: set[str] = set()
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for candidate in sorted(good, key=lambda c: (order[drawn[c.key]], c.key)):
        if candidate.facts.picture in kept:
            found[candidate.key] = (DUPLICATE,)
        kept.add(candidate.facts.picture)
    return found


def _near_duplicates(
    good: Sequence[Candidate], drawn: Mapping[tuple[str, str, str], Split], max_bits: int
) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Pictures that look like one of a more guarded split."""
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    guarded: list[Candidate] = []
    for split in MOST_GUARDED_FIRST:
        mine = [c for c in good if drawn[c.key] == split]
        near = near_any(
            hashes_from(c.facts for c in mine), hashes_from(c.facts for c in guarded), max_bits
        )
        found.update(
            {c.key: (NEAR_DUPLICATE,) for c, is_near in zip(mine, near, strict=True) if is_near}
        )
        guarded += [c for c, is_near in zip(mine, near, strict=True) if not is_near]
    return found


def _item(candidate: Candidate, split: Split) -> DatasetItem:
    return DatasetItem(
        picture=candidate.facts.picture,
        width=candidate.facts.width,
        height=candidate.facts.height,
        store_id=candidate.store_id,
        box_id=candidate.box_id,
        lane_id=candidate.lane_id,
        camera_id=candidate.camera_id,
        basket_id=candidate.basket_id,
        day=candidate.day,
        source=candidate.source,
        source_id=candidate.source_id,
        split=split,
        boxes=tuple(sorted(candidate.boxes, key=lambda b: (b.xyxy, b.sku_id))),
    )


def _bad(candidate: Candidate, reasons: tuple[str, ...]) -> QuarantinedPicture:
    return QuarantinedPicture(
        picture=candidate.facts.picture,
        source=candidate.source,
        source_id=candidate.source_id,
        camera_id=candidate.camera_id,
        reasons=reasons,
    )
