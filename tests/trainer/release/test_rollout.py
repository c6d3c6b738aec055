"""How far a release may go: the truth table, and what a person may order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.share_evidence import share_log_e
from trainer.release.rollout import (
    BoxReport,
    BoxStep,
    Decision,
    Manual,
    Phase,
    Ring,
    RolloutPolicy,
    RolloutState,
    apply,
    apply_manual,
    begin,
    decide,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = RolloutPolicy(
    rings=(
        Ring("lab", soak=HOUR, deadline=24 * HOUR, is_lab=True),
        Ring("pilot", soak=2 * HOUR, deadline=72 * HOUR, min_confirmed=5),
        Ring("all", soak=2 * HOUR, deadline=240 * HOUR, min_confirmed=5),
    )
)
PILOT = RolloutState("b" * 64, 1, Phase.RUNNING, NOW - 3 * HOUR)


def box(number: int, step: BoxStep = BoxStep.CONFIRMED, **changes: object) -> BoxReport:
    report = BoxReport(f"box-{number}", 1, step, NOW, log_e_no_worse=1.0)
    return replace(report, **changes)  # type: ignore[arg-type]


def good(num_boxes: int = 20) -> list[BoxReport]:
    return [box(number) for number in range(num_boxes)]


def test_a_good_ring_lets_the_next_one_in() -> None:
    decision = decide(POLICY, PILOT, good(), NOW)
    assert decision.action == "advance"
    after = apply(PILOT, decision, NOW)
    assert (after.ring, after.phase, after.ring_began_at) == (2, Phase.RUNNING, NOW)


def test_the_last_ring_finishes() -> None:
    state = replace(PILOT, ring=2)
    decision = decide(POLICY, state, [replace(b, ring=2) for b in good()], NOW)
    assert apply(state, decision, NOW).phase is Phase.DONE


@pytest.mark.parametrize(("boxes", "action", "reason"), [
    pytest.param([box(n, log_e_worse=0.3) for n in range(20)], "stop", "worse",
                 id="weak evidence of many boxes multiplies"),
    pytest.param([*good(), box(99, log_e_worse=5.0)], "stop", "worse", id="one box is sure"),
    pytest.param([*good(14), *(box(90 + n, BoxStep.ROLLED_BACK) for n in range(6))], "stop",
                 "too many", id="roll-backs"),
    pytest.param([*good(14), *(box(90 + n, seen_at=NOW - 7 * HOUR) for n in range(6))], "stop",
                 "too many", id="silent after the swap"),
    pytest.param([*good(), *(box(90 + n, BoxStep.OFFERED, seen_at=NOW - 99 * HOUR)
                             for n in range(20))], "advance", "all",
                 id="offline before it fetched says nothing"),
    pytest.param([*good(99), box(99, seen_at=NOW - 7 * HOUR)], "advance", "all",
                 id="one silent box in a hundred is life"),
    pytest.param(good(4), "wait", "confirmed", id="too few confirmed"),
    pytest.param([box(n, log_e_no_worse=0.1) for n in range(20)], "wait", "evidence",
                 id="not proved yet"),
    pytest.param([*good(10), *(box(50 + n, BoxStep.FETCHED) for n in range(5))], "wait",
                 "confirmed", id="too many still in shadow"),
])  # fmt: skip
def test_what_a_ring_decides(boxes: list[BoxReport], action: str, reason: str) -> None:
    decision = decide(POLICY, PILOT, boxes, NOW)
    assert decision.action == action
    assert reason in decision.reason
    assert decision.numbers["log_e_needed"] > 0


def test_one_failure_in_the_lab_stops_the_release() -> None:
    state = begin("b" * 64, NOW - 2 * HOUR)
    boxes = [box(1, ring=0), box(2, BoxStep.REFUSED, ring=0)]
    assert decide(POLICY, state, boxes, NOW).action == "stop"
    assert decide(POLICY, state, boxes[:1], NOW).action == "advance"


def test_a_ring_soaks_first_and_is_held_at_its_deadline() -> None:
    fresh = replace(PILOT, ring_began_at=NOW - HOUR)
    assert decide(POLICY, fresh, good(), NOW).reason == "time to soak"
    late = replace(PILOT, ring_began_at=NOW - 72 * HOUR)
    decision = decide(POLICY, late, good(4), NOW)
    assert decision.action == "hold"
    assert apply(late, decision, NOW).phase is Phase.HELD


def test_boxes_of_later_rings_are_not_looked_at() -> None:
    other = [box(100 + n, BoxStep.ROLLED_BACK, ring=2) for n in range(50)]
    assert decide(POLICY, PILOT, [*good(), *other], NOW).action == "advance"


def test_a_held_rollout_still_stops_on_evidence() -> None:
    held = replace(PILOT, phase=Phase.HELD)
    assert decide(POLICY, held, good(), NOW).action == "wait"
    assert decide(POLICY, held, [box(1, log_e_worse=9.0)], NOW).action == "stop"


def test_a_new_box_gets_what_its_ring_has() -> None:
    assert [PILOT.is_offered_to(ring) for ring in (0, 1, 2)] == [True, True, False]
    stopped = replace(PILOT, phase=Phase.STOPPED)
    assert not any(stopped.is_offered_to(ring) for ring in (0, 1, 2))


@pytest.mark.parametrize(("act", "phase", "ring"), [
    pytest.param("next", Phase.RUNNING, 2, id="next"),
    pytest.param("hold", Phase.HELD, 1, id="hold"),
    pytest.param("resume", Phase.RUNNING, 1, id="resume"),
    pytest.param("withdraw", Phase.WITHDRAWN, 1, id="withdraw"),
])  # fmt: skip
def test_a_person_may_order(act: Manual, phase: Phase, ring: int) -> None:
    after = apply_manual(POLICY, PILOT, act, NOW, actor="ann")
    assert (after.phase, after.ring, after.reason) == (phase, ring, f"{act} by ann")


def test_nothing_goes_on_once_it_was_stopped() -> None:
    stopped = replace(PILOT, phase=Phase.STOPPED)
    assert decide(POLICY, stopped, good(), NOW).action == "wait"
    with pytest.raises(ValueError, match="stopped"):
        apply_manual(POLICY, stopped, "next", NOW, actor="ann")
    with pytest.raises(ValueError, match="last ring"):
        apply_manual(POLICY, replace(PILOT, ring=2), "next", NOW, actor="ann")


@given(failed=st.integers(0, 50), judged=st.integers(1, 500))
def test_evidence_grows_with_failures_and_falls_with_boxes(failed: int, judged: int) -> None:
    failed = min(failed, judged)
    here = share_log_e(failed, judged, 0.02)
    assert share_log_e(failed, judged + 50, 0.02) < here
    assert share_log_e(failed + 1, judged + 1, 0.02) > here


@given(steps=st.lists(st.sampled_from(list(BoxStep)), max_size=60))
def test_a_ring_is_never_passed_without_evidence(steps: list[BoxStep]) -> None:
    boxes = [box(n, step, log_e_no_worse=0.0) for n, step in enumerate(steps)]
    assert decide(POLICY, PILOT, boxes, NOW).action not in ("advance", "finish")


def test_waiting_changes_nothing() -> None:
    assert apply(PILOT, Decision("wait", ""), NOW) is PILOT
