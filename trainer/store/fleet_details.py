"""The fleet for the dashboard: pages of boxes, one box with everything it told, counts for today.

Only reads. What a box told stands in its last check-in; nothing here guesses at more.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from trainer.store.fleet import must_find_box
from trainer.store.fleet_list import SILENT_AFTER, BoxSummary, summary_of
from trainer.store.schema import BOXES, COMMANDS, RECEIVED

NUM_COMMANDS = 20  # shown per box
HOURS = 24


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A remote command and what became of it."""

    command_id: str
    kind: str
    status: str
    message: str
    blob: str
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class BoxDetails:
    """One box.

    Attributes:
        told: its last check-in as it came; empty before the first.
    """

    summary: BoxSummary
    enrolled_at: datetime | None
    created_at: datetime
    told: dict[str, Any]
    commands: list[CommandLine]


@dataclass(frozen=True, slots=True)
class FleetCounts:
    """How many boxes are how; `silent` and `troubled` are parts of `enrolled`."""

    by_status: dict[str, int]
    num_silent: int
    num_troubled: int
    received_per_hour: dict[str, list[int]]


def find_boxes(
    connection: Connection, *, now: datetime, text: str = "", status: str = "", health: str = "",
) -> list[BoxSummary]:  # fmt: skip
    """Boxes in order of name that match everything given.

    Args:
        text: part of the name, the store or the ring.
        health: ok, degraded, failed (as the box said) or silent.
    """
    query = select(BOXES).order_by(BOXES.c.box_id)
    if status:
        query = query.where(BOXES.c.status == status)
    if text:
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        places = (BOXES.c.box_id, BOXES.c.store_id, BOXES.c.ring)
        found = [place.ilike(pattern, escape="\\") for place in places]
        query = query.where(found[0] | found[1] | found[2])
    boxes = [summary_of(dict(row), now) for row in connection.execute(query).mappings()]
    return [box for box in boxes if not health or health_of(box) == health]


def health_of(box: BoxSummary) -> str:
    """One word for an enrolled box: silent before what it said last; empty for the others."""
    if box.status != "enrolled":
        return ""
    return "silent" if box.is_silent else box.verdict


def box_details(connection: Connection, box_id: str, *, now: datetime) -> BoxDetails:
    """Everything known of one box.

    Raises:
        EnrolmentError: no such box.
    """
    must_find_box(connection, box_id)
    row = connection.execute(select(BOXES).where(BOXES.c.box_id == box_id)).mappings().one()
    commands = connection.execute(
        select(COMMANDS)
        .where(COMMANDS.c.box_id == box_id)
        .order_by(COMMANDS.c.created_at.desc())
        .limit(NUM_COMMANDS)
    ).mappings()
    return BoxDetails(
        summary=summary_of(dict(row), now),
        enrolled_at=row["enrolled_at"],
        created_at=row["created_at"],
        told=dict(row["check_in"] or {}),
        commands=[CommandLine(**{n: c[n] for n in CommandLine.__slots__}) for c in commands],
    )


def output_of(connection: Connection, box_id: str, command_id: str) -> str:
    """sha256 of what a command brought back; empty where there is nothing."""
    where = (COMMANDS.c.box_id == box_id) & (COMMANDS.c.command_id == command_id)
    return str(connection.execute(select(COMMANDS.c.blob).where(where)).scalar() or "")


def count_fleet(connection: Connection, *, now: datetime) -> FleetCounts:
    """The figures of the first page."""
    statuses = connection.execute(
        select(BOXES.c.status, func.count()).group_by(BOXES.c.status)
    ).all()
    rows = connection.execute(
        select(BOXES.c.seen_at, BOXES.c.check_in).where(BOXES.c.status == "enrolled")
    ).all()
    heard = [row for row in rows if row[0] is not None and now - row[0] <= SILENT_AFTER]
    troubled = [row for row in heard if (row[1] or {}).get("verdict") in ("degraded", "failed")]
    return FleetCounts(
        by_status={str(status): int(count) for status, count in statuses},
        num_silent=len(rows) - len(heard),
        num_troubled=len(troubled),
        received_per_hour=_received_per_hour(connection, now),
    )


def _received_per_hour(connection: Connection, now: datetime) -> dict[str, list[int]]:
    """Rows of each kind in the last 24 hours, oldest hour first."""
    since = now - timedelta(hours=HOURS)
    rows = connection.execute(
        select(RECEIVED.c.kind, RECEIVED.c.received_at).where(RECEIVED.c.received_at > since)
    ).all()
    return {
        kind: _buckets([at for other, at in rows if other == kind], since)
        for kind in sorted({row[0] for row in rows})
    }


def _buckets(moments: Sequence[datetime], since: datetime) -> list[int]:
    counts = Counter(int((at - since).total_seconds() // 3600) for at in moments)
    return [counts[hour] for hour in range(HOURS)]
