"""Does a bundle see on this box what it saw when it was made: the comparison.

Flow: GoldenSet + what this box found -> SelfTestResult

Pure. Who runs the networks is a process's business (edge/processes/golden_run.py). Another
machine's arithmetic may move a box by a pixel or an unsure look to its twin; neither fails it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sync.boxes import iou_matrix
from sync.golden import GoldenFrame, GoldenSet

MIN_IOU = 0.7  # rounding to whole pixels costs a small box at most a tenth
MAX_MISSED_SHARE = 0.02
MAX_EXTRA_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class FoundItem:
    """One item that this box found in a golden picture."""

    xyxy: tuple[float, float, float, float]
    sku_id: str


@dataclass(frozen=True, slots=True)
class SelfTestResult:
    """How the answers compare.

    Attributes:
        num_items: expected over all golden frames.
        num_missed: not found, or elsewhere.
        num_extra: found where nothing was expected.
        num_other_sku: sure looks that became another SKU.
        num_sure: expected sure looks.
    """

    num_frames: int
    num_items: int
    num_missed: int
    num_extra: int
    num_sure: int
    num_other_sku: int

    @property
    def is_passed(self) -> bool:
        """This box may use the bundle. No golden items prove nothing and pass nothing."""
        return (
            self.num_items > 0
            and self.num_other_sku == 0
            and self.num_missed <= MAX_MISSED_SHARE * self.num_items
            and self.num_extra <= MAX_EXTRA_SHARE * self.num_items
        )

    def summary(self) -> str:
        """One line for a person."""
        return (
            f"{self.num_frames} golden frames: {self.num_items - self.num_missed} of "
            f"{self.num_items} items found, {self.num_extra} extra, "
            f"{self.num_other_sku} of {self.num_sure} sure looks differ"
        )


def compare_golden(golden: GoldenSet, found: Mapping[str, Sequence[FoundItem]]) -> SelfTestResult:
    """Compare this box's answers with the stored ones.

    Args:
        found: picture name -> what this box found there; a missing picture found nothing.
    """
    totals = np.zeros(5, dtype=int)
    for frame in golden.frames:
        totals += _compare_frame(frame, list(found.get(frame.picture, ())))
    items, missed, extra, sure, other = (int(v) for v in totals)
    return SelfTestResult(len(golden.frames), items, missed, extra, sure, other)


def _compare_frame(frame: GoldenFrame, found: list[FoundItem]) -> NDArray[np.int_]:
    expected = np.asarray([item.xyxy for item in frame.items], dtype=np.float32).reshape(-1, 4)
    seen = np.asarray([item.xyxy for item in found], dtype=np.float32).reshape(-1, 4)
    overlaps = iou_matrix(expected, seen)
    free = set(range(len(found)))
    missed = other = 0
    for row, item in enumerate(frame.items):
        best = max(free, key=lambda k: float(overlaps[row, k]), default=None)
        if best is None or overlaps[row, best] < MIN_IOU:
            missed += 1
            continue
        free.discard(best)
        other += item.is_sure and found[best].sku_id != item.sku_id
    sure = sum(item.is_sure for item in frame.items)
    return np.asarray([len(frame.items), missed, len(free), sure, other], dtype=int)
