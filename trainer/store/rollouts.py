"""Rollouts as they are kept: what was started, where it stands, every decision with its numbers.

Flow: plan -> row, rings ; Standing, KeptDecision -> row moved once, decision appended

Rows only: trainer/release/rollout.py judges, rollout_desk.py there puts the two together, and
rollout_boxes.py has what boxes tell. Decisions are appended, never changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.rollout_tables import (
    ROLLOUT_DECISIONS,
    ROLLOUT_POINTS,
    ROLLOUT_RINGS,
    ROLLOUTS,
)

OPEN = ("running", "held")
HUB = "hub"
POINT_EVERY = timedelta(minutes=15)  # and at each change of a count: 3,000 points are a month
MAX_POINTS = 3_000


class RolloutError(DegradedError):
    """A rollout that cannot be started, or an order that it cannot take now."""

    code = "rollout.refused"


class UnknownRolloutError(RolloutError):
    """No such rollout."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class StoredRollout:
    """One rollout; `ring` is the place of the ring it has reached."""

    rollout_id: int
    bundle_id: str
    channel: str
    policy: str
    plan: dict[str, Any]
    note: str
    phase: str
    ring: int
    ring_began_at: datetime
    reason: str
    started_by: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredRing:
    """One ring of a rollout: what it ran before, and what was signed for it last."""

    rollout_id: int
    place: int
    name: str
    previous_bundle_id: str | None
    told: str
    generation: int
    told_at: datetime | None
    began_at: datetime | None
    passed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision and what it rested on."""

    decision_id: int
    at: datetime
    action: str
    by: str
    reason: str
    note: str
    ring: str
    numbers: dict[str, float]
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """The judge's numbers at a moment."""

    at: datetime
    ring: str
    numbers: dict[str, float]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rollout stands after a decision."""

    phase: str
    ring: int
    ring_began_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """A decision on its way into the record.

    Attributes:
        action: `start`, what the judge decided, or what a person ordered.
        by: `hub`, or the person.
        counts: ring -> step -> boxes.
    """

    action: str
    by: str
    reason: str
    ring: str
    note: str = ""
    numbers: dict[str, float] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


def add_rollout(
    connection: Connection, *, bundle_id: str, channel: str, policy: str, plan: dict[str, Any],
    rings: Mapping[str, str | None], note: str, now: datetime, actor: str,
) -> StoredRollout:  # fmt: skip
    """A new rollout at the beginning of its first ring.

    Args:
        rings: in their order; name -> the bundle it is assigned now, the way back.
    """
    row = connection.execute(
        insert(ROLLOUTS).values(
            bundle_id=bundle_id, channel=channel, policy=policy, plan=plan, note=note,
            phase="running", ring=0, ring_began_at=now, reason="", started_by=actor,
            started_at=now,
        )
    )  # fmt: skip
    assert row.inserted_primary_key is not None
    rollout_id = int(row.inserted_primary_key[0])
    connection.execute(
        insert(ROLLOUT_RINGS),
        [
            {"rollout_id": rollout_id, "place": place, "name": name, "told": "", "generation": 0,
             "previous_bundle_id": before, "began_at": None if place else now}
            for place, (name, before) in enumerate(rings.items())
        ],
    )  # fmt: skip
    rollout = find_rollout(connection, rollout_id)
    kept = KeptDecision("start", actor, f"started by {actor}", next(iter(rings)), note)
    append_decision(connection, rollout, kept, now=now)
    return rollout


def find_rollout(connection: Connection, rollout_id: int) -> StoredRollout:
    """A rollout by its number.

    Raises:
        UnknownRolloutError: there is none.
    """
    where = ROLLOUTS.c.rollout_id == rollout_id
    row = connection.execute(select(ROLLOUTS).where(where)).mappings().first()
    if row is None:
        raise UnknownRolloutError(f"no rollout {rollout_id}", hint="see hubctl rollout list")
    return StoredRollout(**row)


def list_rollouts(
    connection: Connection, *, limit: int = 50, phases: Iterable[str] = ()
) -> list[StoredRollout]:
    """The newest first."""
    query = select(ROLLOUTS).order_by(ROLLOUTS.c.rollout_id.desc()).limit(limit)
    if wanted := tuple(phases):
        query = query.where(ROLLOUTS.c.phase.in_(wanted))
    return [StoredRollout(**row) for row in connection.execute(query).mappings()]


def rings_of(connection: Connection, rollout_id: int) -> list[StoredRing]:
    """Its rings in their order."""
    query = select(ROLLOUT_RINGS).where(ROLLOUT_RINGS.c.rollout_id == rollout_id)
    rows = connection.execute(query.order_by(ROLLOUT_RINGS.c.place)).mappings()
    return [StoredRing(**row) for row in rows]


def decisions_of(connection: Connection, rollout_id: int, limit: int = 500) -> list[StoredDecision]:
    """Every decision, oldest first."""
    names = StoredDecision.__slots__
    rows = connection.execute(
        select(*(ROLLOUT_DECISIONS.c[name] for name in names))
        .where(ROLLOUT_DECISIONS.c.rollout_id == rollout_id)
        .order_by(ROLLOUT_DECISIONS.c.decision_id)
        .limit(limit)
    ).mappings()
    return [StoredDecision(**row) for row in rows]


def points_of(connection: Connection, rollout_id: int) -> list[StoredPoint]:
    """The judge's numbers over time, oldest first; the newest ones where there are too many."""
    rows = connection.execute(
        select(ROLLOUT_POINTS.c.at, ROLLOUT_POINTS.c.ring, ROLLOUT_POINTS.c.numbers)
        .where(ROLLOUT_POINTS.c.rollout_id == rollout_id)
        .order_by(ROLLOUT_POINTS.c.point_id.desc())
        .limit(MAX_POINTS)
    ).mappings()
    return [StoredPoint(**row) for row in rows][::-1]


def note_point(
    connection: Connection, rollout: StoredRollout, ring: str, numbers: Mapping[str, float],
    *, now: datetime,
) -> None:  # fmt: skip
    """Keep the numbers for the charts, where they changed or a quarter of an hour has passed."""
    last = (
        connection.execute(
            select(ROLLOUT_POINTS.c.at, ROLLOUT_POINTS.c.numbers)
            .where(ROLLOUT_POINTS.c.rollout_id == rollout.rollout_id)
            .order_by(ROLLOUT_POINTS.c.point_id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    if last is not None and now - last["at"] < POINT_EVERY:
        was, is_now = dict(last["numbers"]), dict(numbers)
        if {**was, "hours": 0} == {**is_now, "hours": 0}:
            return
    connection.execute(
        insert(ROLLOUT_POINTS).values(
            rollout_id=rollout.rollout_id, at=now, ring=ring, numbers=dict(numbers)
        )
    )


def move(connection: Connection, rollout: StoredRollout, after: Standing, *, now: datetime) -> bool:
    """From exactly the state that was judged; False where somebody moved it first."""
    has_ended = after.phase not in OPEN
    moved = connection.execute(
        update(ROLLOUTS)
        .where(
            ROLLOUTS.c.rollout_id == rollout.rollout_id,
            ROLLOUTS.c.phase == rollout.phase,
            ROLLOUTS.c.ring == rollout.ring,
        )
        .values(
            phase=after.phase, ring=after.ring, ring_began_at=after.ring_began_at,
            reason=after.reason[:300], ended_at=now if has_ended else None,
        )
    )  # fmt: skip
    if moved.rowcount != 1:
        return False
    rings = update(ROLLOUT_RINGS).where(ROLLOUT_RINGS.c.rollout_id == rollout.rollout_id)
    if after.ring != rollout.ring:
        connection.execute(rings.where(ROLLOUT_RINGS.c.place == after.ring).values(began_at=now))
    if after.ring != rollout.ring or after.phase == "done":
        connection.execute(rings.where(ROLLOUT_RINGS.c.place == rollout.ring).values(passed_at=now))
    return True


def append_decision(
    connection: Connection, rollout: StoredRollout, kept: KeptDecision, *, now: datetime
) -> None:
    """Into the record, and into the audit, in the caller's transaction."""
    values = {**asdict(kept), "reason": kept.reason[:300]}
    connection.execute(
        insert(ROLLOUT_DECISIONS).values(rollout_id=rollout.rollout_id, at=now, **values)
    )
    _audit(connection, now, kept.by, f"rollout_{kept.action}", rollout.rollout_id,
           ring=kept.ring, reason=kept.reason[:300], note=kept.note[:300],
           model=rollout.bundle_id)  # fmt: skip


def in_the_way(connection: Connection, names: Iterable[str]) -> tuple[int, str, str] | None:
    """(rollout, bundle, ring) of a rollout that is under way in one of these rings."""
    row = connection.execute(
        select(ROLLOUTS.c.rollout_id, ROLLOUTS.c.bundle_id, ROLLOUT_RINGS.c.name)
        .join(ROLLOUTS, ROLLOUTS.c.rollout_id == ROLLOUT_RINGS.c.rollout_id)
        .where(ROLLOUTS.c.phase.in_(OPEN), ROLLOUT_RINGS.c.name.in_(tuple(names)))
        .limit(1)
    ).first()
    return None if row is None else (row.rollout_id, row.bundle_id, row.name)


def told_later(connection: Connection, rollout: StoredRollout) -> int | None:
    """A later rollout that has told one of its rings something else."""
    names = [ring.name for ring in rings_of(connection, rollout.rollout_id)]
    return connection.execute(
        select(ROLLOUT_RINGS.c.rollout_id)
        .where(
            ROLLOUT_RINGS.c.name.in_(names), ROLLOUT_RINGS.c.rollout_id > rollout.rollout_id,
            ROLLOUT_RINGS.c.told != "",
        )
        .limit(1)
    ).scalar()  # fmt: skip


def note_told(
    connection: Connection, rollout: StoredRollout, ring: StoredRing, told: str, generation: int,
    *, now: datetime,
) -> None:  # fmt: skip
    """A ring's assignment was signed and published."""
    connection.execute(
        update(ROLLOUT_RINGS)
        .where(
            ROLLOUT_RINGS.c.rollout_id == ring.rollout_id, ROLLOUT_RINGS.c.place == ring.place
        )
        .values(told=told, generation=generation, told_at=now)
    )  # fmt: skip
    _audit(connection, now, HUB, f"rollout_signed_{told}", rollout.rollout_id, ring=ring.name,
           generation=str(generation))  # fmt: skip


def _audit(
    connection: Connection, now: datetime, actor: str, action: str, rollout_id: int, **details: str
) -> None:
    audit.record(
        connection, now=now, actor=actor, action=action, subject=f"rollout:{rollout_id}",
        details=details,
    )  # fmt: skip
