"""A simulated shop with a daily and a weekly cycle, whose packs change on a given day.

Flow: seed -> hours of Counts, as boxes report them

300 SKUs in 40 parent categories, Zipf sales; each parent has its own weekday and hour profile, so
that a Saturday evening sells other things than a Tuesday morning. What the box sees of an item is
drawn from its SKU: confidence, similarity, a point in the sketch. Reports and arithmetic are the
real ones (sync/recognition_report.py).
"""

from collections import Counter
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from sync.recognition_report import (
    CONFIDENCE_EDGES,
    NUM_BINS,
    SIMILARITY_EDGES,
    SKETCH_DIM,
    SKETCH_SCALE,
    features_of,
)
from trainer.monitoring.counts import Counts

NUM_SKUS = 300
NUM_PARENTS = 40
FIRST_DAY = date(2026, 1, 5)
OPEN_HOURS = 12
ASK_BELOW = 800  # per mille
CORRECTED = 0.004  # of pieces, whatever the box was sure of

FloatArray = NDArray[np.float64]


class DriftShop:
    """One shop."""

    def __init__(
        self, seed: int, baskets_per_day: int = 300, items_per_basket: float = 3.0
    ) -> None:
        """Draw a shop; the same seed is the same shop with the same customers."""
        self._dice = np.random.default_rng(seed)
        self._baskets_per_hour = baskets_per_day / OPEN_HOURS
        self._items_per_basket = items_per_basket
        dice = self._dice
        self._sales = 1.0 / np.arange(1, NUM_SKUS + 1)
        self._parent = dice.integers(0, NUM_PARENTS, NUM_SKUS)
        self._weekdays = dice.lognormal(0.0, 0.5, (7, NUM_PARENTS))
        self._hours = dice.lognormal(0.0, 0.2, (OPEN_HOURS, NUM_PARENTS))
        self._traffic = np.array([0.8, 0.8, 0.9, 1.0, 1.2, 1.5, 0.8])
        self._ease = dice.normal(3.6, 0.8, NUM_SKUS)  # logit of the confidence
        self._nearness = dice.normal(760, 50, NUM_SKUS)
        self._place = dice.normal(0.0, 0.85, (NUM_SKUS, SKETCH_DIM))

    def change_packs(self, share: float) -> float:
        """Other packs for SKUs that make up about a share of the sales; the share it became.

        The old prototypes fit less: confidence, similarity and place of those SKUs move.
        """
        weights, chosen, got = self._sales / self._sales.sum(), [], 0.0
        for sku in self._dice.permutation(NUM_SKUS):
            if got + weights[sku] <= share * 1.1:
                chosen.append(int(sku))
                got += float(weights[sku])
            if got >= share:
                break
        self._ease[chosen] -= 3.0
        self._nearness[chosen] -= 150
        self._place[chosen] += self._dice.normal(0.0, 0.85, (len(chosen), SKETCH_DIM))
        return got

    def days(self, first: int, count: int) -> list[Counts]:
        """Hours of some days, in order; day 0 is a Monday."""
        return [
            self._hour(FIRST_DAY + timedelta(days=number), hour)
            for number in range(first, first + count)
            for hour in range(OPEN_HOURS)
        ]

    def _hour(self, day: date, hour: int) -> Counts:
        dice, weekday = self._dice, day.weekday()
        counts = Counts(day, "b" * 64)
        counts.num_baskets = int(dice.poisson(self._baskets_per_hour * self._traffic[weekday]))
        counts.num_items = int(dice.poisson(self._items_per_basket * counts.num_baskets))
        counts.num_pieces = counts.num_sketched = counts.num_items
        mix = self._sales * (self._weekdays[weekday] * self._hours[hour])[self._parent]
        skus = dice.choice(NUM_SKUS, counts.num_items, p=mix / mix.sum())
        logits = self._ease[skus] + dice.normal(0.0, 1.2, len(skus))
        confidences = 1000.0 / (1.0 + np.exp(-logits))
        similarities = self._nearness[skus] + dice.normal(0.0, 50.0, len(skus))
        points = self._place[skus] + dice.normal(0.0, 0.5, (len(skus), SKETCH_DIM))
        counts.confidence = _histogram(confidences, CONFIDENCE_EDGES)
        counts.similarity = _histogram(similarities, SIMILARITY_EDGES)
        sketches = np.clip(np.rint(points * SKETCH_SCALE), -127, 127).astype(np.int64)
        counts.features = features_of(sketches).sum(axis=0)
        counts.parents = Counter(f"parent-{self._parent[sku]}" for sku in skus)
        counts.num_asks = int((confidences < ASK_BELOW).sum())
        counts.num_corrections = int(dice.binomial(counts.num_pieces, CORRECTED))
        counts.num_reports = 12
        counts.num_poor = int(dice.binomial(12, 0.05))
        return counts


def _histogram(values: FloatArray, edges: tuple[int, ...]) -> FloatArray:
    bins = np.searchsorted(edges, values, side="right")
    return np.bincount(bins, minlength=NUM_BINS).astype(np.float64)
