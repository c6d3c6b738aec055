"""What boxes told of their work: sales in counts, telemetry, recordings, the last pictures.

Flow: received rows, check-ins -> SalesDay, TelemetryReport, Recording

Rows stay in `received`, where the outbox put them once. What becomes of their pictures:
picture_life.py.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from sync.box_report import SaleReport, TelemetryReport
from sync.recording import Recording
from trainer.store.schema import BLOBS, BOXES, RECEIVED

MAX_SALES = 200_000  # a hundred boxes, a week


@dataclass(slots=True)
class SalesDay:
    """One box on one day (UTC)."""

    box_id: str
    day: str
    num_baskets: int = 0
    num_asks: int = 0
    pieces: Counter[str] = field(default_factory=Counter)
    by_origin: Counter[str] = field(default_factory=Counter)


def sales_by_day(connection: Connection, since: datetime) -> list[SalesDay]:
    """Counts per box and day, oldest first."""
    rows = connection.execute(
        select(RECEIVED.c.box_id, RECEIVED.c.created_at, RECEIVED.c.body)
        .where(RECEIVED.c.kind == "sale", RECEIVED.c.created_at >= since)
        .order_by(RECEIVED.c.created_at)
        .limit(MAX_SALES)
    )
    found: dict[tuple[str, str], SalesDay] = {}
    for row in rows:
        if not row.body:
            continue
        sale = SaleReport.model_validate(row.body)
        key = (row.box_id, row.created_at.date().isoformat())
        day = found.setdefault(key, SalesDay(*key))
        day.num_baskets += 1
        day.num_asks += sale.num_asks
        day.pieces.update(sale.pieces)
        day.by_origin.update(sale.by_origin)
    return list(found.values())


def newest_telemetry(connection: Connection, box_id: str, limit: int = 12) -> list[TelemetryReport]:
    """The last reports of a box, newest first."""
    rows = connection.execute(
        select(RECEIVED.c.body)
        .where(RECEIVED.c.kind == "telemetry", RECEIVED.c.box_id == box_id)
        .order_by(RECEIVED.c.received_id.desc())
        .limit(limit)
    )
    return [TelemetryReport.model_validate(row.body) for row in rows]


def recordings(connection: Connection, limit: int = 1_000) -> list[tuple[str, Recording]]:
    """(box, recording), newest first; forgotten ones are left out."""
    rows = connection.execute(
        select(RECEIVED.c.box_id, RECEIVED.c.body)
        .where(RECEIVED.c.kind == "recording")
        .order_by(RECEIVED.c.received_id.desc())
        .limit(limit)
    )
    return [(row.box_id, Recording.model_validate(row.body)) for row in rows if row.body]


def last_picture(connection: Connection, box_id: str, camera: str) -> str:
    """Blob of a camera's newest redacted picture; empty text where the box named none."""
    told = connection.execute(
        select(BOXES.c.check_in).where(BOXES.c.box_id == box_id)
    ).scalar_one_or_none()
    return str((told or {}).get("last_picture", {}).get(camera, ""))


def picture_times(connection: Connection, told: Mapping[str, str]) -> dict[str, datetime]:
    """Camera -> when its newest picture began to arrive, for those the hub has heard of."""
    rows = connection.execute(
        select(BLOBS.c.sha256, BLOBS.c.created_at).where(BLOBS.c.sha256.in_(told.values()))
    )
    times: dict[str, datetime] = {row.sha256: row.created_at for row in rows}
    return {camera: times[blob] for camera, blob in told.items() if blob in times}
