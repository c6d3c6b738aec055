"""Where the judge and the record of rollouts meet: started, advanced, ordered by a person.

Flow: NewRollout -> row ; reports of boxes -> decide -> row moved once, decision kept

Each function takes the caller's connection: one decision is one transaction, and whoever comes
second from the same state changes nothing. Signs nothing; the hub's rollout_keeper.py does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from trainer.release.rollout import (
    BoxReport,
    BoxStep,
    Decision,
    Manual,
    Phase,
    RolloutState,
    apply,
    apply_manual,
    decide,
)
from trainer.release.rollout_plan import RolloutPlan
from trainer.store import alerts, rollouts
from trainer.store.registry import find_model
from trainer.store.rollout_boxes import BoxStanding, count_boxes, standings
from trainer.store.rollouts import (
    HUB,
    KeptDecision,
    RolloutError,
    Standing,
    StoredRing,
    StoredRollout,
)

RELEASE, WITHDRAWN = "release", "withdrawn"
Counts = dict[str, dict[str, int]]

_STEPS = {
    "offered": BoxStep.OFFERED,
    "fetched": BoxStep.FETCHED,
    "held": BoxStep.FETCHED,
    "refused": BoxStep.REFUSED,
    "swapped": BoxStep.SWAPPED,
    "confirmed": BoxStep.CONFIRMED,
    "rolled_back": BoxStep.ROLLED_BACK,
}


@dataclass(frozen=True, slots=True)
class NewRollout:
    """What a person asks for.

    Attributes:
        policy: of the boxes' own judgement, see sync/swap_policy.py.
    """

    bundle_id: str
    channel: str
    policy: str
    plan: RolloutPlan
    note: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """How a rollout stands by what its boxes told."""

    decision: Decision
    counts: Counts
    boxes: list[BoxStanding]


def start(
    connection: Connection, wanted: NewRollout, previous: Mapping[str, str | None], *,
    now: datetime, actor: str,
) -> StoredRollout:  # fmt: skip
    """Begin in the first ring.

    Args:
        previous: ring -> the bundle it is assigned now; where a withdrawal leads back to.

    Raises:
        UnknownModelError: there is no such model.
        RolloutError: not approved, its first ring is empty, or a ring has a rollout under way.
    """
    model = find_model(connection, wanted.bundle_id)
    if model.stage != "approved":
        raise RolloutError(
            f"model {wanted.bundle_id[:12]} is {model.stage}, not approved",
            hint="an approver approves it first: hubctl model approve",
        )
    names = [ring.name for ring in wanted.plan.rings]
    if (found := rollouts.in_the_way(connection, names)) is not None:
        raise RolloutError(
            f"rollout {found[0]} of {found[1][:12]} is under way in ring {found[2]}",
            hint=f"wait for it, or end it: hubctl rollout withdraw {found[0]}",
        )
    if not standings(connection, -1, names[:1]):
        raise RolloutError(
            f"no enrolled box is in ring {names[0]}",
            hint="the first ring proves the release: move a box there, or leave the ring out",
        )
    return rollouts.add_rollout(
        connection, bundle_id=wanted.bundle_id, channel=wanted.channel, policy=wanted.policy,
        plan=wanted.plan.model_dump(mode="json"), note=wanted.note, now=now, actor=actor,
        rings={name: previous.get(name) for name in names},
    )  # fmt: skip


def judge(connection: Connection, rollout: StoredRollout, now: datetime) -> Judged:
    """What the judge says now; changes nothing."""
    plan = plan_of(rollout)
    names = [ring.name for ring in plan.rings]
    boxes = standings(connection, rollout.rollout_id, names)
    counts = counts_of(connection, rollout, now)
    places = {name: place for place, name in enumerate(names)}
    reports = [_report(box, places[box.ring], plan, rollout) for box in boxes]
    return Judged(decide(plan.policy(), state_of(rollout), reports, now), counts, boxes)


def counts_of(connection: Connection, rollout: StoredRollout, now: datetime) -> Counts:
    """Ring -> step -> boxes, also `silent` and `offline`."""
    plan = plan_of(rollout)
    names = [ring.name for ring in plan.rings]
    silent_after = plan.policy().silent_after
    return count_boxes(connection, rollout.rollout_id, names, now=now, silent_after=silent_after)


def advance(
    connection: Connection, rollout: StoredRollout, judged: Judged, *, now: datetime
) -> StoredRollout:
    """Do what the judge said, once: nothing where the rollout has moved since it was judged."""
    ring = plan_of(rollout).rings[rollout.ring].name
    if rollout.phase in rollouts.OPEN:
        rollouts.note_point(connection, rollout, ring, judged.decision.numbers, now=now)
    if judged.decision.action == "wait":
        return rollout
    after = apply(state_of(rollout), judged.decision, now)
    if rollouts.move(connection, rollout, _standing(after), now=now):
        told = judged.decision
        kept = KeptDecision(told.action, HUB, told.reason, ring, "", told.numbers, judged.counts)
        rollouts.append_decision(connection, rollout, kept, now=now)
        if told.action in ("stop", "hold"):  # somebody must look; webhooks hear it too
            past = "stopped" if told.action == "stop" else "held"
            place = f"rollout:{rollout.rollout_id}"
            title = f"{place} of {rollout.bundle_id[:12]} is {past} in ring {ring}: {told.reason}"
            alerts.raise_alert(connection, f"rollout_{past}", place, title, told.numbers, now=now)
    return rollouts.find_rollout(connection, rollout.rollout_id)


def order(
    connection: Connection, rollout_id: int, act: Manual, *, now: datetime, actor: str, note: str
) -> StoredRollout:
    """What a person orders, kept with the judge's numbers of that moment.

    Raises:
        UnknownRolloutError: there is none.
        RolloutError: not possible in this phase.
    """
    rollout = rollouts.find_rollout(connection, rollout_id)
    plan = plan_of(rollout)
    if act == "withdraw":
        _refuse_withdrawal(connection, rollout)
    try:
        after = apply_manual(plan.policy(), state_of(rollout), act, now, actor=actor)
    except ValueError as err:
        raise RolloutError(f"rollout {rollout_id}: {err}", hint="see hubctl rollout show") from err
    judged = judge(connection, rollout, now)
    if not rollouts.move(connection, rollout, _standing(after), now=now):
        raise RolloutError(f"rollout {rollout_id} has moved", hint="look at it and order again")
    kept = KeptDecision(
        act, actor, after.reason, plan.rings[rollout.ring].name, note, judged.decision.numbers,
        judged.counts,
    )  # fmt: skip
    rollouts.append_decision(connection, rollout, kept, now=now)
    return rollouts.find_rollout(connection, rollout_id)


def wanted_for(rollout: StoredRollout, ring: StoredRing) -> str:
    """What ought to be signed for a ring: nothing yet, the release, or its withdrawal."""
    if state_of(rollout).is_offered_to(ring.place):
        return RELEASE
    return WITHDRAWN if ring.told else ""


def plan_of(rollout: StoredRollout) -> RolloutPlan:
    """The plan as it was started."""
    return RolloutPlan.model_validate(rollout.plan)


def state_of(rollout: StoredRollout) -> RolloutState:
    """The row in the judge's words."""
    return RolloutState(
        rollout.bundle_id, rollout.ring, Phase(rollout.phase), rollout.ring_began_at,
        rollout.reason,
    )  # fmt: skip


def _standing(state: RolloutState) -> Standing:
    return Standing(state.phase.value, state.ring, state.ring_began_at, state.reason)


def _refuse_withdrawal(connection: Connection, rollout: StoredRollout) -> None:
    if rollout.phase in (Phase.WITHDRAWN, Phase.STOPPED):
        raise RolloutError(
            f"rollout {rollout.rollout_id} is {rollout.phase} already", hint="it was taken back"
        )
    if (newer := rollouts.told_later(connection, rollout)) is not None:
        raise RolloutError(
            f"rollout {newer} came after it in the same rings", hint=f"withdraw rollout {newer}"
        )


def _report(box: BoxStanding, place: int, plan: RolloutPlan, rollout: StoredRollout) -> BoxReport:
    """A box in the judge's words; a lab lane has confirmed only once its drills are shown."""
    step = _STEPS.get(box.step, BoxStep.OFFERED)
    is_lab = plan.rings[place].is_lab
    if is_lab and step is BoxStep.CONFIRMED and not box.is_drilled:
        step = BoxStep.SWAPPED
    seen_at = box.seen_at or box.enrolled_at or rollout.started_at
    return BoxReport(box.box_id, place, step, seen_at, box.log_e_worse, box.log_e_no_worse)
