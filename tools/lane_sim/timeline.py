"""What happens in a clip and when: puts, takes, moves, things and hands, frame by frame.

Flow: ClipScript + a random source -> Timeline

Pure: no picture is drawn here. Only one hand acts at a time; a clip begins with an empty counter
and ends with nothing moving.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tools.lane_sim.errors import PlacementError

Kind = Literal["put", "take", "move", "thing", "wave"]

EMPTY_S = 1.5  # Cameras learn the empty counter before the first hand comes.
QUIET_END_S = 2.0  # The last basket line has time to appear.
CARRY_S = 0.8  # From the edge of the picture to rest, or back.
REACH_S = 0.55  # An empty hand to a thing on the counter.
LEAVE_S = 0.5  # The hand goes after it has let go.
SLIDE_S = 0.7
PAUSE_S = (0.1, 0.55)  # Between one hand's leaving and the next one's coming.


@dataclass(frozen=True)
class Step:
    """One thing that happens; `subject` is an item id, a thing's name, or empty for a wave."""

    kind: Kind
    subject: str


@dataclass(frozen=True)
class Action:
    """A step with its frames.

    Attributes:
        enter: first frame with a hand.
        touch: first frame in which the subject moves (put: comes into the picture).
        rest: first frame in which the subject rests (take: is gone).
        leave: first frame without the hand.
    """

    step: Step
    enter: int
    touch: int
    rest: int
    leave: int


@dataclass(frozen=True)
class Timeline:
    """Every action in order of time."""

    fps: int
    num_frames: int
    actions: tuple[Action, ...]

    def changes(self) -> list["Change"]:
        """Changes of the resting goods; a moved item goes at its touch and comes at its rest."""
        found = []
        for action in self.actions:
            kind, subject = action.step.kind, action.step.subject
            if kind in ("take", "move"):
                found.append(Change(action.touch, subject, is_there=False))
            if kind in ("put", "thing", "move"):
                found.append(Change(action.rest, subject, is_there=True))
        return found

    def state_at(self, frame: int) -> int:
        """How many changes there have been by `frame`; 0 is the empty counter."""
        return sum(frame >= change.frame for change in self.changes())

    def acting(self, frame: int) -> Action | None:
        """The action whose hand is in the picture, or None."""
        for action in self.actions:
            if action.enter <= frame < action.leave:
                return action
        return None


@dataclass(frozen=True)
class Change:
    """From `frame` on the subject rests on the counter, or no longer does."""

    frame: int
    subject: str
    is_there: bool


def planned(steps: list[Step], seconds: float, fps: int, rng: np.random.Generator) -> Timeline:
    """Give every step its frames.

    Raises:
        PlacementError: the steps need more time than the clip has.
    """
    actions = []
    now = EMPTY_S + rng.uniform(0.0, 0.2)
    for step in steps:
        before, during = _durations(step)
        enter, touch = now, now + before
        rest = touch + during
        leave = rest + (0.0 if step.kind == "take" else LEAVE_S)
        frames = [round(moment * fps) for moment in (enter, touch, rest, leave)]
        actions.append(Action(step, *frames))
        now = leave + rng.uniform(*PAUSE_S)
    num_frames = round(seconds * fps)
    last = max((action.rest for action in actions), default=0)
    if last > num_frames - QUIET_END_S * fps:
        needed = last / fps + QUIET_END_S
        raise PlacementError(
            f"{len(steps)} events need {needed:.1f} s, the clip has {seconds:.1f} s",
            hint="ask for a longer clip or fewer events",
        )
    return Timeline(fps, num_frames, tuple(actions))


def random_steps(
    item_ids: list[str], num_takes: int, num_moves: int, things: list[str], rng: np.random.Generator
) -> list[Step]:
    """Puts in the order given; takes, moves and things anywhere after their first put."""
    steps = [Step("put", item_id) for item_id in item_ids]
    for item_id in rng.choice(item_ids, size=min(num_moves, len(item_ids)), replace=False):
        after = next(i for i, s in enumerate(steps) if s == Step("put", str(item_id)))
        steps.insert(int(rng.integers(after + 1, len(steps) + 1)), Step("move", str(item_id)))
    for item_id in rng.choice(item_ids, size=min(num_takes, len(item_ids)), replace=False):
        after = max(i for i, s in enumerate(steps) if s.subject == str(item_id))
        steps.insert(int(rng.integers(after + 1, len(steps) + 1)), Step("take", str(item_id)))
    for name in things:
        kind: Kind = "wave" if name == "hand" else "thing"
        steps.insert(
            int(rng.integers(1, len(steps) + 1)), Step(kind, "" if kind == "wave" else name)
        )
    return steps


def _durations(step: Step) -> tuple[float, float]:
    """Seconds from the hand's coming to the touch, and from the touch to the rest."""
    if step.kind in ("put", "thing"):
        return 0.0, CARRY_S
    if step.kind == "take":
        return REACH_S, CARRY_S
    if step.kind == "move":
        return REACH_S, SLIDE_S
    return REACH_S, 0.4
