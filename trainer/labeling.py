"""What to label next, whether two people said the same, and how well somebody labels.

Flow: waiting cases -> ranked by value and diversity -> answers -> agreement -> labels

Pure: no database, no clock. Of the cases that the box could tell by a wide margin none is asked
while others wait. A case is worth its value, and less with every case like it that was shown
lately: same pair of look-alikes, same SKU, same store, same reason; and less the nearer it is to
one of those by what the box took its items for, so that the next one is the farthest (greedy
k-center). Agreement is by place and by name: boxes of two answers are paired by overlap, then
their labels are compared.

Source: Sener, Savarese 2018, "Active Learning for CNNs: A Core-Set Approach", arXiv:1708.00489;
distances here are of the box's own guesses (Hellinger), which come with a case, not of embeddings.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sync.boxes import iou_matrix
from sync.hard_case import CaseReason, HardCase

LabelKind = Literal["sku", "not_item", "unknown"]

MATCH_IOU = 0.5  # two boxes that overlap this much are about the same item
SECOND_SHARE = 10  # every tenth case is answered twice, whoever answered first (by its id)
GOLD_SHARE = 15  # about every fifteenth case shown is a gold question, where there are any
# How much one earlier case of the same kind lowers the worth of another.
REPEAT_WEIGHT = {"pair": 1.0, "sku": 0.5, "store": 0.1, "reason": 0.1}
WIDE_MARGIN = 500  # per mille between the best two guesses: the box can tell without anybody
NEAREST_SHARE = 0.2  # what a case keeps of its worth when one with the same guesses was shown

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Label:
    """One box as a person left it; whole pixels of the redacted picture."""

    item_id: str
    xyxy: tuple[int, int, int, int]
    kind: LabelKind
    sku_id: str = ""

    @property
    def name(self) -> str:
        """What is compared: the SKU, or the kind."""
        return self.sku_id if self.kind == "sku" else f"<{self.kind}>"


Labels = dict[str, tuple[Label, ...]]  # camera -> boxes


@dataclass(frozen=True, slots=True)
class WaitingCase:
    """A case in the queue, as the ranking sees it.

    Attributes:
        traits: what makes it like another: ("pair", "milk|milk_low"), ("store", "s1"), ...
        guesses: what the box took its items for: roots of shares, together of length 1.
        is_plain: it is here for being uncertain, and the box tells every item by a wide margin.
    """

    case_id: str
    value: int
    traits: tuple[tuple[str, str], ...]
    guesses: Mapping[str, float] = field(default_factory=dict)
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class ReviewerStats:
    """How somebody labels."""

    num_answers: int
    num_boxes: int
    median_seconds: float
    num_gold: int
    num_gold_right: int
    num_compared: int
    num_agreed: int


def traits_of(case: HardCase, store_id: str) -> tuple[tuple[str, str], ...]:
    """What makes a case like another one."""
    pairs: set[str] = set()
    skus: set[str] = set()
    for picture in case.pictures:
        for item in picture.items:
            best = [sku_id for sku_id, _ in item.guesses[:2]]
            skus.update(best[:1])
            if len(best) == 2:
                pairs.add("|".join(sorted(best)))
    return (
        *(("pair", pair) for pair in sorted(pairs)),
        *(("sku", sku_id) for sku_id in sorted(skus)),
        ("store", store_id),
        ("reason", case.reason.value),
    )


def waiting_case(case: HardCase, value: int, store_id: str) -> WaitingCase:
    """A case as the ranking sees it."""
    items = [item for picture in case.pictures for item in picture.items]
    shares: Counter[str] = Counter()
    for item in items:
        shares.update(dict(item.guesses))
    total = sum(shares.values())
    guesses = {sku_id: math.sqrt(n / total) for sku_id, n in shares.items() if n > 0}
    margins = [_margin([share for _, share in item.guesses[:2]]) for item in items]
    is_plain = case.reason == CaseReason.UNCERTAIN and min(margins, default=0) > WIDE_MARGIN
    return WaitingCase(case.case_id, value, traits_of(case, store_id), guesses, is_plain)


def rank_cases(
    waiting: Sequence[WaitingCase], recent: Iterable[WaitingCase], count: int
) -> list[WaitingCase]:
    """The next cases, best first: valuable, unlike those that were shown, far from each of them.

    Args:
        waiting: those with the highest value; a few hundred are enough.
        recent: cases shown lately, whose like teaches less.
        count: how many to choose.
    """
    seen: Counter[tuple[str, str]] = Counter()
    shown = list(recent)
    for case in shown:
        seen.update(case.traits)
    near = {case.case_id: _nearest(case, shown) for case in waiting}
    left = list(waiting)
    chosen: list[WaitingCase] = []

    def place(case: WaitingCase) -> tuple[bool, float, int, str]:
        far = max(NEAREST_SHARE, 1.0 - near[case.case_id])
        return not case.is_plain, worth(case, seen) * far, case.value, case.case_id

    while left and len(chosen) < count:
        best = max(left, key=place)
        left.remove(best)
        chosen.append(best)
        seen.update(best.traits)
        near |= {c.case_id: max(near[c.case_id], _nearest(c, [best])) for c in left}
    return chosen


def worth(case: WaitingCase, seen: Counter[tuple[str, str]]) -> float:
    """Value, divided by one plus the weighted number of earlier cases like it."""
    repeats = sum(
        REPEAT_WEIGHT[trait[0]] * seen[trait] / max(1, _same_kind(case, trait[0]))
        for trait in case.traits
    )
    return (case.value + 1) / (1.0 + repeats)


def is_second_wanted(case_id: str, first: Labels, guesses: Labels) -> bool:
    """Whether a second person should look: the first contradicts a sure guess, or by its turn.

    Args:
        guesses: what the box was sure of; a person who says otherwise may be right.
    """
    by_turn = sum(case_id.encode()) % SECOND_SHARE == 0
    return by_turn or bool(disagreements(first, guesses, only_given=True))


def disagreements(one: Labels, other: Labels, *, only_given: bool = False) -> list[str]:
    """Items on which two answers differ, each as `camera/item`.

    Args:
        only_given: ignore boxes that stand in `one` alone.
    """
    found: list[str] = []
    for camera_id in sorted({*one, *other}):
        mine, theirs = list(one.get(camera_id, ())), list(other.get(camera_id, ()))
        for left, right in _paired(mine, theirs):
            if left is None and right is not None and not _is_nothing(right):
                found.append(f"{camera_id}/{right.item_id}")
            elif right is None and left is not None:
                if not only_given and not _is_nothing(left):
                    found.append(f"{camera_id}/{left.item_id}")
            elif left is not None and right is not None and left.name != right.name:
                found.append(f"{camera_id}/{left.item_id}")
    return found


def reviewer_stats(
    seconds: Sequence[float],
    num_boxes: int,
    gold: Sequence[bool],
    compared: Sequence[bool],
) -> ReviewerStats:
    """Counts and the median of the time per case.

    Args:
        gold: per gold question, whether it was right.
        compared: per case that two people answered, whether they agreed.
    """
    return ReviewerStats(
        num_answers=len(seconds),
        num_boxes=num_boxes,
        median_seconds=round(median(seconds), 2) if seconds else 0.0,
        num_gold=len(gold),
        num_gold_right=sum(gold),
        num_compared=len(compared),
        num_agreed=sum(compared),
    )


def _nearest(case: WaitingCase, shown: Iterable[WaitingCase]) -> float:
    """How like the likest of these its guesses are: 0 nothing in common, 1 the same."""
    return max(
        (sum(share * other.guesses.get(sku_id, 0.0) for sku_id, share in case.guesses.items())
         for other in shown),
        default=0.0,
    )  # fmt: skip


def _margin(shares: Sequence[int]) -> int:
    """Between the best two; an item that the box has no guess for is as close as can be."""
    return shares[0] - shares[1] if len(shares) == 2 else (shares[0] if shares else 0)


def _same_kind(case: WaitingCase, kind: str) -> int:
    return sum(1 for name, _ in case.traits if name == kind)


def _is_nothing(label: Label) -> bool:
    """A box that says there is no item is the same as no box."""
    return label.kind == "not_item"


def _paired(mine: list[Label], theirs: list[Label]) -> list[tuple[Label | None, Label | None]]:
    """Boxes of two answers, the most overlapping first; the rest stand alone."""
    pairs: list[tuple[Label | None, Label | None]] = []
    left, right = set(range(len(mine))), set(range(len(theirs)))
    if mine and theirs:
        overlap = iou_matrix(_boxes(mine), _boxes(theirs))
        order = np.argsort(-overlap, axis=None)
        for place in order:
            i, j = (int(v) for v in np.unravel_index(place, overlap.shape))
            if overlap[i, j] < MATCH_IOU:
                break
            if i in left and j in right:
                pairs.append((mine[i], theirs[j]))
                left.discard(i)
                right.discard(j)
    pairs += [(mine[i], None) for i in sorted(left)]
    return pairs + [(None, theirs[j]) for j in sorted(right)]


def _boxes(labels: list[Label]) -> FloatArray:
    return np.asarray([label.xyxy for label in labels], dtype=np.float32)
