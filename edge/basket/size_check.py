"""What the measured size of an item says about which of several look-alikes it is.

Flow: Place measured by two or more cameras, sizes of SKUs -> log-likelihood of each SKU

A small and a large bottle of the same water look alike in every crop; on the counter plane one is
taller and wider. Pure. It weighs members of one family against each other, and whatever the looks
are torn between (sugar and milk, from behind): between products that look different the picture is
the better witness. How far off fusion measures was found on 200 rendered validation scenes (README,
decisions).
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.basket.basket_events import Place
from sync.decision import SkuScores

SizeCm = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Gauge:
    """How a pose is measured: bias and spread of the logarithm of height and of extent."""

    height_bias: float
    height_sigma: float
    spread_bias: float
    spread_sigma: float


STANDING = Gauge(0.0, 0.16, 0.0, 0.25)  # fusion knows heights in steps of 15 to 20 %
TALL = Gauge(-0.10, 0.12, -0.12, 0.20)  # bottles: narrow where the cameras see most of them
LYING = Gauge(0.0, 0.40, 0.0, 0.15)  # a low height is hardly measured, the extent is
TALL_ASPECT = 2.0  # height over the longer side of the footprint
USUAL_SIGMAS = STANDING.height_sigma * STANDING.spread_sigma
MAX_EVIDENCE = 3.0  # nats; a size alone never turns a sure look around
LEAST_FIT = -2.0  # nats; what explains no member well was measured wrongly
TORN_NATS = 2.5  # products no farther apart than this are contenders, of whatever family
MIN_CAMERAS = 2  # one camera cannot tell near and small from far and large


def size_log_likelihood(place: Place, size_cm: SizeCm) -> float:
    """How well an SKU of this size explains the place, in nats up to a constant.

    The best of the three ways it can lie. An item turned by an unknown angle spreads, in the
    diagonal of its extents, between the diagonal of its footprint and the sum of its sides.

    Args:
        place: extents along the counter's axes and height, cm, all above 0.
        size_cm: the three sides of the SKU, in any order.
    """
    spread = math.hypot(place.width_cm, place.depth_cm)
    return max(
        _one_pose(spread, place.height_cm, footprint, height)
        for height, footprint in _poses(size_cm)
    )


def weigh_by_size(
    scores: SkuScores,
    place: Place,
    num_cameras: int,
    sizes: Mapping[str, SizeCm],
    family_of: Mapping[str, str],
) -> SkuScores:
    """Scores with the measured size counted in, for the best SKU's family and near rivals.

    Unchanged where fewer than MIN_CAMERAS measured it, a size is not known, or none fits.
    """
    best = scores.sku_ids[0]
    if num_cameras < MIN_CAMERAS or min(place.width_cm, place.height_cm) <= 0:
        return scores
    members = _contenders(scores, sizes, family_of)
    if best not in members or len(members) < 2:
        return scores
    fits = {s: size_log_likelihood(place, sizes[s]) for s in members}
    top = max(fits.values())
    if top < LEAST_FIT:
        return scores
    evidence = {s: max(fit - top, -MAX_EVIDENCE) for s, fit in fits.items()}
    return _with_evidence(scores, evidence)


def _contenders(
    scores: SkuScores, sizes: Mapping[str, SizeCm], family_of: Mapping[str, str]
) -> list[str]:
    """SKUs of known size between which the looks are torn, or that are of the best one's family."""
    best = scores.sku_ids[0]
    family = family_of.get(best)
    least = scores.log_probs[0] - TORN_NATS
    return [
        sku_id
        for sku_id, log_prob in zip(scores.sku_ids, scores.log_probs, strict=True)
        if sku_id in sizes
        and (log_prob >= least or (family is not None and family_of.get(sku_id) == family))
    ]


def _poses(size_cm: SizeCm) -> list[tuple[float, tuple[float, float]]]:
    return [(size_cm[i], (size_cm[i - 1], size_cm[i - 2])) for i in range(3)]


def _one_pose(
    spread: float, height: float, footprint: tuple[float, float], true_height: float
) -> float:
    gauge = _gauge(footprint, true_height)
    spread = max(spread, 0.1) * math.exp(-gauge.spread_bias)
    nearest = min(max(spread, math.hypot(*footprint)), sum(footprint))
    off_height = (math.log(height / true_height) - gauge.height_bias) / gauge.height_sigma
    off_spread = math.log(spread / nearest) / gauge.spread_sigma
    density = math.log(gauge.height_sigma * gauge.spread_sigma / USUAL_SIGMAS)
    return -0.5 * (off_height**2 + off_spread**2) - density


def _gauge(footprint: tuple[float, float], height: float) -> Gauge:
    if height > TALL_ASPECT * max(footprint):
        return TALL
    return STANDING if height >= max(footprint) else LYING


def _with_evidence(scores: SkuScores, evidence: Mapping[str, float]) -> SkuScores:
    """Add nats to some SKUs; their summed probability stays what the looks said."""
    before = dict(zip(scores.sku_ids, scores.log_probs, strict=True))
    raised = {s: before[s] + nats for s, nats in evidence.items()}
    shift = _log_sum([before[s] for s in evidence]) - _log_sum(list(raised.values()))
    after = before | {s: value + shift for s, value in raised.items()}
    order = sorted(after, key=lambda s: -after[s])
    return dataclasses.replace(
        scores, sku_ids=tuple(order), log_probs=tuple(after[s] for s in order)
    )


def _log_sum(values: Sequence[float]) -> float:
    peak = max(values)
    return peak + math.log(sum(math.exp(v - peak) for v in values))
