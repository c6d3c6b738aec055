"""Which moments are worth a label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.hard_cases.selector import (
    DAILY_PER_REASON,
    DAILY_PER_SKU,
    MAX_BONUS,
    REASON_VALUE,
    Candidate,
    TakenToday,
    value_of,
)
from sync.hard_case import CaseReason
from tests.fakes.plain_floats import plain_floats


def candidate(reason: CaseReason = CaseReason.UNCERTAIN, **changes: object) -> Candidate:
    values: dict[str, object] = {"margin": 0.5, "similarity": 0.7, "sku_id": "milk", **changes}
    return Candidate(reason=reason, **values)  # type: ignore[arg-type]


def test_a_correction_is_worth_more_than_a_doubt_and_a_doubt_more_than_a_sample() -> None:
    values = [
        value_of(candidate(reason), TakenToday()) or 0
        for reason in (CaseReason.CORRECTED, CaseReason.UNCERTAIN, CaseReason.RANDOM)
    ]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param({"margin": 0.1}, {"margin": 3.0}, id="less sure"),
        pytest.param({"similarity": 0.2}, {"similarity": 0.9}, id="less like anything known"),
        pytest.param({"sku_need": 1.0}, {"sku_need": 0.0}, id="a product with few pictures"),
    ],
)
def test_what_teaches_more_is_worth_more(
    better: dict[str, object], worse: dict[str, object]
) -> None:
    first, second = (value_of(candidate(**c), TakenToday()) for c in (better, worse))  # type: ignore[arg-type]
    assert (first or 0) > (second or 0)


def test_one_product_cannot_fill_the_day() -> None:
    taken = TakenToday()
    for _ in range(DAILY_PER_SKU):
        taken.note(candidate())
    assert value_of(candidate(), taken) is None
    assert value_of(candidate(sku_id="juice"), taken) is not None
    assert value_of(candidate(CaseReason.CORRECTED), taken) is not None


@pytest.mark.parametrize("reason", list(CaseReason))
def test_every_reason_has_its_quota(reason: CaseReason) -> None:
    taken = TakenToday()
    for number in range(DAILY_PER_REASON[reason]):
        taken.note(candidate(reason, sku_id=f"sku-{number}"))
    assert value_of(candidate(reason, sku_id="another"), taken) is None


@given(
    st.sampled_from(list(CaseReason)),
    plain_floats(-5, 50),
    plain_floats(-1, 1),
    plain_floats(-1, 2),
)
def test_a_value_is_a_whole_number_in_range(
    reason: CaseReason, margin: float, similarity: float, need: float
) -> None:
    value = value_of(
        candidate(reason, margin=margin, similarity=similarity, sku_need=need), TakenToday()
    )
    assert value is not None
    assert 0 <= value <= 1000


def test_what_was_sent_is_needed_less_and_forgotten_in_some_days() -> None:
    taken = TakenToday()
    fresh = value_of(candidate(), taken)
    for _ in range(6):
        taken.note(candidate())
    less = value_of(candidate(), taken)
    next_day = taken.tomorrow()
    assert (next_day.per_reason, next_day.per_sku) == ({}, {})
    needs = [taken.need_of("milk"), next_day.need_of("milk"), taken.need_of("tea")]
    assert needs == [1 / 7, 1 / 4, 1.0]
    assert (fresh or 0) > (less or 0)
    assert next_day.tomorrow().tomorrow().need_of("milk") == 1.0


def test_value_is_a_product_one_of_three_alone_adds_nothing() -> None:
    nothing_new = candidate(margin=0.0, similarity=1.0, sku_need=1.0)
    assert value_of(nothing_new, TakenToday()) == REASON_VALUE[CaseReason.UNCERTAIN]
    everything = candidate(margin=0.0, similarity=0.0, sku_need=1.0)
    assert value_of(everything, TakenToday()) == REASON_VALUE[CaseReason.UNCERTAIN] + MAX_BONUS
