"""Confidence bounds of a mean over clustered pairs, and how many more pairs a decision needs.

Pure arithmetic, no scipy. Baskets of one store and day resemble each other, so the spread is taken
between clusters. Where hardly anything differs, the usual spread says nothing; then the rule of
three (-ln(alpha) / n for n pairs without a loss) holds, which is built in as pseudo losses.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
MAX_PAIRS = 10_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with one-sided bounds, each wrong with probability alpha at most.

    Attributes:
        variance: of one pair, grown by how alike the pairs of a cluster are.
        pseudo_losses: what is added to the squared sum against too little spread.
    """

    mean: float
    lower: float
    upper: float
    num_pairs: int
    num_clusters: int
    variance: float
    pseudo_losses: float
    quantile: float


def clustered_interval(
    differences: FloatArray, clusters: Sequence[str], alpha: float
) -> Interval | None:
    """Bounds of the mean difference; None below two clusters.

    Args:
        differences: float64 (N,), in [-1, 1].
        clusters: the cluster of each pair.

    Source: cluster-robust variance, Liang and Zeger 1986, with the C / (C - 1) correction and
    Student's t on C - 1 degrees of freedom (Cameron and Miller 2015, section VI).
    """
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    num_clusters, num_pairs = len(names), len(differences)
    if num_clusters < 2:
        return None
    mean = float(differences.mean())
    sums = np.bincount(place, weights=differences - mean, minlength=num_clusters)
    spread = num_clusters / (num_clusters - 1) * float((sums**2).sum())
    quantile = student_quantile(1 - alpha, num_clusters - 1)
    pseudo = (-math.log(alpha) / quantile) ** 2
    half = quantile * math.sqrt(spread + pseudo) / num_pairs
    return Interval(
        mean=mean,
        lower=mean - half,
        upper=mean + half,
        num_pairs=num_pairs,
        num_clusters=num_clusters,
        variance=spread / num_pairs,
        pseudo_losses=pseudo,
        quantile=quantile,
    )


def pairs_needed(interval: Interval, margin: float, power: float) -> int:
    """How many pairs decide, with this power, that nothing is lost beyond the margin.

    Planned for the difference seen so far where that is a loss, but for no less than half of the
    margin: nobody can label without end.
    """
    room = max(margin + min(0.0, interval.mean), margin / 2)
    power_quantile = student_quantile(power, 10_000)
    enough = 1
    while _half_width(interval, enough, power_quantile) > room and enough < MAX_PAIRS:
        enough *= 2
    low, high = enough // 2, enough
    while high - low > 1:
        middle = (low + high) // 2
        if _half_width(interval, middle, power_quantile) > room:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=256)
def student_quantile(p: float, degrees: int) -> float:
    """Quantile of Student's t for p in (0.5, 1), by bisection on the distribution function."""
    low, high = 0.0, 1.0
    while student_cdf(high, degrees) < p:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        if student_cdf(middle, degrees) < p:
            low = middle
        else:
            high = middle
    return high


def student_cdf(t: float, degrees: int) -> float:
    """Distribution function of Student's t at t >= 0.

    Source: incomplete beta function, Abramowitz and Stegun 26.7.1 and 26.5.8.
    """
    x = degrees / (degrees + t * t)
    return 1 - 0.5 * _incomplete_beta(degrees / 2, 0.5, x)


def _half_width(interval: Interval, num_pairs: int, power_quantile: float) -> float:
    own = interval.variance / num_pairs
    floor = interval.pseudo_losses / num_pairs**2
    return interval.quantile * math.sqrt(own + floor) + power_quantile * math.sqrt(own)


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        + a * math.log(x) + b * math.log1p(-x)
    )  # fmt: skip
    return math.exp(log_front) / a / _continued_fraction(a, b, x)


def _continued_fraction(a: float, b: float, x: float) -> float:
    """The fraction of A&S 26.5.8, evaluated by the modified Lentz method."""
    tiny, fraction, c, d = 1e-300, 1.0, 1.0, 0.0
    for i in range(1, 500):
        m = i // 2
        if i % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d or tiny)
        c = 1 + term / c or tiny
        fraction *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return fraction
