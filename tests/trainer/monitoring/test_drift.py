"""The rule against simulated shops, its arithmetic, and what it must not be fooled by."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest

from tools.benchmarks.drift_bench import first_alarm, run_shop
from trainer.monitoring.counts import Counts, cut_windows
from trainer.monitoring.drift import (
    SIGNALS,
    DriftRule,
    evidence_of,
    judge,
    mmd_squared,
    psi,
    tail_share,
)

MONDAY = date(2026, 1, 5)
MAX_BASKETS = 800  # stated in trainer/monitoring/README.md for packs of a tenth of the sales


def hour(day: int, *, items: int = 50, asks: int = 2, bundle: str = "b") -> Counts:
    counts = Counts(MONDAY + timedelta(days=day), bundle, num_baskets=items // 3, num_items=items)
    counts.num_pieces, counts.num_asks = items, asks
    return counts


def test_four_quiet_weeks_with_a_cycle_are_quiet_and_other_packs_are_noticed() -> None:
    result = run_shop(1, shares=(0.1,), watch_days=5)
    assert [d.state for d in result.quiet] == ["quiet"] * len(SIGNALS)
    assert min(d.num_watched for d in result.quiet) > 100
    took = first_alarm(result.changed[0.1])
    assert took is not None
    assert took <= MAX_BASKETS


def test_a_place_without_a_past_is_learning_and_never_alarms() -> None:
    assert {d.state for d in judge([])} == {"learning"}
    windows = cut_windows([hour(day, asks=45) for day in range(27) for _ in range(3)], 150)
    assert {d.state for d in judge(windows)} == {"learning"}


def test_evidence_has_mean_one_while_nothing_changes() -> None:
    shares = (np.arange(200_000) + 0.5) / 200_000
    assert np.mean([evidence_of(share) for share in shares]) == pytest.approx(1.0, abs=0.1)


def test_a_share_is_never_smaller_than_the_past_can_tell() -> None:
    past = np.arange(100.0)
    assert tail_share(1e9, past) == pytest.approx(2.3 / 100)
    assert tail_share(-1.0, past) == 1.0
    assert tail_share(50.0, past) > 0.5


def test_more_questions_alarm_and_fewer_do_not() -> None:
    past = [hour(day, asks=4 + n % 3) for day in range(28) for n in range(12)]
    rule = DriftRule(window_items=100)

    def state(asks: int) -> str:
        later = [hour(day, asks=asks) for day in range(28, 31) for _ in range(12)]
        found = judge(cut_windows([*past, *later], 100), rule)
        return {d.signal: d.state for d in found}["ask_rate"]

    assert (state(12), state(0)) == ("alarm", "quiet")


def test_equal_histograms_are_at_distance_zero_and_apart_the_farther_the_more_they_differ() -> None:
    left = np.array([10.0, 20, 70])
    assert psi(left, left) == 0
    assert psi(left, np.array([10.0, 30, 60])) < psi(left, np.array([40.0, 30, 30]))


def test_discrepancy_is_about_zero_for_the_same_and_positive_for_other_things() -> None:
    dice = np.random.default_rng(1)

    def drawn(mean: float) -> Counts:
        features = np.cos(dice.normal(mean, 1.0, (400, 64))).sum(axis=0)
        return Counts(MONDAY, features=features, num_sketched=400)

    same, other = mmd_squared(drawn(0), drawn(0)), mmd_squared(drawn(0), drawn(1))
    assert same is not None
    assert other is not None
    assert abs(same) < 0.01 < other
    assert mmd_squared(Counts(MONDAY), drawn(0)) is None


def test_a_window_holds_one_day_and_one_bundle() -> None:
    hours = [hour(0), hour(0), hour(1), hour(1, bundle="c"), hour(1, bundle="c")]
    windows = cut_windows(hours, 100)
    assert [(w.day.day, w.bundle_id, w.num_items) for w in windows] == [
        (5, "b", 100),
        (6, "c", 100),
    ]
    assert windows[0].parents == Counter()


def test_evidence_without_end_stays_a_number() -> None:
    past = [hour(day, asks=4 + n % 3) for day in range(28) for n in range(12)]
    later = [hour(day, asks=40) for day in range(28, 80) for _ in range(12)]
    (asks,) = [d for d in judge(cut_windows([*past, *later], 50)) if d.signal == "ask_rate"]
    assert asks.state == "alarm"
    assert asks.evidence <= 1e12
