"""Events in time: truth tables and properties of every timeline."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("PIL", reason="Pillow comes with the extra [sim]")

from tools.lane_sim.demo_clips import DEMO_CLIPS, DemoClip
from tools.lane_sim.errors import PlacementError
from tools.lane_sim.motion_path import Rest, clip_moments
from tools.lane_sim.timeline import EMPTY_S, QUIET_END_S, Step, planned, random_steps

PLACE = Rest(np.array([3.0, 4.0, 5.0]), 10.0, 6.0)
ONWARD = Rest(np.array([-9.0, 1.0, 5.0]), 10.0, 6.0)


@given(
    st.integers(1, 6), st.integers(0, 3), st.integers(0, 3), st.integers(0, 2), st.integers(0, 9999)
)
def test_events_never_overlap_and_the_basket_is_what_was_put_and_not_taken(
    num_items: int, num_takes: int, num_moves: int, num_things: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    ids = [f"item{i}" for i in range(num_items)]
    things = ["phone", "hand"][:num_things]
    steps = random_steps(ids, num_takes, num_moves, things, rng)
    timeline = planned(steps, 60.0, 15, rng)
    frames = [f for a in timeline.actions for f in (a.enter, a.touch, a.rest)]
    assert frames == sorted(frames)
    assert frames[0] >= EMPTY_S * 15
    assert frames[-1] <= timeline.num_frames - QUIET_END_S * 15
    resting: set[str] = set()
    for change in timeline.changes():
        assert (change.subject in resting) != change.is_there
        resting ^= {change.subject}
    taken = {step.subject for step in steps if step.kind == "take"}
    assert resting - {"phone"} == set(ids) - taken


@given(st.integers(0, 9999))
def test_the_state_number_counts_the_changes_so_far(seed: int) -> None:
    rng = np.random.default_rng(seed)
    timeline = planned(random_steps(["a", "b"], 1, 1, [], rng), 30.0, 15, rng)
    states = [timeline.state_at(frame) for frame in range(timeline.num_frames)]
    assert states == sorted(states)
    assert states[0] == 0
    assert states[-1] == len(timeline.changes())


def test_a_clip_that_is_too_short_is_refused_with_the_length_it_needs() -> None:
    steps = [Step("put", f"item{i}") for i in range(8)]
    with pytest.raises(PlacementError, match="8 events need 1"):
        planned(steps, 6.0, 15, np.random.default_rng(0))


@pytest.mark.parametrize("clip", DEMO_CLIPS, ids=lambda clip: clip.name)
@pytest.mark.parametrize("seed", range(5))
def test_a_shipped_clip_fits_its_length_and_rests_come_one_to_two_seconds_apart(
    clip: DemoClip, seed: int
) -> None:
    options = clip.options()
    timeline = planned(
        list(options.steps), options.seconds, options.fps, np.random.default_rng(seed)
    )
    puts = [action.rest for action in timeline.actions if action.step.kind == "put"]
    neighbours = [
        (a.rest, b.rest)
        for a, b in zip(timeline.actions, timeline.actions[1:], strict=False)
        if (a.step.kind, b.step.kind) == ("put", "put")
    ]
    assert puts[-1] <= timeline.num_frames - 2 * options.fps
    assert all(15 <= later - earlier <= 30 for earlier, later in neighbours)


@pytest.mark.parametrize("kind", ["put", "take", "move", "thing", "wave"])
def test_a_body_comes_to_its_place_and_the_hand_leaves(kind: str) -> None:
    steps = [Step("put", "a")] if kind in ("take", "move") else []
    subject = {"thing": "phone", "wave": ""}.get(kind, "a")
    steps.append(Step(kind, subject))  # type: ignore[arg-type]
    timeline = planned(steps, 12.0, 15, np.random.default_rng(1))
    moments = clip_moments(timeline, {"a": [PLACE, ONWARD], "phone": [PLACE]})
    action = timeline.actions[-1]
    assert len(moments) == timeline.num_frames
    assert moments[0].palm_cm is None
    assert moments[-1].palm_cm is None
    moving = [m for m in moments[action.enter : action.rest] if m.body is not None]
    assert bool(moving) == (kind != "wave")
    assert all(m.body == subject and m.centre_cm is not None for m in moving)
    steps_cm = [
        float(np.linalg.norm(b.palm_cm - a.palm_cm))
        for a, b in zip(moments, moments[1:], strict=False)
        if a.palm_cm is not None and b.palm_cm is not None
    ]
    assert max(steps_cm) < 26


def test_a_put_ends_exactly_where_the_item_rests() -> None:
    timeline = planned([Step("put", "a")], 8.0, 15, np.random.default_rng(1))
    action = timeline.actions[0]
    moments = clip_moments(timeline, {"a": [PLACE]})
    last = moments[action.rest - 1].centre_cm
    assert last is not None
    assert np.linalg.norm(last - PLACE.centre_cm) < 0.6
    assert moments[action.rest].body is None
    assert moments[action.rest].state == 1
