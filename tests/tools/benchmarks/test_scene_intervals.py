from collections import Counter

import pytest

from sync.basket_metrics import basket_metrics
from tools.benchmarks.scene_intervals import basket_intervals, cut_interval

TRUTH = [Counter(tea=1), Counter(milk=2), Counter(tea=1, milk=1), Counter(corn=1)] * 5
GUESSES = [Counter(tea=1), Counter(milk=1), Counter(tea=1, milk=1), Counter(tea=1)] * 5


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        pytest.param("ACD", "average_counting_distance", id="ACD"),
        pytest.param("mCCD", "mean_category_counting_distance", id="mCCD"),
        pytest.param("mCIoU", "mean_category_iou", id="mCIoU"),
    ],
)
def test_the_interval_holds_the_figure_it_is_of(name: str, attribute: str) -> None:
    low, high = basket_intervals(GUESSES, TRUTH)[name]
    assert low < getattr(basket_metrics(GUESSES, TRUTH), attribute) < high


def test_what_is_right_in_every_scene_has_no_width() -> None:
    assert basket_intervals(TRUTH, TRUTH)["ACD"] == (0.0, 0.0)
    assert basket_intervals(TRUTH, TRUTH)["mCIoU"] == (1.0, 1.0)


def test_a_cut_is_taken_against_the_camera_that_is_best_in_each_draw() -> None:
    low, high = cut_interval([0, 1] * 10, {"cam0": [2, 2] * 10, "cam1": [9, 9] * 10})
    assert 0.5 < low < 0.75 < high < 1.0


def test_nothing_can_be_cut_where_one_camera_makes_no_error() -> None:
    assert cut_interval([0, 0], {"cam0": [0, 0]}) == (0.0, 0.0)
