"""How far a release may go: ring after ring, stopped by evidence, held when time runs out.

Flow: reports of boxes, policy, state -> Decision with its numbers -> state

Pure: time and reports come as arguments, the hub's store keeps states and decisions. A box that
swapped and fell silent has failed; a box that was offline before it fetched the release says
nothing about it. Evidence of independent boxes is multiplied; it may be looked at at any moment.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from sync.share_evidence import share_log_e

Manual = Literal["next", "hold", "resume", "withdraw"]


class BoxStep(StrEnum):
    """How far a box is with the release."""

    OFFERED = "offered"  # not fetched yet; also every box that is offline
    FETCHED = "fetched"  # on its disk, in self-test or shadow
    REFUSED = "refused"  # self-test or shadow said no; nothing was swapped
    SWAPPED = "swapped"  # serves it, in probation
    CONFIRMED = "confirmed"
    ROLLED_BACK = "rolled_back"


class Phase(StrEnum):
    """How the rollout stands."""

    RUNNING = "running"
    HELD = "held"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class BoxReport:
    """What the centre knows of one box and this release.

    Attributes:
        ring: index into the policy's rings; a new box joins like any other.
        seen_at: last check-in.
        log_e_worse, log_e_no_worse: natural logs of the box's e-values, see edge/bundles.
    """

    box_id: str
    ring: int
    step: BoxStep
    seen_at: datetime
    log_e_worse: float = 0.0
    log_e_no_worse: float = 0.0


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring of the fleet.

    Attributes:
        soak: at least so long, even when all is well.
        deadline: after so long without a result a person must look.
        min_confirmed: boxes that must have confirmed, of those that fetched the release.
        share_confirmed: the same as a share.
        is_lab: replay set and drills: one failure stops, and no evidence of sales is needed.
    """

    name: str
    soak: timedelta
    deadline: timedelta
    min_confirmed: int = 1
    share_confirmed: float = 0.9
    is_lab: bool = False


@dataclass(frozen=True, slots=True)
class RolloutPolicy:
    """The rules of one rollout.

    Attributes:
        alpha: chance of stopping a release that is not worse, and of passing one that is.
        silent_after: a swapped box that was not seen for so long has failed.
        tolerated_failures: share of boxes that fail for reasons of their own.
    """

    rings: tuple[Ring, ...]
    alpha: float = 0.01
    silent_after: timedelta = timedelta(hours=6)
    tolerated_failures: float = 0.02


@dataclass(frozen=True, slots=True)
class RolloutState:
    """Where a release stands; one row of the hub's store."""

    bundle_id: str
    ring: int
    phase: Phase
    ring_began_at: datetime
    reason: str = ""

    def is_offered_to(self, ring: int) -> bool:
        """Whether boxes of a ring run this release; a new box gets what its ring has."""
        is_on = self.phase in (Phase.RUNNING, Phase.HELD, Phase.DONE)
        return is_on and ring <= self.ring


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, and every number it rests on."""

    action: Literal["wait", "advance", "finish", "hold", "stop"]
    reason: str
    numbers: dict[str, float] = field(default_factory=dict)


def begin(bundle_id: str, now: datetime) -> RolloutState:
    """A release enters the first ring."""
    return RolloutState(bundle_id, 0, Phase.RUNNING, now)


def decide(
    policy: RolloutPolicy, state: RolloutState, boxes: Iterable[BoxReport], now: datetime
) -> Decision:
    """Judge the rollout by what its boxes report.

    Args:
        boxes: of any ring; those of later rings are not looked at.
    """
    within = [box for box in boxes if box.ring <= state.ring]
    here = [box for box in within if box.ring == state.ring]
    numbers = _numbers(policy, state, within, here, now)
    if state.phase not in (Phase.RUNNING, Phase.HELD):
        return Decision("wait", str(state.phase), numbers)
    if reason := _reason_to_stop(policy, state, numbers):
        return Decision("stop", reason, numbers)
    if state.phase is Phase.HELD:
        return Decision("wait", "held", numbers)
    missing = _missing(policy, policy.rings[state.ring], numbers)
    if not missing:
        is_last = state.ring == len(policy.rings) - 1
        return Decision("finish" if is_last else "advance", "all conditions met", numbers)
    if now - state.ring_began_at >= policy.rings[state.ring].deadline:
        return Decision("hold", f"deadline passed, missing: {missing}", numbers)
    return Decision("wait", missing, numbers)


def apply(state: RolloutState, decision: Decision, now: datetime) -> RolloutState:
    """The state after a decision."""
    if decision.action == "advance":
        return replace(state, ring=state.ring + 1, ring_began_at=now, reason=decision.reason)
    phase = {"finish": Phase.DONE, "hold": Phase.HELD, "stop": Phase.STOPPED}.get(decision.action)
    return state if phase is None else replace(state, phase=phase, reason=decision.reason)


def apply_manual(
    policy: RolloutPolicy, state: RolloutState, act: Manual, now: datetime, *, actor: str
) -> RolloutState:
    """What a person orders; it is kept like any other decision.

    Raises:
        ValueError: not possible in this phase.
    """
    reason = f"{act} by {actor}"
    if act == "withdraw":
        return replace(state, phase=Phase.WITHDRAWN, reason=reason)
    if state.phase not in (Phase.RUNNING, Phase.HELD):
        raise ValueError(f"a rollout that is {state.phase} takes no `{act}`")
    if act == "next":
        if state.ring + 1 >= len(policy.rings):
            raise ValueError("this is the last ring")
        return replace(
            state, ring=state.ring + 1, phase=Phase.RUNNING, ring_began_at=now, reason=reason
        )
    phase = Phase.HELD if act == "hold" else Phase.RUNNING
    began_at = now if act == "resume" else state.ring_began_at
    return replace(state, phase=phase, ring_began_at=began_at, reason=reason)


def _numbers(
    policy: RolloutPolicy,
    state: RolloutState,
    within: Sequence[BoxReport],
    here: Sequence[BoxReport],
    now: datetime,
) -> dict[str, float]:
    served = (BoxStep.SWAPPED, BoxStep.CONFIRMED)
    silent = [b for b in within if b.step in served and now - b.seen_at > policy.silent_after]
    refused = [b for b in within if b.step in (BoxStep.REFUSED, BoxStep.ROLLED_BACK)]
    judged = [b for b in within if b.step not in (BoxStep.OFFERED, BoxStep.FETCHED)]
    num_failed = len(refused) + len(silent)
    fetched = [b for b in here if b.step is not BoxStep.OFFERED]
    return {
        "ring": state.ring,
        "hours": (now - state.ring_began_at).total_seconds() / 3600,
        "boxes": len(here),
        "offline_before_fetch": len(here) - len(fetched),
        "fetched": len(fetched),
        "confirmed": sum(b.step is BoxStep.CONFIRMED for b in here),
        "refused_or_rolled_back": len(refused),
        "silent_after_swap": len(silent),
        "judged": len(judged),
        "failed": num_failed,
        "log_e_failures": share_log_e(num_failed, len(judged), policy.tolerated_failures),
        "log_e_worse": sum(b.log_e_worse for b in within),
        "log_e_no_worse": sum(b.log_e_no_worse for b in within),
        "log_e_needed": math.log(1.0 / policy.alpha),
    }


def _reason_to_stop(policy: RolloutPolicy, state: RolloutState, numbers: dict[str, float]) -> str:
    if policy.rings[state.ring].is_lab and numbers["failed"]:
        return "a box of the lab failed"
    if numbers["log_e_worse"] >= numbers["log_e_needed"]:
        return "baskets are priced worse"
    if numbers["log_e_failures"] >= numbers["log_e_needed"]:
        return "too many boxes failed"
    return ""


def _missing(policy: RolloutPolicy, ring: Ring, numbers: dict[str, float]) -> str:
    """What keeps the release in this ring; empty where nothing does."""
    if numbers["hours"] * 3600 < ring.soak.total_seconds():
        return "time to soak"
    wanted = max(ring.min_confirmed, math.ceil(ring.share_confirmed * numbers["fetched"]))
    if numbers["confirmed"] < wanted:
        return f"{wanted - int(numbers['confirmed'])} confirmed boxes"
    if not ring.is_lab and numbers["log_e_no_worse"] < numbers["log_e_needed"]:
        return "evidence that it is no worse"
    return ""
