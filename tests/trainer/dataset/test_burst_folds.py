import numpy as np
import pytest

from trainer.dataset.burst_folds import NEVER, FloatArray, IntArray, bursts_of, folds_of


@pytest.fixture
def labels() -> IntArray:
    """Two classes of three bursts of four, and one class that is a single burst."""
    return np.repeat([0, 1, 2], [12, 12, 4])


@pytest.fixture
def features(labels: IntArray) -> FloatArray:
    random = np.random.default_rng(0)
    centres = random.normal(size=(7, 32))
    return (np.repeat(centres, 4, axis=0) + 0.05 * random.normal(size=(28, 32))).astype(np.float32)


def test_photographs_that_look_alike_are_one_burst(features: FloatArray, labels: IntArray) -> None:
    assert bursts_of(features, labels).tolist() == np.repeat(np.arange(7), 4).tolist()


def test_alike_photographs_of_two_classes_are_two_bursts(features: FloatArray) -> None:
    assert len(set(bursts_of(features[:4], np.asarray([0, 0, 1, 1])).tolist())) >= 2


def test_a_burst_is_never_cut_and_a_class_of_one_burst_never_judged(
    features: FloatArray, labels: IntArray
) -> None:
    bursts = bursts_of(features, labels)
    folds = folds_of(bursts, labels, 3)
    assert len({*zip(bursts.tolist(), folds.tolist(), strict=True)}) == 7
    assert set(folds[:12].tolist()) == {0, 1, 2}
    assert set(folds[24:].tolist()) == {NEVER}
