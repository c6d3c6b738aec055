"""The one row: every transition, and that it survives."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bundles.state import (
    BundlePhase,
    BundleRefusedError,
    BundleState,
    BundleStateFile,
    confirm,
    count_death,
    drop_candidate,
    promote,
    roll_back,
    stage,
)

FACTORY, OLD, NEW = "factory", "old", "new"
SETTLED = BundleState(active=OLD, factory=FACTORY, previous=FACTORY, generation=3)


def test_a_good_candidate_takes_over_and_is_confirmed() -> None:
    shadowing = stage(SETTLED, NEW, 4)
    assert (shadowing.active, shadowing.candidate, shadowing.phase) == (OLD, NEW, "shadow")
    swapped = promote(shadowing, "boot-1")
    assert (swapped.active, swapped.previous, swapped.generation) == (NEW, OLD, 4)
    assert confirm(swapped).phase is BundlePhase.SETTLED


@pytest.mark.parametrize(
    ("state", "bundle_id", "generation", "reason"),
    [
        pytest.param(SETTLED, OLD, 4, "in use already", id="already active"),
        pytest.param(SETTLED, NEW, 3, "not newer", id="generation already used"),
        pytest.param(SETTLED, NEW, 2, "not newer", id="generation of the past"),
        pytest.param(
            replace(SETTLED, phase=BundlePhase.PROBATION), NEW, 4, "probation", id="one at a time"
        ),
    ],
)
def test_what_may_not_be_staged(
    state: BundleState, bundle_id: str, generation: int, reason: str
) -> None:
    with pytest.raises(BundleRefusedError, match=reason):
        stage(state, bundle_id, generation)


def test_going_back_ends_at_the_scanner_and_never_loops() -> None:
    swapped = promote(stage(SETTLED, NEW, 4), "boot-1")
    first = roll_back(swapped, "died")
    second = roll_back(first, "died")
    third = roll_back(second, "died")
    assert [first.active, second.active, third.active] == [OLD, FACTORY, FACTORY]
    assert third.phase is BundlePhase.SCANNER
    assert roll_back(third, "died") == replace(third, reason="died")


def test_a_dropped_candidate_cannot_come_back_under_its_generation() -> None:
    dropped = drop_candidate(stage(SETTLED, NEW, 4), "priced_worse")
    assert dropped.phase is BundlePhase.SETTLED
    with pytest.raises(BundleRefusedError):
        stage(dropped, NEW, 4)


def test_fifty_power_cuts_are_no_fault_of_the_model() -> None:
    state = promote(stage(SETTLED, NEW, 4), "boot-0")
    for boot in range(50):
        state = count_death(state, f"boot-{boot + 1}")
    assert state.deaths == 1


def test_deaths_in_one_boot_add_up() -> None:
    state = promote(stage(SETTLED, NEW, 4), "boot-1")
    assert count_death(count_death(state, "boot-1"), "boot-1").deaths == 2


@given(st.lists(st.sampled_from(["stage", "promote", "drop", "confirm", "back"]), max_size=40))
def test_there_is_always_an_active_bundle_and_generations_never_shrink(steps: list[str]) -> None:
    state = SETTLED
    for number, step in enumerate(steps):
        before = state.generation
        if step == "stage" and state.phase is not BundlePhase.PROBATION:
            state = stage(state, f"bundle-{number}", state.generation + 1)
        elif step == "promote" and state.candidate:
            state = promote(state, "boot-1")
        elif step == "drop":
            state = drop_candidate(state, "test")
        elif step == "confirm":
            state = confirm(state)
        elif step == "back":
            state = roll_back(state, "test")
        assert state.active
        assert state.generation >= before


def test_the_state_survives_closing_and_opening(tmp_path: Path) -> None:
    file = BundleStateFile(tmp_path / "state.db", FACTORY)
    assert file.read().active == FACTORY
    staged = stage(file.read(), NEW, 1)
    file.write(staged)
    file.add_receipt(NEW, {"verified_at": "2026-11-21T12:00:00Z"})
    file.quarantine("bad", 7, "crashed")
    file.close()
    again = BundleStateFile(tmp_path / "state.db", "another factory")
    assert again.read() == staged
    assert again.receipt(NEW) == {"verified_at": "2026-11-21T12:00:00Z"}
    assert again.receipt("never seen") is None
    assert again.is_quarantined("bad", 7)
    assert not again.is_quarantined("bad", 8)
    assert again.quarantined() == {"bad": "crashed"}
    again.close()
