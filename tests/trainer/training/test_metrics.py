import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.training.metrics import PictureResult, detection_metrics, recall_at_k, top1_accuracy


def boxes(*rows: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.asarray(rows, dtype=np.float32).reshape(-1, 4)


def scores(*values: float) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


A, B = (0.0, 0.0, 10.0, 10.0), (50.0, 50.0, 60.0, 60.0)
NOWHERE = (200.0, 200.0, 210.0, 210.0)


def test_perfect_detections_have_full_marks() -> None:
    result = PictureResult(boxes(A, B), scores(0.9, 0.8), boxes(A, B), boxes())
    metrics = detection_metrics([result])
    assert metrics.ap50 == pytest.approx(1.0)
    assert metrics.ap == pytest.approx(1.0)
    assert metrics.recall_at_100 == 1.0


def test_a_wrong_box_above_the_right_ones_halves_early_precision() -> None:
    result = PictureResult(boxes(NOWHERE, A, B), scores(0.9, 0.8, 0.7), boxes(A, B), boxes())
    # precision after each hit is 1/2 and 2/3; interpolated both are 2/3
    assert detection_metrics([result]).ap50 == pytest.approx(2 / 3, abs=1e-6)


def test_a_second_box_on_the_same_item_is_wrong() -> None:
    result = PictureResult(boxes(A, A), scores(0.9, 0.8), boxes(A), boxes())
    twice = PictureResult(boxes(A, A), scores(0.9, 0.95), boxes(A, B), boxes())
    assert detection_metrics([result]).ap50 == pytest.approx(1.0)
    assert detection_metrics([twice]).recall_at_100 == 0.5


def test_a_box_in_an_ignored_region_is_neither_right_nor_wrong() -> None:
    region = boxes((190.0, 190.0, 220.0, 220.0))
    result = PictureResult(boxes(NOWHERE, A), scores(0.9, 0.8), boxes(A), region)
    assert detection_metrics([result]).ap50 == pytest.approx(1.0)


def test_a_loose_box_counts_at_half_but_not_at_three_quarters() -> None:
    loose = (0.0, 0.0, 10.0, 15.0)  # IoU 0.667 with A
    result = PictureResult(boxes(loose), scores(0.9), boxes(A), boxes())
    metrics = detection_metrics([result])
    assert metrics.ap50 == pytest.approx(1.0)
    assert metrics.ap == pytest.approx(0.4)  # thresholds 0.50, 0.55, 0.60, 0.65 of ten


def test_nothing_found_is_no_marks_and_no_error() -> None:
    result = PictureResult(boxes(), scores(), boxes(A), boxes())
    assert detection_metrics([result]).ap50 == 0.0


def test_recall_counts_neighbours_of_the_same_label() -> None:
    rows = np.asarray([[1, 0], [0.99, 0.1], [0, 1], [0.1, -0.99]], dtype=np.float32)
    assert recall_at_k(rows, np.asarray([0, 0, 1, 1]), k=1) == 0.5


def test_top1_is_the_share_of_right_best_columns() -> None:
    similar = np.asarray([[0.9, 0.1], [0.2, 0.3], [0.6, 0.5]], dtype=np.float32)
    assert top1_accuracy(similar, np.asarray([0, 1, 1])) == pytest.approx(2 / 3)
