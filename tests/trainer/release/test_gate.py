"""The gate's verdicts, its promised error rates over 2,000 simulated comparisons, its refusals."""

from collections import Counter

import numpy as np
import pytest

from sync.replay_result import ReplayedBasket, ReplayResult
from tools.benchmarks.gate_bench import simulated
from trainer.release.confidence import clustered_interval, student_cdf, student_quantile
from trainer.release.gate import (
    POLICIES,
    GateInputError,
    GatePolicy,
    PairedBasket,
    judge,
    pair_baskets,
    safety_of,
)

POLICY = GatePolicy("test", margin=0.03, alpha=0.05, num_looks=1, power=0.8, slice_margin=0.1,
                    flip_budget=1.0, wrong_charged_limit=0.01, latency_ratio_limit=1.2)  # fmt: skip
NUM_SIMULATED = 2_000


def verdicts(loss: float, seed: int) -> Counter[str]:
    random = np.random.default_rng(seed)
    return Counter(judge(simulated(random, loss), POLICY).verdict for _ in range(NUM_SIMULATED))


def test_equal_models_pass_with_the_power_and_are_rejected_no_more_than_alpha() -> None:
    found = verdicts(loss=0.0, seed=1)
    assert found["reject"] <= 0.05 * NUM_SIMULATED
    assert found["pass"] >= 0.8 * NUM_SIMULATED


def test_a_model_that_is_worse_by_the_margin_passes_no_more_than_alpha() -> None:
    found = verdicts(loss=POLICY.margin, seed=2)
    assert found["pass"] <= 0.05 * NUM_SIMULATED


def test_a_model_that_is_far_worse_is_rejected() -> None:
    found = verdicts(loss=0.15, seed=3)
    assert found["reject"] >= 0.95 * NUM_SIMULATED


def equal_pairs(count: int, clusters: int = 10) -> list[PairedBasket]:
    return [PairedBasket(str(i), str(i % clusters), ("drinks",), True, True) for i in range(count)]


def test_too_few_baskets_say_how_many_more_and_that_many_are_enough() -> None:
    report = judge(equal_pairs(40), POLICY)
    assert report.verdict == "inconclusive"
    assert report.num_more > 0
    assert judge(equal_pairs(40 + report.num_more), POLICY).verdict == "pass"
    assert judge(equal_pairs(40 + report.num_more // 2), POLICY).verdict == "inconclusive"


def test_the_rule_of_three_holds_where_nothing_differs() -> None:
    interval = clustered_interval(np.zeros(100), [str(i % 20) for i in range(100)], 0.05)
    assert interval is not None
    assert interval.lower == pytest.approx(-3.0 / 100, rel=0.01)


def test_baskets_of_one_store_and_day_prove_nothing() -> None:
    report = judge(equal_pairs(5000, clusters=1), POLICY)
    assert (report.verdict, report.num_more) == ("inconclusive", 5000)


def test_a_slice_that_breaks_rejects_a_candidate_that_is_fine_elsewhere() -> None:
    broken = [PairedBasket(f"w{i}", str(i % 10), ("wine",), True, i % 3 == 0) for i in range(60)]
    report = judge(equal_pairs(4000) + broken, POLICY)
    assert report.verdict == "reject"
    assert "slice wine" in report.reasons[0]
    assert len(report.negative_flips) == 40


def test_a_spent_blind_set_gives_no_more_verdicts() -> None:
    report = judge(equal_pairs(4000), POLICY, looks_used=1)
    assert "asked 1 times" in report.reasons[0]


def test_production_spends_a_quarter_per_cent_a_look() -> None:
    assert POLICIES["production"].alpha_per_look == pytest.approx(0.0025)


@pytest.mark.parametrize(
    ("p", "degrees", "expected"),
    [(0.975, 1, 12.706), (0.95, 5, 2.015), (0.975, 30, 2.042), (0.9975, 19, 3.174),
     (0.95, 10_000, 1.645)],
)  # fmt: skip
def test_quantiles_are_those_of_the_printed_tables(p: float, degrees: int, expected: float) -> None:
    assert student_quantile(p, degrees) == pytest.approx(expected, abs=2e-3)
    assert student_cdf(expected, degrees) == pytest.approx(p, abs=1e-4)


def replay(*baskets: ReplayedBasket, version: str = "0.1.0") -> ReplayResult:
    return ReplayResult(bundle_id="ab" * 32, edge_version=version, provider="cpu", baskets=baskets)


def basket(name: str, **predicted: int) -> ReplayedBasket:
    return ReplayedBasket(
        name=name, predicted=predicted, best_guess=predicted, truth={"milk": 1}, frame_ms_p95=20.0
    )


def store_of(name: str) -> str:
    return name.split("/")[0]


def test_replays_are_paired_by_recording_and_sliced_by_what_is_in_them() -> None:
    champion, candidate = replay(basket("s1/a", milk=1)), replay(basket("s1/a", tea=1))
    pairs = pair_baskets(
        champion, candidate, cluster_of=store_of, slices_of={"milk": ["dairy"], "tea": ["hot"]}
    )
    assert pairs == [PairedBasket("s1/a", "s1", ("dairy",), True, False)]
    assert "charged pieces" in safety_of(champion, candidate, POLICY)[0]
    slow = replay(basket("s1/a", milk=1).model_copy(update={"frame_ms_p95": 30.0}))
    assert "30.0 ms" in safety_of(champion, slow, POLICY)[0]
    assert safety_of(champion, champion, POLICY) == []


@pytest.mark.parametrize(
    "candidate",
    [
        pytest.param(replay(basket("s1/b", milk=1)), id="another recording"),
        pytest.param(replay(basket("s1/a", milk=1), version="0.2.0"), id="another version"),
        pytest.param(replay(), id="nothing"),
    ],
)
def test_replays_that_cannot_be_compared_are_refused(candidate: ReplayResult) -> None:
    with pytest.raises(GateInputError):
        pair_baskets(replay(basket("s1/a", milk=1)), candidate, cluster_of=store_of)
