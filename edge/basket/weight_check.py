"""Whether the weight on the counter fits the basket, and which SKU a difference looks like.

Flow: SKUs that lie on the counter, a stable weight -> WeightVerdict

Legal metrology: a weight that a price rests on comes from the sealed scale (edge/devices), never
from here; this only checks. Pure. An SKU without expected weight makes the check silent, not wrong.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sync.catalog import Sku

NOTICE_MISMATCH = "weight.mismatch"
SCALE_TOLERANCE_G = 5.0  # two divisions of a 15 kg counter scale
MAX_SUSPECTS = 4


class WeightState(StrEnum):
    """What the weight says."""

    FITS = "fits"
    TOO_HEAVY = "too_heavy"
    TOO_LIGHT = "too_light"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class WeightVerdict:
    """The state and what explains it.

    Attributes:
        difference_g: measured less expected; 0 where silent.
        tolerance_g: within which it would fit.
        suspects: SKUs whose weight is the difference: too many on the counter or not charged
            (too heavy), charged but not there (too light). Best first.
    """

    state: WeightState
    difference_g: float = 0.0
    tolerance_g: float = 0.0
    suspects: tuple[str, ...] = ()


def check_weight(
    measured_g: int,
    on_counter: Counter[str],
    skus: Mapping[str, Sku],
    weighed_g: Sequence[int] = (),
) -> WeightVerdict:
    """Compare a stable weight with what should lie there.

    Args:
        measured_g: gross weight of the counter.
        on_counter: SKU -> pieces of it that lie on the counter now.
        weighed_g: weights of the weighed lines that lie there.
    """
    pieces = [skus[sku_id] for sku_id in on_counter.elements() if sku_id in skus]
    if len(pieces) < on_counter.total() or any(p.expected_weight_g is None for p in pieces):
        return WeightVerdict(WeightState.SILENT)
    expected = sum(p.expected_weight_g or 0.0 for p in pieces) + sum(weighed_g)
    # Pack weights scatter independently, so their tolerances add as squares.
    scatter = sum(p.weight_tolerance_g**2 for p in pieces) ** 0.5
    tolerance = SCALE_TOLERANCE_G + scatter
    difference = measured_g - expected
    if abs(difference) <= tolerance:
        return WeightVerdict(WeightState.FITS, difference, tolerance)
    if difference > 0:
        suspects = _of_weight(difference, skus.values(), tolerance)
        return WeightVerdict(WeightState.TOO_HEAVY, difference, tolerance, suspects)
    there = {piece.sku_id: piece for piece in pieces}
    suspects = _of_weight(-difference, there.values(), tolerance)
    return WeightVerdict(WeightState.TOO_LIGHT, difference, tolerance, suspects)


def candidates_by_weight(
    candidates: Sequence[str], weight_g: int, skus: Mapping[str, Sku]
) -> tuple[str, ...]:
    """Of look-alikes, those whose expected weight allows `weight_g`; unknown weights stay in."""
    return tuple(sku_id for sku_id in candidates if _is_possible(skus.get(sku_id), weight_g))


def _is_possible(sku: Sku | None, weight_g: int) -> bool:
    if sku is None or sku.expected_weight_g is None:
        return True
    return abs(sku.expected_weight_g - weight_g) <= sku.weight_tolerance_g + SCALE_TOLERANCE_G


def _of_weight(weight_g: float, skus: Iterable[Sku], tolerance_g: float) -> tuple[str, ...]:
    """SKUs of about this weight, nearest first."""
    fitting = [
        (abs(sku.expected_weight_g - weight_g), sku.sku_id)
        for sku in skus
        if sku.expected_weight_g is not None
        and abs(sku.expected_weight_g - weight_g) <= sku.weight_tolerance_g + tolerance_g
    ]
    return tuple(sku_id for _, sku_id in sorted(fitting)[:MAX_SUSPECTS])
