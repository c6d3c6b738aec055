"""Expected accuracy: what confidences promise, put right by random reviews."""

import numpy as np
import pytest

from sync.recognition_report import NUM_BINS
from trainer.monitoring.accuracy import PROMISED, expected_accuracy

NONE = [0] * NUM_BINS


def test_without_reviews_it_is_the_models_own_opinion_and_says_so() -> None:
    seen = [0] * 9 + [100]
    estimate = expected_accuracy(seen, NONE, NONE)
    assert estimate is not None
    assert estimate.expected == pytest.approx(PROMISED[9])
    assert (estimate.is_checked, estimate.num_reviewed) == (False, 0)
    assert expected_accuracy(NONE, NONE, NONE) is None


def test_an_overconfident_model_is_found_out_by_reviews() -> None:
    seen, reviewed, right = [0] * 9 + [1000], [0] * 9 + [200], [0] * 9 + [160]
    estimate = expected_accuracy(seen, reviewed, right)
    assert estimate is not None
    assert estimate.expected == pytest.approx(0.81, abs=0.01)
    assert estimate.is_checked
    assert estimate.lower < 0.8 < estimate.upper


def test_the_interval_holds_the_truth_about_nineteen_times_of_twenty() -> None:
    dice, held = np.random.default_rng(4), 0
    rates = np.clip(np.array(PROMISED) - 0.05, 0, 1)  # a shop a little worse than promised
    mix = np.array([1, 1, 1, 1, 2, 3, 5, 8, 20, 58]) / 100
    for _ in range(300):
        reviewed = dice.multinomial(400, mix)
        right = dice.binomial(reviewed, rates)
        estimate = expected_accuracy(list(1000 * mix), list(reviewed), list(right))
        assert estimate is not None
        held += estimate.lower <= float(mix @ rates) <= estimate.upper
    assert 0.88 <= held / 300 <= 1.0
