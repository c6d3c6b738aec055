"""Boxes and what they said last, for people: lists with filters, one page at a time."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from sync.device_identity import fingerprint_words
from trainer.store.schema import AUDIT, BOXES

SILENT_AFTER = timedelta(minutes=10)  # ten missed check-ins
MAX_PAGE = 500


@dataclass(frozen=True, slots=True)
class BoxSummary:
    """One line of the fleet."""

    box_id: str
    status: str
    status_reason: str
    store_id: str
    ring: str
    seen_at: str
    is_silent: bool
    verdict: str
    edge_version: str
    bundle: str
    fingerprint_words: str


def list_boxes(
    connection: Connection, *, now: datetime, status: str = "", after: str = "", limit: int = 100
) -> list[dict[str, Any]]:
    """Boxes in order of name, those after `after`.

    Args:
        status: pending, enrolled, revoked or quarantined; empty for all.
    """
    query = select(BOXES).where(BOXES.c.box_id > after).order_by(BOXES.c.box_id)
    if status:
        query = query.where(BOXES.c.status == status)
    rows = connection.execute(query.limit(min(limit, MAX_PAGE))).mappings()
    return [asdict(summary_of(dict(row), now)) for row in rows]


def list_audit(
    connection: Connection,
    *,
    limit: int = 100,
    subject: str = "",
    actor: str = "",
    action: str = "",
    before: int = 0,
) -> list[dict[str, Any]]:
    """Entries of the audit, newest first.

    Args:
        subject, actor, action: exact; empty for all.
        before: only entries older than this `audit_id`; 0 begins at the newest.
    """
    query = select(AUDIT).order_by(AUDIT.c.audit_id.desc())
    for column, wanted in ((AUDIT.c.subject, subject), (AUDIT.c.actor, actor)):
        query = query.where(column == wanted) if wanted else query
    query = query.where(AUDIT.c.action == action) if action else query
    query = query.where(AUDIT.c.audit_id < before) if before else query
    rows = connection.execute(query.limit(min(limit, MAX_PAGE))).mappings()
    return [{**row, "at": row["at"].isoformat()} for row in rows]


def summary_of(row: dict[str, Any], now: datetime) -> BoxSummary:
    """One box as its row and its last check-in tell it."""
    told: dict[str, Any] = row["check_in"] or {}
    seen_at: datetime | None = row["seen_at"]
    is_enrolled = row["status"] == "enrolled"
    return BoxSummary(
        box_id=row["box_id"],
        status=row["status"],
        status_reason=row["status_reason"],
        store_id=row["store_id"] or "",
        ring=row["ring"],
        seen_at=seen_at.isoformat() if seen_at else "",
        is_silent=is_enrolled and (seen_at is None or now - seen_at > SILENT_AFTER),
        verdict=str(told.get("verdict", "")),
        edge_version=str(told.get("edge_version", "")),
        bundle=str(told.get("bundles", {}).get("active", "")),
        fingerprint_words=fingerprint_words(row["public_key"]),
    )
