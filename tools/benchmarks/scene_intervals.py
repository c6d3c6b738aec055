"""How sure figures over whole baskets are: scenes drawn again, with replacement.

Flow: baskets and their truth -> 95 % intervals of ACD, mCCD, mCIoU and of a cut in item errors

A scene is drawn whole, for errors in one basket hang together. Shares of baskets or lines have the
exact interval of intervals.py instead.

Source: percentile bootstrap, Efron 1979, Annals of Statistics 7.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

NUM_DRAWS = 1000
SEED = 7
Interval = tuple[float, float]
FloatArray = NDArray[np.float64]


def resampled(
    statistic: Callable[[FloatArray], float], num_scenes: int, confidence: float = 0.95
) -> Interval:
    """Interval of a statistic.

    Args:
        statistic: of how often each scene was drawn, float64 (N,).
    """
    random = np.random.default_rng(SEED)
    even = np.full(num_scenes, 1 / num_scenes)
    draws = random.multinomial(num_scenes, even, size=NUM_DRAWS).astype(np.float64)
    tail = (1 - confidence) / 2
    low, high = np.quantile([statistic(draw) for draw in draws], [tail, 1 - tail])
    return float(low), float(high)


def basket_intervals(
    guesses: Sequence[Counter[str]], truth: Sequence[Counter[str]]
) -> dict[str, Interval]:
    """Of ACD, mCCD and mCIoU as sync/basket_metrics.py defines them."""
    skus = sorted({sku_id for basket in (*guesses, *truth) for sku_id in basket})
    mine, true = _table(guesses, skus), _table(truth, skus)
    distance = np.abs(mine - true)
    least, most = np.minimum(mine, true), np.maximum(mine, true)
    return {
        "ACD": resampled(lambda w: float(w @ distance.sum(axis=1) / w.sum()), len(truth)),
        "mCCD": resampled(lambda w: _mean_ratio(w @ distance, w @ true), len(truth)),
        "mCIoU": resampled(lambda w: _mean_ratio(w @ least, w @ most), len(truth)),
    }


def cut_interval(fused: Sequence[int], singles: Mapping[str, Sequence[int]]) -> Interval:
    """Of 1 - errors of all cameras / errors of the camera that then is the best.

    Args:
        fused: wrong counts per scene.
        singles: camera -> the same with that camera alone.
    """
    all_errors = np.asarray(fused, dtype=np.float64)
    alone = np.asarray(list(singles.values()), dtype=np.float64)  # (cameras, N)

    def cut(weights: FloatArray) -> float:
        best = float((alone @ weights).min())
        return 1 - float(all_errors @ weights) / best if best else 0.0

    return resampled(cut, len(fused))


def _table(baskets: Sequence[Counter[str]], skus: Sequence[str]) -> FloatArray:
    return np.asarray([[basket[s] for s in skus] for basket in baskets], dtype=np.float64)


def _mean_ratio(part: FloatArray, whole: FloatArray) -> float:
    is_there = whole > 0
    return float((part[is_there] / whole[is_there]).mean()) if is_there.any() else 0.0
