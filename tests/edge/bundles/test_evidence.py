"""The statistics that decide over a candidate: false alarms, power, truth tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bundles.evidence import STAKES, PairedCounts, no_worse_e_value, worse_e_value

NUM_RUNS = 2000
NUM_BASKETS = 6000
LOOK_EVERY = 100


def simulate(win_rate: float, loss_rate: float, seed: int) -> list[np.ndarray]:
    """Cumulative wins and losses at every look, int (looks, runs) each."""
    random = np.random.default_rng(seed)
    num_looks = NUM_BASKETS // LOOK_EVERY
    rates = [win_rate, loss_rate, 1 - win_rate - loss_rate]
    steps = random.multinomial(LOOK_EVERY, rates, size=(num_looks, NUM_RUNS))
    counts = np.cumsum(steps, axis=0)
    return [counts[..., 0], counts[..., 1]]


def worse_at_every_look(wins: np.ndarray, losses: np.ndarray) -> np.ndarray:
    logs = np.stack([losses * np.log1p(s) + wins * np.log1p(-s) for s in STAKES])
    return np.exp(logs).mean(axis=0)


def test_equal_models_are_called_worse_in_at_most_one_run_in_a_hundred() -> None:
    wins, losses = simulate(0.01, 0.01, seed=1)
    alarms = (worse_at_every_look(wins, losses) >= 100).any(axis=0)
    assert alarms.mean() <= 0.01


@pytest.mark.parametrize(
    ("extra_loss", "baskets_needed"),
    [(0.01, 4000), (0.02, 1200), (0.07, 300)],
    ids=["+1 point of error", "+2 points of error", "+7 points of error"],
)
def test_a_worse_model_is_caught_in_time(extra_loss: float, baskets_needed: int) -> None:
    wins, losses = simulate(0.01, 0.01 + extra_loss, seed=2)
    caught = worse_at_every_look(wins, losses) >= 100
    first_look = np.where(caught.any(axis=0), caught.argmax(axis=0) + 1, 10**6)
    assert np.median(first_look) * LOOK_EVERY <= baskets_needed


def test_the_simulated_e_value_is_the_one_that_decides() -> None:
    simulated = worse_at_every_look(np.asarray(12), np.asarray(40))
    assert worse_e_value(PairedCounts(12, 40, 500)) == pytest.approx(float(simulated))


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 5000))
def test_more_losses_never_speak_for_the_candidate(wins: int, losses: int, ties: int) -> None:
    counts, more = PairedCounts(wins, losses, ties), PairedCounts(wins, losses + 1, ties)
    assert worse_e_value(more) >= worse_e_value(counts) or wins > losses
    assert no_worse_e_value(more, 0.01) <= no_worse_e_value(counts, 0.01)


def test_a_model_exactly_at_the_margin_is_rarely_called_no_worse() -> None:
    margin = 0.02
    random = np.random.default_rng(3)
    draws = random.multinomial(4000, [0.01, 0.03, 0.96], size=NUM_RUNS)
    called = [
        no_worse_e_value(PairedCounts(int(w), int(n), int(t)), margin) >= 100 for w, n, t in draws
    ]
    assert np.mean(called) <= 0.01


def test_an_equal_model_is_called_no_worse_in_the_end() -> None:
    assert no_worse_e_value(PairedCounts(30, 30, 2940), 0.02) >= 100


def test_no_evidence_is_neutral() -> None:
    assert worse_e_value(PairedCounts()) == pytest.approx(1.0)
    assert no_worse_e_value(PairedCounts(), 0.01) == pytest.approx(1.0)


@pytest.mark.parametrize("margin", [0.0, 1.0, -0.1])
def test_a_margin_out_of_range_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        no_worse_e_value(PairedCounts(), margin)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        PairedCounts(wins=-1)
