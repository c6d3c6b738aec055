"""Hours of counts, taken from what boxes sent, and read again by store, camera and ring.

Flow: received telemetry and sales -> monitor_hours (once per row received) -> Counts of a place

A row is taken in once: the mark of what was taken moves in the same transaction. Rows younger than
a minute wait, because on PostgreSQL a smaller number may still commit after a larger one.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from pydantic import ValidationError
from sqlalchemy import Connection, insert, select, update

from sync.box_report import SaleReport, TelemetryReport
from sync.recognition_report import FEATURE_SCALE, NUM_BINS, NUM_FEATURES, OTHER
from trainer.monitoring.counts import Counts
from trainer.store.catalogue_tables import SKUS
from trainer.store.monitor_tables import MONITOR_HOURS, MONITOR_MARKS
from trainer.store.schema import BOXES, RECEIVED

TAKEN = "taken"  # the mark: received_id up to which rows were taken in
SETTLED = timedelta(minutes=1)
PAGE = 2_000
POOR = frozenset({"poor", "unusable"})
NO_PARENT = "-"


def take_in(connection: Connection, *, now: datetime, settled: timedelta = SETTLED) -> int:
    """Take in one page of what came since the last time; how many rows, 0 when none is left."""
    rows = connection.execute(
        select(RECEIVED.c.received_id, RECEIVED.c.kind, RECEIVED.c.body, RECEIVED.c.created_at,
               RECEIVED.c.box_id, BOXES.c.store_id, BOXES.c.ring)
        .join(BOXES, BOXES.c.box_id == RECEIVED.c.box_id)
        .where(RECEIVED.c.received_id > mark(connection, TAKEN))
        .where(RECEIVED.c.received_at <= now - settled)
        .order_by(RECEIVED.c.received_id)
        .limit(PAGE)
    ).mappings().all()  # fmt: skip
    if not rows:
        return 0
    parents = _parents(connection)
    hours: dict[tuple[str, str, str, str, datetime, str], dict[str, Any]] = {}
    for row in rows:
        begin = row["created_at"].replace(minute=0, second=0, microsecond=0)
        where = (row["box_id"], row["store_id"] or "", row["ring"])
        for camera, bundle_id, counts in _counts_of(row["kind"], row["body"], parents):
            key = (*where, camera, begin, bundle_id)
            hours[key] = _added(hours.get(key, {}), counts)
    names = ("box_id", "store_id", "ring", "camera", "at", "bundle_id")
    values = [{**dict(zip(names, k, strict=True)), "counts": c} for k, c in hours.items()]
    if values:
        connection.execute(insert(MONITOR_HOURS), values)
    set_mark(connection, TAKEN, rows[-1]["received_id"])
    return len(rows)


def mark(connection: Connection, name: str) -> int:
    """A remembered number; 0 before the first."""
    query = select(MONITOR_MARKS.c.value).where(MONITOR_MARKS.c.name == name)
    return int(connection.execute(query).scalar() or 0)


def set_mark(connection: Connection, name: str, value: int) -> None:
    """Remember a number."""
    where = MONITOR_MARKS.c.name == name
    changed = connection.execute(update(MONITOR_MARKS).where(where).values(value=value))
    if changed.rowcount == 0:
        connection.execute(insert(MONITOR_MARKS).values(name=name, value=value))


def hours_since(
    connection: Connection, since: datetime, *, store_id: str | None = None
) -> Iterator[dict[str, Any]]:
    """Rows in order of time; of one store, or of all."""
    query = select(MONITOR_HOURS).where(MONITOR_HOURS.c.at >= since).order_by(MONITOR_HOURS.c.at)
    if store_id is not None:
        query = query.where(MONITOR_HOURS.c.store_id == store_id)
    for row in connection.execute(query).mappings():
        yield dict(row)


def stores_heard(connection: Connection, since: datetime) -> list[str]:
    """Stores that reported anything since."""
    query = select(MONITOR_HOURS.c.store_id).where(MONITOR_HOURS.c.at >= since).distinct()
    return sorted(connection.execute(query).scalars())


def to_counts(row: dict[str, Any]) -> Counts:
    """One hour as numbers that add up."""
    told = row["counts"]
    counts = Counts(row["at"].date(), row["bundle_id"])
    for name in ("num_baskets", "num_items", "num_sketched", "num_pieces", "num_asks",
                 "num_corrections", "num_reports", "num_poor"):  # fmt: skip
        setattr(counts, name, int(told.get(name, 0)))
    counts.confidence = np.asarray(told.get("confidence") or [0] * NUM_BINS, dtype=np.float64)
    counts.similarity = np.asarray(told.get("similarity") or [0] * NUM_BINS, dtype=np.float64)
    features = np.asarray(told.get("features") or [0] * NUM_FEATURES, dtype=np.float64)
    counts.features = features / FEATURE_SCALE
    counts.parents.update(told.get("parents", {}))
    return counts


def _counts_of(
    kind: str, body: dict[str, Any], parents: dict[str, str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Camera, bundle and counts in a row; none where it is of another kind or form."""
    try:
        if kind == "sale":
            sale = SaleReport.model_validate(body)
            yield "", sale.bundle_id, {
                "num_baskets": 1, "num_pieces": sum(sale.pieces.values()),
                "num_asks": sale.num_asks, "num_corrections": sale.num_corrections,
                "seconds": sale.seconds,
            }  # fmt: skip
        elif kind == "telemetry":
            yield from _telemetry(TelemetryReport.model_validate(body), parents)
    except ValidationError:
        return


def _telemetry(
    report: TelemetryReport, parents: dict[str, str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for camera in report.cameras:
        is_poor = camera.quality in POOR or bool(camera.conditions)
        yield camera.camera, "", {"num_reports": 1, "num_poor": int(is_poor)}
    for told in report.recognition:
        best: dict[str, int] = {}
        for sku_id, count in told.best.items():
            if sku_id != OTHER:
                parent = parents.get(sku_id, NO_PARENT)
                best[parent] = best.get(parent, 0) + count
        yield told.camera, told.bundle_id, {
            "num_items": told.num_items, "confidence": list(told.confidence),
            "similarity": list(told.similarity), "parents": best,
            "num_sketched": told.num_sketched, "features": list(told.features),
        }  # fmt: skip


def _added(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """The sum of two rows of counts, entry by entry."""
    made = dict(left)
    for name, value in right.items():
        before = made.get(name)
        if not before:
            made[name] = value
        elif isinstance(value, list):
            made[name] = [a + b for a, b in zip(before, value, strict=True)] if value else before
        elif isinstance(value, dict):
            made[name] = {k: before.get(k, 0) + value.get(k, 0) for k in {*before, *value}}
        else:
            made[name] = before + value
    return made


def _parents(connection: Connection) -> dict[str, str]:
    """SKU -> the first part of its category."""
    rows = connection.execute(select(SKUS.c.sku_id, SKUS.c.category))
    return {str(row.sku_id): str(row.category).split("/")[0] or NO_PARENT for row in rows}
