"""Rollouts for people: start one, look at it with every number, let it on, hold, resume, withdraw.

Flow: request -> permission -> rollout_desk -> RolloutKeeper.tick, which signs -> JSON

Who may change the fleet starts and stops; letting a release into more shops before the evidence is
there (`next`) is an approver's word. What a page needs is in one answer.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import ValidationError
from sqlalchemy import Connection

from sync.swap_policy import POLICIES, STRICTEST, policy_named
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import needs
from trainer.hub.rollout_forms import (
    Act,
    BoxProgressPage,
    BoxProgressReply,
    DecisionReply,
    PointReply,
    RingReply,
    RingState,
    RolloutOrderRequest,
    RolloutReply,
    RolloutRow,
    RolloutStartRequest,
    Step,
)
from trainer.hub.rollout_keeper import RolloutKeeper
from trainer.release import rollout_desk
from trainer.release.rollout_desk import Counts, Judged, NewRollout
from trainer.release.rollout_plan import RolloutPlan, plan_of
from trainer.store import rollouts
from trainer.store.database import reading, writing
from trainer.store.registry import find_model
from trainer.store.role_permissions import Permission
from trainer.store.rollout_boxes import FAILED_STEPS, BoxStanding
from trainer.store.rollouts import RolloutError, StoredRing, StoredRollout

MAX_SHOWN_BOXES = 100
MAX_PAGE = 500
RolloutId = Annotated[int, Path(ge=1, le=2**31 - 1)]


def make_rollout_router(services: HubServices, keeper: RolloutKeeper) -> APIRouter:
    """Endpoints below /api/v1/rollouts."""
    router = APIRouter(prefix="/api/v1/rollouts", tags=["rollouts"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.FLEET_READ))]

    @router.get("")
    def list_all(who: reader, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[RolloutRow]:
        with reading(engine) as connection:
            found = rollouts.list_rollouts(connection, limit=limit)
            now = keeper.clock()
            return [
                RolloutRow(
                    **_row_facts(connection, one, rollout_desk.counts_of(connection, one, now))
                )
                for one in found
            ]

    @router.get("/{rollout_id}")
    def read(who: reader, rollout_id: RolloutId) -> RolloutReply:
        with reading(engine) as connection:
            return _reply(connection, rollout_id, keeper.clock())

    @router.get("/{rollout_id}/boxes")
    def boxes(
        who: reader,
        rollout_id: RolloutId,
        ring: Annotated[str, Query(max_length=63)] = "",
        step: Step = "",
        offset: Annotated[int, Query(ge=0, le=10**6)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    ) -> BoxProgressPage:
        with reading(engine) as connection:
            rollout = rollouts.find_rollout(connection, rollout_id)
            now = keeper.clock()
            found = rollout_desk.judge(connection, rollout, now).boxes
        after = rollout_desk.plan_of(rollout).policy().silent_after
        kept = [b for b in found if ring in ("", b.ring) and step in ("", b.step)]
        items = [_box(box, now, after) for box in kept[offset : offset + limit]]
        return BoxProgressPage(total=len(kept), offset=offset, limit=limit, items=items)

    _add_orders(router, services, keeper)
    return router


def _add_orders(router: APIRouter, services: HubServices, keeper: RolloutKeeper) -> None:
    engine = services.engine
    operator = Annotated[str, Depends(needs(engine, Permission.FLEET_CHANGE))]
    approver = Annotated[str, Depends(needs(engine, Permission.MODELS_APPROVE))]

    @router.post("", status_code=201)
    def start(who: operator, body: RolloutStartRequest) -> RolloutReply:
        plan = body.plan or _plan(body.rings)
        wanted = NewRollout(body.bundle_id, body.channel, body.policy, plan, body.note)
        with reading(engine) as connection:
            find_model(connection, body.bundle_id)
        keeper.require_released(body.bundle_id)
        previous = keeper.assigned([ring.name for ring in plan.rings])
        with writing(engine) as connection:
            made = rollout_desk.start(connection, wanted, previous, now=keeper.clock(), actor=who)
        return signed(made.rollout_id)

    @router.post("/{rollout_id}/next")
    def let_on(who: approver, rollout_id: RolloutId, body: RolloutOrderRequest) -> RolloutReply:
        return order("next", rollout_id, body.note, who)

    @router.post("/{rollout_id}/hold")
    def hold(who: operator, rollout_id: RolloutId, body: RolloutOrderRequest) -> RolloutReply:
        return order("hold", rollout_id, body.note, who)

    @router.post("/{rollout_id}/resume")
    def resume(who: operator, rollout_id: RolloutId, body: RolloutOrderRequest) -> RolloutReply:
        return order("resume", rollout_id, body.note, who)

    @router.post("/{rollout_id}/withdraw")
    def withdraw(who: operator, rollout_id: RolloutId, body: RolloutOrderRequest) -> RolloutReply:
        return order("withdraw", rollout_id, body.note, who)

    def order(act: Act, rollout_id: int, note: str, who: str) -> RolloutReply:
        with writing(engine) as connection:
            rollout_desk.order(
                connection, rollout_id, act, now=keeper.clock(), actor=who, note=note
            )
        return signed(rollout_id)

    def signed(rollout_id: int) -> RolloutReply:
        keeper.tick()
        with reading(engine) as connection:
            return _reply(connection, rollout_id, keeper.clock())


def _plan(rings: list[str]) -> RolloutPlan:
    try:
        return plan_of(rings)
    except ValidationError as err:
        raise RolloutError(
            f"no plan: {err.errors()[0]['msg']}", hint="name the rings in their order, each once"
        ) from err


def _row_facts(connection: Connection, rollout: StoredRollout, counts: Counts) -> dict[str, Any]:
    model = find_model(connection, rollout.bundle_id)
    plan = rollout_desk.plan_of(rollout)
    reached = [counts[ring.name] for ring in plan.rings[: rollout.ring + 1]]
    names = ("rollout_id", "bundle_id", "channel", "policy", "phase", "reason", "note",
             "started_by", "started_at", "ring_began_at", "ended_at")  # fmt: skip
    return {
        **{name: getattr(rollout, name) for name in names},
        "name": model.name,
        "version": model.version,
        "ring": plan.rings[rollout.ring].name,
        "place": rollout.ring,
        "num_rings": len(plan.rings),
        "num_boxes": sum(one["boxes"] for one in reached),
        "num_confirmed": sum(one["confirmed"] for one in reached),
        "num_failed": sum(one[k] for one in reached for k in (*FAILED_STEPS, "silent")),
    }


def _reply(connection: Connection, rollout_id: int, now: datetime) -> RolloutReply:
    rollout = rollouts.find_rollout(connection, rollout_id)
    judged = rollout_desk.judge(connection, rollout, now)
    plan = rollout_desk.plan_of(rollout)
    after = plan.policy().silent_after
    bad = [b for b in judged.boxes
           if b.step in (*FAILED_STEPS, "held") or b.is_silent(now, after)]  # fmt: skip
    return RolloutReply(
        **_row_facts(connection, rollout, judged.counts),
        waits_for=judged.decision.reason,
        numbers=judged.decision.numbers,
        limits={name: getattr(plan, name)
                for name in ("alpha", "silent_after_h", "tolerated_failures")},
        box_policy=policy_named(rollout.policy).model_dump(),
        production_policy=POLICIES[STRICTEST].model_dump(),
        rings=_rings(connection, rollout, judged),
        decisions=[DecisionReply(**{n: getattr(d, n) for n in d.__slots__})
                   for d in rollouts.decisions_of(connection, rollout_id)],
        series=[PointReply(at=p.at, ring=p.ring, numbers=p.numbers)
                for p in rollouts.points_of(connection, rollout_id)],
        troubled_boxes=[_box(box, now, after) for box in bad[:MAX_SHOWN_BOXES]],
    )  # fmt: skip


def _rings(connection: Connection, rollout: StoredRollout, judged: Judged) -> list[RingReply]:
    plan = rollout_desk.plan_of(rollout)
    found: list[RingReply] = []
    for ring in rollouts.rings_of(connection, rollout.rollout_id):
        names = ("place", "name", "previous_bundle_id", "told", "generation", "told_at",
                 "began_at", "passed_at")  # fmt: skip
        facts: dict[str, Any] = {name: getattr(ring, name) for name in names}
        facts |= plan.rings[ring.place].model_dump(exclude={"name"}) | judged.counts[ring.name]
        found.append(RingReply(**facts, state=_ring_state(rollout, ring)))
    return found


def _ring_state(rollout: StoredRollout, ring: StoredRing) -> RingState:
    if rollout.phase in ("stopped", "withdrawn"):
        return "withdrawn" if ring.began_at else "waiting"
    if ring.passed_at is not None:
        return "passed"
    return "current" if ring.place == rollout.ring else "waiting"


def _box(box: BoxStanding, now: datetime, silent_after: timedelta) -> BoxProgressReply:
    names = [name for name in BoxProgressReply.model_fields if name not in ("is_silent", "drills")]
    return BoxProgressReply(
        **{name: getattr(box, name) for name in names},
        is_silent=box.is_silent(now, silent_after),
        drills=dict(box.drills or {}),
    )
