import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameras.frame import OutageReason
from cameras.reconnect_backoff import DEFAULT_POLICY, SLOW_POLICY, delay_s, policy_for
from tests.fakes.plain_floats import plain_floats


def highest(_low: float, high: float) -> float:
    return high


def lowest(low: float, _high: float) -> float:
    return low


def test_waits_double_up_to_the_cap() -> None:
    waits = [delay_s(attempt, DEFAULT_POLICY, highest) for attempt in range(7)]
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_wrong_password_is_not_hammered() -> None:
    policy = policy_for(OutageReason.UNAUTHORISED)
    assert policy is SLOW_POLICY
    assert delay_s(0, policy, lowest) == 5.0
    assert delay_s(9, policy, highest) == 60.0


@given(st.integers(0, 10**9), plain_floats(0, 1), st.sampled_from(OutageReason))
def test_every_wait_is_within_floor_and_cap(
    attempt: int, dice: float, reason: OutageReason
) -> None:
    policy = policy_for(reason)
    wait = delay_s(attempt, policy, lambda low, high: low + dice * (high - low))
    assert policy.floor_s <= wait <= policy.cap_s


def test_a_negative_attempt_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="attempt -1"):
        delay_s(-1, DEFAULT_POLICY, highest)
