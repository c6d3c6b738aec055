"""What the boxes of a rollout told, from their check-ins: steps, evidence, reasons, per ring.

Flow: boxes.check_in -> rollout_boxes -> BoxStanding, counts per ring

A box belongs to the ring that its row names now, so new and moved boxes join by themselves. What a
box tells about another bundle changes nothing here. Reads and writes rows; judges nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Join, bindparam, false, func, insert, select, update

from sync.protocol import BundleProgress
from trainer.store.rollout_tables import ROLLOUT_BOXES
from trainer.store.schema import BOXES

DEFAULT_RING = "main"  # as edge/processes/hub_road.py has it, for boxes without a ring
DRILLS = ("golden", "swap", "rollback")
FAILED_STEPS = ("refused", "rolled_back")
SERVING_STEPS = ("swapped", "confirmed")


@dataclass(frozen=True, slots=True)
class BoxStanding:
    """One enrolled box of the rollout's rings and this release.

    Attributes:
        step: as sync/protocol.BundleProgress has it, or `offered`.
        is_drilled: golden frames, swap and way back were shown.
    """

    box_id: str
    store_id: str
    ring: str
    seen_at: datetime | None
    enrolled_at: datetime | None
    step: str = "offered"
    reason: str = ""
    policy: str = ""
    swapped_at: datetime | None = None
    wins: int = 0
    losses: int = 0
    ties: int = 0
    num_open: int = 0
    log_e_worse: float = 0.0
    log_e_no_worse: float = 0.0
    baskets: int = 0
    troubled: int = 0
    drills: dict[str, str] | None = None
    is_drilled: bool = False
    changed_at: datetime | None = None

    def is_silent(self, now: datetime, after: timedelta) -> bool:
        """Serves the release and was not heard for too long."""
        return self.step in SERVING_STEPS and self.is_away(now, after)

    def is_away(self, now: datetime, after: timedelta) -> bool:
        """Not heard for so long, whatever it runs."""
        return self.seen_at is None or now - self.seen_at > after


def take_reports(
    connection: Connection, rollout_id: int, bundle_id: str, *, since: datetime | None,
    now: datetime,
) -> int:  # fmt: skip
    """Note what boxes told about a bundle since a moment; how many rows changed.

    Reading a check-in twice changes nothing, so a restart may begin anew.
    """
    query = select(BOXES.c.box_id, BOXES.c.check_in).where(BOXES.c.check_in.is_not(None))
    if since is not None:
        query = query.where(BOXES.c.seen_at >= since)
    told = {row.box_id: found for row in connection.execute(query)
            if (found := _told(row.check_in, bundle_id)) is not None}  # fmt: skip
    if not told:
        return 0
    known = _rows(connection, rollout_id)
    fresh = [
        {"rollout_id": rollout_id, "box_id": box_id, "changed_at": now, **values}
        for box_id, values in told.items()
        if box_id not in known
    ]
    if fresh:
        connection.execute(insert(ROLLOUT_BOXES), fresh)
    merged = {box_id: _merged(known[box_id], told[box_id]) for box_id in told.keys() & known.keys()}
    changed = [
        {"b_box": box_id, "changed_at": now, **values}
        for box_id, values in merged.items()
        if any(known[box_id][name] != value for name, value in values.items())
    ]
    if changed:
        names = [name for name in changed[0] if name != "b_box"]
        where = (ROLLOUT_BOXES.c.rollout_id == rollout_id) & (
            ROLLOUT_BOXES.c.box_id == bindparam("b_box")
        )
        one = update(ROLLOUT_BOXES).where(where).values({n: bindparam(n) for n in names})
        connection.execute(one, changed)
    return len(fresh) + len(changed)


def newest_check_in(connection: Connection) -> datetime | None:
    """When a box was heard last, by the moment that the hub noted."""
    return connection.execute(select(func.max(BOXES.c.seen_at))).scalar()


def standings(connection: Connection, rollout_id: int, rings: list[str]) -> list[BoxStanding]:
    """Every enrolled box of these rings, also those that have told nothing."""
    names = [name for name in BoxStanding.__slots__ if name in ROLLOUT_BOXES.c]
    asked = [*rings, ""] if DEFAULT_RING in rings else rings
    columns = [ROLLOUT_BOXES.c[name] for name in names if name != "box_id"]
    rows = connection.execute(
        select(BOXES.c.box_id, BOXES.c.store_id, BOXES.c.ring, BOXES.c.seen_at,
               BOXES.c.enrolled_at, *columns)
        .select_from(_joined(rollout_id))
        .where(BOXES.c.status == "enrolled", BOXES.c.ring.in_(asked))
        .order_by(BOXES.c.box_id)
    )  # fmt: skip
    found: list[BoxStanding] = []
    for row in rows.mappings():
        told = {name: row[name] for name in names if row[name] is not None}
        place = {"store_id": row["store_id"] or "", "ring": row["ring"] or DEFAULT_RING}
        times = {"seen_at": row["seen_at"], "enrolled_at": row["enrolled_at"]}
        found.append(BoxStanding(**{**told, **place, **times}))
    return found


def count_boxes(
    connection: Connection, rollout_id: int, rings: list[str], *, now: datetime,
    silent_after: timedelta,
) -> dict[str, dict[str, int]]:  # fmt: skip
    """Ring -> step -> boxes, with `boxes`, `silent` and `offline` beside the steps."""
    names = ("boxes", "offered", "fetched", "held", "refused", "swapped", "confirmed",
             "rolled_back", "silent", "offline")  # fmt: skip
    counts = {ring: dict.fromkeys(names, 0) for ring in rings}
    asked = [*rings, ""] if DEFAULT_RING in rings else rings
    step = func.coalesce(ROLLOUT_BOXES.c.step, "offered").label("step")
    is_heard = func.coalesce(BOXES.c.seen_at >= now - silent_after, false()).label("is_heard")
    rows = connection.execute(
        select(BOXES.c.ring, step, is_heard, func.count().label("number"))
        .select_from(_joined(rollout_id))
        .where(BOXES.c.status == "enrolled", BOXES.c.ring.in_(asked))
        .group_by(BOXES.c.ring, step, is_heard)
    )
    for row in rows:
        here, number = counts[row.ring or DEFAULT_RING], int(row.number)
        here["boxes"] += number
        here[row.step] += number
        if not row.is_heard:
            here["silent"] += number * (row.step in SERVING_STEPS)
            here["offline"] += number * (row.step == "offered")
    return counts


def _joined(rollout_id: int) -> Join:
    here = (ROLLOUT_BOXES.c.box_id == BOXES.c.box_id) & (ROLLOUT_BOXES.c.rollout_id == rollout_id)
    return BOXES.outerjoin(ROLLOUT_BOXES, here)


def _told(check_in: dict[str, Any], bundle_id: str) -> dict[str, Any] | None:
    """What a check-in says about a bundle; None where it says nothing."""
    try:
        progress = BundleProgress.model_validate(check_in.get("progress"))
    except ValidationError:
        progress = None
    if progress is None or progress.bundle_id != bundle_id:
        bundles = check_in.get("bundles") or {}
        if bundles.get("active") != bundle_id:  # a box that has it since before, or from a stick
            return None
        progress = BundleProgress(bundle_id=bundle_id, step="confirmed", reason="had it already")
    names = ("step", "reason", "policy", "swapped_at", "wins", "losses", "ties", "num_open",
             "log_e_worse", "log_e_no_worse", "baskets", "troubled", "drills")  # fmt: skip
    drills = progress.drills
    is_drilled = all(drills.get(name, "").startswith("ok") for name in DRILLS)
    return {**{name: getattr(progress, name) for name in names}, "is_drilled": is_drilled}


def _merged(before: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """A restart of a box may forget what its shadow showed; the hub does not."""
    evidence = ("wins", "losses", "ties", "num_open", "log_e_worse", "log_e_no_worse")
    has_forgotten = not any(told[name] for name in evidence)
    return {**told, **{name: before[name] for name in evidence}} if has_forgotten else told


def _rows(connection: Connection, rollout_id: int) -> dict[str, dict[str, Any]]:
    query = select(ROLLOUT_BOXES).where(ROLLOUT_BOXES.c.rollout_id == rollout_id)
    return {row["box_id"]: dict(row) for row in connection.execute(query).mappings()}
