"""Truth tables of the watchdog and of the pause before a restart."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.processes.restart_policy import FIRST_PAUSE_S, NS, Deaths, RestartPolicy, is_hung

POLICY = RestartPolicy(cap_s=2.0, stable_after_s=10.0)


@pytest.mark.parametrize(
    ("now_s", "started_s", "beat_s", "expected"),
    [
        pytest.param(100, 90, 99, False, id="a beat a second ago"),
        pytest.param(100, 90, 94, True, id="silent for longer than the watchdog"),
        pytest.param(100, 90, 0, False, id="no beat yet but young"),
        pytest.param(121, 90, 0, True, id="no beat since its start 31 s ago"),
        pytest.param(121, 90, 80, True, id="only the beat of its predecessor"),
        pytest.param(100, 90, 95, False, id="exactly at the limit"),
    ],
)
def test_a_process_hangs_when_it_is_silent_for_too_long(
    now_s: int, started_s: int, beat_s: int, expected: bool
) -> None:
    assert is_hung(now_s * NS, started_s * NS, beat_s * NS, 5.0) is expected


def test_the_pause_doubles_up_to_the_cap() -> None:
    deaths, pauses = Deaths(), []
    for _ in range(7):
        deaths = POLICY.after_death(deaths, NS)
        pauses.append(POLICY.pause_s(deaths))
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_a_stable_life_forgives_earlier_deaths() -> None:
    deaths = POLICY.after_death(Deaths(in_a_row=9, total=9), 10 * NS)
    assert deaths == Deaths(in_a_row=1, total=10)
    assert POLICY.pause_s(deaths) == FIRST_PAUSE_S


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(min_value=0, max_value=10**13), max_size=300))
def test_there_is_always_a_next_attempt_within_the_cap(lives_ns: list[int]) -> None:
    deaths = Deaths()
    for lived_ns in lives_ns:
        deaths = POLICY.after_death(deaths, lived_ns)
        assert 0.0 < POLICY.pause_s(deaths) <= POLICY.cap_s
    assert deaths.total == len(lives_ns)
