"""Triggers and their firings: a firing, its job and the new mark are one transaction.

Flow: facts -> decide -> firing (UNIQUE trigger, occasion) + job of kind `pipeline` + audit

So a hub killed at any moment has either fired or not; asked again it finds the occasion taken.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from trainer.errors import DegradedError
from trainer.monitoring.triggers import (
    Facts,
    TriggerDecision,
    TriggerPlan,
    decide,
    held_back,
)
from trainer.store import audit, job_queue
from trainer.store.trigger_facts import facts_for
from trainer.store.trigger_tables import FIRINGS, TRIGGERS

BUDGET_LIFE = timedelta(days=30)
CLOCK = "hub"  # who fires what falls due by itself


class TriggerError(DegradedError):
    """A trigger that cannot be made or fired so."""

    code = "trigger.refused"


class UnknownTriggerError(TriggerError):
    """No such trigger."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class StoredTrigger:
    """A trigger; `last_state` says what became of it when it was last asked."""

    trigger_id: str
    name: str
    is_active: bool
    plan: TriggerPlan
    last_state: str
    since: datetime
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Firing:
    """One time it fired."""

    firing_id: int
    trigger_id: str
    occasion: str
    reasons: list[str]
    job_id: str
    cost: int
    by: str
    at: datetime


def create_trigger(
    connection: Connection, name: str, plan: TriggerPlan, *, now: datetime, actor: str
) -> tuple[StoredTrigger, str]:
    """A new trigger and the secret of its push webhook, which is told this once.

    Raises:
        TriggerError: the name is taken.
    """
    if connection.execute(select(TRIGGERS.c.name).where(TRIGGERS.c.name == name)).scalar():
        raise TriggerError(f"there is a trigger {name!r}", hint="choose another name")
    trigger_id, secret = uuid.uuid4().hex, secrets.token_urlsafe(32)
    connection.execute(
        insert(TRIGGERS).values(
            trigger_id=trigger_id, name=name, is_active=True, plan=plan.model_dump(mode="json"),
            push_secret=secret, last_state="never asked", since=now, created_by=actor,
            created_at=now,
        )
    )  # fmt: skip
    _audit(connection, now, actor, "trigger_created", trigger_id, name=name)
    return find_trigger(connection, trigger_id), secret


def change_trigger(
    connection: Connection, trigger_id: str, *, is_active: bool | None, plan: TriggerPlan | None,
    now: datetime, actor: str,
) -> StoredTrigger:  # fmt: skip
    """Switch it on or off, or give it another plan.

    Raises:
        UnknownTriggerError: there is none.
    """
    find_trigger(connection, trigger_id)
    values: dict[str, Any] = {}
    if is_active is not None:
        values["is_active"] = is_active
    if plan is not None:
        values["plan"] = plan.model_dump(mode="json")
    if values:
        where = TRIGGERS.c.trigger_id == trigger_id
        connection.execute(update(TRIGGERS).where(where).values(**values))
    _audit(connection, now, actor, "trigger_changed", trigger_id, what=" ".join(sorted(values)))
    return find_trigger(connection, trigger_id)


def delete_trigger(connection: Connection, trigger_id: str, *, now: datetime, actor: str) -> None:
    """Take a trigger away, with the list of its firings; the audit and the jobs stay.

    Raises:
        UnknownTriggerError: there is none.
    """
    found = find_trigger(connection, trigger_id)
    connection.execute(delete(FIRINGS).where(FIRINGS.c.trigger_id == trigger_id))
    connection.execute(delete(TRIGGERS).where(TRIGGERS.c.trigger_id == trigger_id))
    _audit(connection, now, actor, "trigger_deleted", trigger_id, name=found.name)


def find_trigger(connection: Connection, trigger_id: str) -> StoredTrigger:
    """A trigger by its id or name.

    Raises:
        UnknownTriggerError: there is none.
    """
    where = (TRIGGERS.c.trigger_id == trigger_id) | (TRIGGERS.c.name == trigger_id)
    row = connection.execute(select(TRIGGERS).where(where)).mappings().first()
    if row is None:
        raise UnknownTriggerError(f"no trigger {trigger_id[:40]!r}", hint="hubctl trigger list")
    return _stored(dict(row))


def list_triggers(connection: Connection) -> list[StoredTrigger]:
    """All, by name."""
    rows = connection.execute(select(TRIGGERS).order_by(TRIGGERS.c.name)).mappings()
    return [_stored(dict(row)) for row in rows]


def push_secret(connection: Connection, trigger_id: str) -> str:
    """What a push webhook signs with; empty text where there is no such trigger."""
    query = select(TRIGGERS.c.push_secret).where(TRIGGERS.c.trigger_id == trigger_id)
    return str(connection.execute(query).scalar() or "")


def firings_of(connection: Connection, trigger_id: str, limit: int = 100) -> list[Firing]:
    """The newest first."""
    return _firings(connection, trigger_id, limit)


def fire_due(
    connection: Connection, trigger_id: str, accuracy: dict[str, float], *, now: datetime
) -> Firing | None:
    """Fire a trigger if its conditions say so; call it in a transaction of its own.

    Args:
        accuracy: expected accuracy by store, where it can be told.
    """
    query = select(TRIGGERS).where(TRIGGERS.c.trigger_id == trigger_id).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None or not row["is_active"]:
        return None
    trigger = _stored(dict(row))
    budget = _budget(connection, trigger, now)
    facts = facts_for(connection, trigger.plan, trigger.since, budget, accuracy)
    decision = decide(trigger.plan, facts, now)
    if not decision.is_due:
        _note_state(connection, trigger, f"waits: {decision.held_by}")
        return None
    return _fire(connection, trigger, decision, now=now, actor=CLOCK)


def fire_now(
    connection: Connection, trigger_id: str, occasion: str, reason: str, *, now: datetime,
    actor: str,
) -> tuple[Firing, bool]:  # fmt: skip
    """Fire because somebody asked; the firing, and whether it is new.

    Args:
        occasion: the same one twice fires once.

    Raises:
        UnknownTriggerError: there is none.
        TriggerError: switched off, cooling down, or over its cost cap.
    """
    trigger = find_trigger(connection, trigger_id)
    where = TRIGGERS.c.trigger_id == trigger.trigger_id
    connection.execute(select(TRIGGERS.c.trigger_id).where(where).with_for_update())
    known = _firings(connection, trigger.trigger_id, 1, FIRINGS.c.occasion == occasion)
    if known:
        return known[0], False
    if not trigger.is_active:
        raise TriggerError("the trigger is switched off", hint="hubctl trigger enable")
    held_by = held_back(trigger.plan, _budget(connection, trigger, now), now)
    if held_by:
        raise TriggerError(held_by, hint="change its plan, or enqueue a job by hand")
    decision = TriggerDecision(True, occasion, (reason,))
    return _fire(connection, trigger, decision, now=now, actor=actor), True


def _fire(
    connection: Connection, trigger: StoredTrigger, decision: TriggerDecision, *, now: datetime,
    actor: str,
) -> Firing:  # fmt: skip
    job = trigger.plan.job
    origin = {"trigger_id": trigger.trigger_id, "occasion": decision.occasion}
    queued = job_queue.enqueue(
        connection, job.kind, {**job.parameters, "trigger": {**origin, "name": trigger.name}},
        priority=job.priority, num_gpus=job.num_gpus, now=now, actor=f"trigger:{trigger.name}",
    )  # fmt: skip
    connection.execute(
        insert(FIRINGS).values(
            trigger_id=trigger.trigger_id, occasion=decision.occasion,
            reasons=list(decision.reasons), job_id=queued.job_id, cost=trigger.plan.cost,
            by=actor, at=now,
        )
    )  # fmt: skip
    where = TRIGGERS.c.trigger_id == trigger.trigger_id
    connection.execute(update(TRIGGERS).where(where).values(since=now))
    _note_state(connection, trigger, f"fired: {', '.join(decision.reasons)}")
    _audit(
        connection, now, actor, "trigger_fired", trigger.trigger_id, job=queued.job_id,
        occasion=decision.occasion, reasons=", ".join(decision.reasons)[:300],
    )  # fmt: skip
    return firings_of(connection, trigger.trigger_id, 1)[0]


def _firings(
    connection: Connection, trigger_id: str, limit: int, *wanted: ColumnElement[bool]
) -> list[Firing]:
    rows = connection.execute(
        select(FIRINGS)
        .where(FIRINGS.c.trigger_id == trigger_id, *wanted)
        .order_by(FIRINGS.c.firing_id.desc())
        .limit(limit)
    ).mappings()
    return [Firing(**{name: row[name] for name in Firing.__slots__}) for row in rows]


def _budget(connection: Connection, trigger: StoredTrigger, now: datetime) -> Facts:
    """What its firings so far say."""
    mine = FIRINGS.c.trigger_id == trigger.trigger_id
    num, last = connection.execute(select(func.count(), func.max(FIRINGS.c.at)).where(mine)).one()
    spent = connection.execute(
        select(func.sum(FIRINGS.c.cost)).where(mine, FIRINGS.c.at > now - BUDGET_LIFE)
    ).scalar()
    newest = connection.execute(
        select(FIRINGS.c.occasion)
        .where(mine, FIRINGS.c.occasion.like("calendar:%"))
        .order_by(FIRINGS.c.occasion.desc())
        .limit(1)
    ).scalar()
    scheduled = newest and datetime.strptime(newest, "calendar:%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    return Facts(
        created_at=trigger.created_at, num_firings=num, last_fired_at=last,
        last_scheduled_at=scheduled or None, spent_30d=int(spent or 0),
    )  # fmt: skip


def _note_state(connection: Connection, trigger: StoredTrigger, text: str) -> None:
    if text[:300] != trigger.last_state:
        where = TRIGGERS.c.trigger_id == trigger.trigger_id
        connection.execute(update(TRIGGERS).where(where).values(last_state=text[:300]))


def _stored(row: dict[str, Any]) -> StoredTrigger:
    values = {name: row[name] for name in StoredTrigger.__slots__ if name != "plan"}
    return StoredTrigger(**values, plan=TriggerPlan.model_validate(row["plan"]))


def _audit(
    connection: Connection, now: datetime, actor: str, action: str, trigger_id: str, **details: str
) -> None:
    audit.record(
        connection, now=now, actor=actor, action=action, subject=f"trigger:{trigger_id}",
        details=details,
    )  # fmt: skip
