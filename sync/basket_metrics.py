"""How right a set of baskets is: cAcc, ACD, mCCD, mCIoU.

Source: retail_product_checkout_tools, rpctool/evaluate_v1/evaluate.py (Wei et al. 2019,
arXiv:1901.07249). A class that never occurs is left out of mCCD, where the original divides by
zero.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BasketMetrics:
    """Four figures over a set of baskets.

    Attributes:
        checkout_accuracy: share of baskets with every count right (cAcc), in [0, 1].
        average_counting_distance: wrong counts per basket (ACD).
        mean_category_counting_distance: wrong counts per true count and class (mCCD).
        mean_category_iou: similarity of the lists (mCIoU), in [0, 1].
        num_baskets: how many were compared.
    """

    checkout_accuracy: float
    average_counting_distance: float
    mean_category_counting_distance: float
    mean_category_iou: float
    num_baskets: int


def basket_metrics(
    predicted: Sequence[Counter[str]], truth: Sequence[Counter[str]]
) -> BasketMetrics:
    """Compare predicted with true baskets, pairwise.

    Args:
        predicted: SKU -> count per basket.
        truth: the same for the truth.

    Raises:
        ValueError: lengths differ or nothing to compare.

    Source: Wei et al. 2019, arXiv:1901.07249, section 4.
    """
    if len(predicted) != len(truth) or not truth:
        raise ValueError(f"{len(predicted)} baskets against {len(truth)} true ones")
    distance: Counter[str] = Counter()
    total: Counter[str] = Counter()
    shared: Counter[str] = Counter()
    either: Counter[str] = Counter()
    num_exact = 0
    for guess, true in zip(predicted, truth, strict=True):
        keys = set(guess) | set(true)
        wrong = {k: abs(guess[k] - true[k]) for k in keys}
        num_exact += not any(wrong.values())
        distance.update(wrong)
        total.update(true)
        shared.update({k: min(guess[k], true[k]) for k in keys})
        either.update({k: max(guess[k], true[k]) for k in keys})
    classes = [k for k in total if total[k] > 0]
    seen = [k for k in either if either[k] > 0]
    return BasketMetrics(
        checkout_accuracy=num_exact / len(truth),
        average_counting_distance=sum(distance.values()) / len(truth),
        mean_category_counting_distance=sum(distance[k] / total[k] for k in classes)
        / max(len(classes), 1),
        mean_category_iou=sum(shared[k] / either[k] for k in seen) / max(len(seen), 1),
        num_baskets=len(truth),
    )
