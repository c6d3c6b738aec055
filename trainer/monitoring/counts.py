"""Counts of one place over some time, which add up, and windows of enough of them.

Flow: hours of a camera, lane, box, store or ring -> Counts -> windows of at least so many items

Pure. A window never spans two days or two bundles, so that it has one weekday and one model.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sync.recognition_report import NUM_BINS, NUM_FEATURES

FloatArray = NDArray[np.float64]


def _bins() -> FloatArray:
    return np.zeros(NUM_BINS)


def _features() -> FloatArray:
    return np.zeros(NUM_FEATURES)


@dataclass(slots=True)
class Counts:
    """What was seen and sold at one place.

    Attributes:
        num_items: seen by cameras; an item counts once per camera.
        confidence, similarity: float64 (10,), items per bin.
        parents: parent category of the best guess -> items.
        features: float64 (64,), sums of the sketch's features over `num_sketched` items.
        num_pieces: sold; `num_asks` and `num_corrections` are of them.
        num_reports: states of cameras that were told; `num_poor` of them poor or with a condition.
    """

    day: date
    bundle_id: str = ""
    num_baskets: int = 0
    num_items: int = 0
    confidence: FloatArray = field(default_factory=_bins)
    similarity: FloatArray = field(default_factory=_bins)
    parents: Counter[str] = field(default_factory=Counter)
    num_sketched: int = 0
    features: FloatArray = field(default_factory=_features)
    num_pieces: int = 0
    num_asks: int = 0
    num_corrections: int = 0
    num_reports: int = 0
    num_poor: int = 0

    def add(self, other: "Counts") -> None:
        """Take in another hour of the same place."""
        self.num_baskets += other.num_baskets
        self.num_items += other.num_items
        self.confidence = self.confidence + other.confidence
        self.similarity = self.similarity + other.similarity
        self.parents.update(other.parents)
        self.num_sketched += other.num_sketched
        self.features = self.features + other.features
        self.num_pieces += other.num_pieces
        self.num_asks += other.num_asks
        self.num_corrections += other.num_corrections
        self.num_reports += other.num_reports
        self.num_poor += other.num_poor


def total(parts: Iterable[Counts]) -> Counts:
    """The sum; day and bundle are the newest part's."""
    listed = list(parts)
    whole = Counts(listed[-1].day, listed[-1].bundle_id)
    for part in listed:
        whole.add(part)
    return whole


def cut_windows(hours: Iterable[Counts], min_items: int) -> list[Counts]:
    """Windows of at least `min_items` seen or sold, oldest first; what is left over waits.

    Args:
        hours: of one place, in order of time.
    """
    windows: list[Counts] = []
    open_one: Counts | None = None
    for hour in hours:
        if open_one is not None and (hour.day, hour.bundle_id) != (
            open_one.day,
            open_one.bundle_id,
        ):
            open_one = None  # the rest of a day is less than a window
        if open_one is None:
            open_one = Counts(hour.day, hour.bundle_id)
        open_one.add(hour)
        if max(open_one.num_items, open_one.num_pieces) >= min_items:
            windows.append(open_one)
            open_one = None
    return windows
