"""Where hand and goods are in every frame of a clip.

Flow: Timeline + places of rest -> one Moment per frame

Paths are curves with a soft end; the hand grips from above and behind. Pure arithmetic.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.lane_sim.timeline import Action, Timeline

Floats = NDArray[np.float64]
_OUTSIDE_Y = -66.0  # Beyond the shopper's edge: out of every picture.
_CARRY_Z = 24.0


@dataclass(frozen=True)
class Rest:
    """Where a body rests: its centre, and how high its top is."""

    centre_cm: Floats
    top_cm: float
    reach_y_cm: float

    def grip_cm(self) -> Floats:
        """The palm's place on the body."""
        back = min(6.5, 3.0 + self.reach_y_cm / 2)
        return np.array([self.centre_cm[0], self.centre_cm[1] - back, self.top_cm + 1.6])


@dataclass(frozen=True)
class Moment:
    """One frame.

    Attributes:
        state: number of the plate.
        palm_cm: None where no hand is in the picture.
        body: what moves, by item id or thing name; None for nothing.
        centre_cm: of the moving body.
    """

    state: int
    palm_cm: Floats | None
    body: str | None
    centre_cm: Floats | None


def clip_moments(timeline: Timeline, rests: dict[str, list[Rest]]) -> list[Moment]:
    """A moment per frame.

    Args:
        timeline: what happens.
        rests: per body its places of rest in order; a moved item has two.
    """
    visits = dict.fromkeys(rests, 0)
    plans: dict[int, tuple[Rest, Rest | None]] = {}
    for number, one in enumerate(timeline.actions):
        plans[number] = _places(one, rests, visits)
    moments = []
    for frame in range(timeline.num_frames):
        state = timeline.state_at(frame)
        action = timeline.acting(frame)
        if action is None:
            moments.append(Moment(state, None, None, None))
            continue
        plan = plans[timeline.actions.index(action)]
        moments.append(_moment(frame, state, action, *plan))
    return moments


def _places(
    action: Action, rests: dict[str, list[Rest]], visits: dict[str, int]
) -> tuple[Rest, Rest | None]:
    """The place the hand goes to, and for a move the one it goes on to."""
    kind, subject = action.step.kind, action.step.subject
    if kind == "wave":
        spot = np.array([6.0 * np.sin(action.enter), -6.0, 8.0])
        return Rest(spot, 9.0, 0.0), None
    if kind == "move":
        visits[subject] += 1
        return rests[subject][visits[subject] - 1], rests[subject][visits[subject]]
    return rests[subject][visits[subject]], None


def _moment(frame: int, state: int, action: Action, place: Rest, onward: Rest | None) -> Moment:
    kind, subject = action.step.kind, action.step.subject
    outside = _outside(place)
    lift = place.grip_cm() - place.centre_cm
    if kind in ("put", "thing"):
        if frame < action.rest:
            centre = _curve(
                outside - lift, place.centre_cm, _share(frame, action.touch, action.rest)
            )
            return Moment(state, centre + lift, subject, centre)
        return Moment(state, _back(place, frame, action), None, None)
    if kind == "take":
        if frame < action.touch:
            return Moment(state, _forth(place, frame, action), None, None)
        share = 1 - _share(action.rest - (frame - action.touch), action.touch, action.rest)
        centre = _curve(outside - lift, place.centre_cm, 1 - share)
        return Moment(state, centre + lift, subject, centre)
    if kind == "move" and onward is not None:
        if frame < action.touch:
            return Moment(state, _forth(place, frame, action), None, None)
        if frame < action.rest:
            share = _share(frame, action.touch, action.rest)
            centre = place.centre_cm + (onward.centre_cm - place.centre_cm) * share
            return Moment(state, centre + lift, subject, centre)
        return Moment(state, _back(onward, frame, action), None, None)
    if frame < action.rest:
        return Moment(state, _forth(place, min(frame, action.touch), action), None, None)
    return Moment(state, _back(place, frame, action), None, None)


def _outside(place: Rest) -> Floats:
    return np.array([place.centre_cm[0] * 0.6, _OUTSIDE_Y, _CARRY_Z + place.top_cm * 0.5])


def _forth(place: Rest, frame: int, action: Action) -> Floats:
    return _curve(_outside(place), place.grip_cm(), _share(frame, action.enter, action.touch))


def _back(place: Rest, frame: int, action: Action) -> Floats:
    share = (frame - action.rest) / max(action.leave - action.rest, 1)
    # Leaving starts slowly: fingers let go before the arm withdraws.
    return _curve(_outside(place), place.grip_cm(), 1 - share**1.6)


def _share(frame: int, first: int, last: int) -> float:
    """0 at `first`, 1 at `last`, fast in the beginning and slow at the end."""
    t = float(np.clip((frame - first) / max(last - first, 1), 0, 1))
    return 1 - (1 - t) ** 2


def _curve(start: Floats, end: Floats, share: float) -> Floats:
    """A curve that comes down on `end` from above."""
    over = np.array([end[0], end[1] - 9.0, end[2] + 11.0])
    s = share
    return np.asarray((1 - s) ** 2 * start + 2 * s * (1 - s) * over + s**2 * end)
