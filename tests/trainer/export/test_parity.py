import numpy as np
import pytest

from sync.gallery import unit_rows
from trainer.export.parity import detector_parity, embedder_parity


def test_equal_embeddings_pass() -> None:
    rows = unit_rows(np.random.default_rng(0).normal(size=(50, 8)))
    labels = np.arange(50) % 5
    report = embedder_parity(rows, rows, rows[:5], labels)
    assert report.agreement == 1.0
    assert report.passed


def test_a_file_that_chooses_other_skus_fails() -> None:
    gallery = np.eye(4, dtype=np.float32)
    labels = np.arange(40) % 4
    reference = gallery[labels]
    candidate = gallery[(labels + (np.arange(40) < 8)) % 4]
    report = embedder_parity(reference, candidate, gallery, labels)
    assert report.agreement == pytest.approx(0.8)
    assert not report.passed


def test_a_few_flips_that_cost_no_accuracy_pass() -> None:
    gallery = np.eye(4, dtype=np.float32)
    labels = np.arange(200) % 4
    reference, candidate = gallery[labels].copy(), gallery[labels].copy()
    reference[0], candidate[1] = gallery[3], gallery[3]  # each wrong once, elsewhere
    assert embedder_parity(reference, candidate, gallery, labels).passed


@pytest.mark.parametrize(
    ("candidate_ap50", "passed"),
    [pytest.param(0.895, True, id="within the limit"), pytest.param(0.88, False, id="too low")],
)
def test_a_detector_may_lose_one_point_of_ap50(candidate_ap50: float, passed: bool) -> None:
    boxes = [np.asarray([[0, 0, 10, 10]], dtype=np.float32)]
    assert detector_parity(boxes, boxes, 0.9, candidate_ap50).passed is passed


def test_agreement_counts_boxes_that_both_find() -> None:
    both = np.asarray([[0, 0, 10, 10], [40, 40, 60, 60]], dtype=np.float32)
    report = detector_parity([both], [both[:1]], 0.9, 0.9)
    assert report.agreement == pytest.approx(2 / 3)
