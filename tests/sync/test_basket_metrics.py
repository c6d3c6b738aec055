"""The four figures of a set of baskets."""

from collections import Counter

import pytest

from sync.basket_metrics import basket_metrics


def test_right_baskets_are_perfect() -> None:
    truth = [Counter(a=2, b=1), Counter(c=1)]
    metrics = basket_metrics(truth, truth)
    assert metrics.checkout_accuracy == 1
    assert metrics.average_counting_distance == 0
    assert metrics.mean_category_iou == 1


def test_the_formulas_on_a_basket_counted_by_hand() -> None:
    metrics = basket_metrics([Counter(a=1, b=1), Counter(c=1)], [Counter(a=2), Counter(c=1)])
    assert metrics.checkout_accuracy == 0.5
    assert metrics.average_counting_distance == 1.0
    assert metrics.mean_category_counting_distance == pytest.approx((1 / 2 + 0) / 2)
    assert metrics.mean_category_iou == pytest.approx((1 / 2 + 0 + 1) / 3)


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(ValueError, match="0 baskets against 0"):
        basket_metrics([], [])
