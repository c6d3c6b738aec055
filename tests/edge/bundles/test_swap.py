"""Promote, reject, hold or watch: the truth table."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bundles.evidence import PairedCounts
from edge.bundles.swap import (
    Exit,
    ProbationExit,
    ProbationFacts,
    ShadowEvidence,
    judge_probation,
    judge_shadow,
    trouble_log_e,
)
from sync.swap_policy import POLICIES, SwapPolicy
from tests.fakes.plain_floats import plain_floats

POLICY = SwapPolicy(margin=0.02, min_baskets=200, deadline_s=1000.0)
GOOD = ShadowEvidence(
    counts=PairedCounts(wins=30, losses=30, ties=2940),
    coverage=0.97,
    latency_ratio=1.0,
    rss_mib=300.0,
    null_share=0.0,
    num_crashes=0,
    num_seconds=500.0,
    seconds_since_result=10.0,
)
SOUND = ProbationFacts(
    num_baskets=10,
    num_deaths_this_boot=0,
    null_share=0.0,
    latency_ratio=1.0,
    counts=PairedCounts(ties=10),
)


@pytest.mark.parametrize(
    ("changes", "exit_", "reason"),
    [
        pytest.param({}, Exit.PROMOTE, "no_worse", id="good and proven"),
        pytest.param({"counts": PairedCounts(ties=50)}, Exit.WATCH, "too_few_baskets", id="early"),
        pytest.param(
            {"counts": PairedCounts(ties=50), "num_seconds": 2000.0},
            Exit.HOLD,
            "deadline",
            id="undecided at the deadline",
        ),
        pytest.param({"coverage": 0.5}, Exit.WATCH, "too_little_coverage", id="saw half"),
        pytest.param({"counts": PairedCounts(5, 60, 900)}, Exit.REJECT, "priced_worse", id="worse"),
        pytest.param({"num_crashes": 1}, Exit.REJECT, "crashed", id="crashed"),
        pytest.param({"latency_ratio": 10.0}, Exit.REJECT, "too_slow", id="ten times slower"),
        pytest.param({"rss_mib": 4096.0}, Exit.REJECT, "too_much_memory", id="memory hog"),
        pytest.param({"null_share": 0.5}, Exit.REJECT, "null_outputs", id="says nothing"),
        pytest.param({"ask_increase": 0.3}, Exit.REJECT, "asks_too_often", id="asks too often"),
        pytest.param({"seconds_since_result": 1e6}, Exit.REJECT, "silent", id="gone silent"),
        pytest.param(
            {"null_share": 0.5, "num_null_frames": 1},
            Exit.PROMOTE,
            "no_worse",
            id="one frame without an answer",
        ),
        pytest.param(
            {"ask_increase": 0.5, "num_extra_asks": 1},
            Exit.PROMOTE,
            "no_worse",
            id="one question",
        ),
        pytest.param({"null_share": math.nan}, Exit.REJECT, "figures_not_numbers", id="NaN"),
        pytest.param({"coverage": math.nan}, Exit.REJECT, "figures_not_numbers", id="NaN too"),
    ],
)
def test_shadow_verdicts(changes: dict[str, object], exit_: Exit, reason: str) -> None:
    verdict = judge_shadow(replace(GOOD, **changes), POLICY)  # type: ignore[arg-type]
    assert verdict.exit is exit_
    assert reason in verdict.reasons


@pytest.mark.parametrize(
    ("changes", "exit_"),
    [
        pytest.param({}, ProbationExit.WATCH, id="too early"),
        pytest.param({"num_baskets": 50}, ProbationExit.CONFIRM, id="enough baskets"),
        pytest.param({"num_deaths_this_boot": 1}, ProbationExit.WATCH, id="died once"),
        pytest.param({"num_deaths_this_boot": 2}, ProbationExit.ROLL_BACK, id="died twice"),
        pytest.param({"null_share": 0.3}, ProbationExit.ROLL_BACK, id="sees nothing"),
        pytest.param({"null_share": math.nan}, ProbationExit.ROLL_BACK, id="NaN"),
        pytest.param(
            {"counts": PairedCounts(losses=12), "num_baskets": 60},
            ProbationExit.ROLL_BACK,
            id="corrected again and again",
        ),
    ],
)
def test_probation_verdicts(changes: dict[str, object], exit_: ProbationExit) -> None:
    assert judge_probation(replace(SOUND, **changes), POLICY).exit is exit_  # type: ignore[arg-type]


@given(
    st.integers(0, 300),
    st.integers(0, 300),
    st.integers(0, 3000),
    plain_floats(0, 1),
    plain_floats(0, 5000),
)
def test_nothing_is_promoted_without_baskets_coverage_and_proof(
    wins: int, losses: int, ties: int, coverage: float, seconds: float
) -> None:
    counts = PairedCounts(wins, losses, ties)
    evidence = replace(GOOD, counts=counts, coverage=coverage, num_seconds=seconds)
    verdict = judge_shadow(evidence, POLICY)
    assert verdict.exit is not Exit.PROMOTE or (
        counts.total >= POLICY.min_baskets
        and coverage >= POLICY.min_coverage
        and verdict.no_worse_e >= 1 / POLICY.alpha
    )


@pytest.mark.parametrize(
    ("usual", "share", "least", "most"),
    [
        pytest.param(200, 0.1, 0.0, 0.01, id="as often as before"),
        pytest.param(20, 0.1, 0.0, 0.01, id="as often, hardly known before"),
        pytest.param(200, 0.5, 0.9, 1.0, id="every second basket"),
    ],
)
def test_alarms_about_help_by_people_in_three_hundred_probations(
    usual: int, share: float, least: float, most: float
) -> None:
    dice, policy = np.random.default_rng(1), POLICIES["production"]
    alarms = 0
    for _ in range(300):
        before = int(dice.binomial(usual, 0.1))
        troubled = np.cumsum(dice.random(policy.confirm_baskets) < share)
        facts = [
            replace(SOUND, num_baskets=n, num_troubled=int(t), usual_baskets=usual,
                    usual_troubled=before)
            for n, t in enumerate(troubled, 1)
        ]  # fmt: skip
        alarms += any(trouble_log_e(f, policy) >= math.log(1 / policy.alpha) for f in facts)
    assert least <= alarms / 300 <= most
