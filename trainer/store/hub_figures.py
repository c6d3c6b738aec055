"""Figures of the hub as a whole, for /metrics: what waits, what failed, how fresh things are.

Flow: tables -> (metric, labels, value) ; a handful of aggregate queries, no table is read whole
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, func, select

from trainer.store.cases import queue_counts
from trainer.store.fleet_details import count_fleet
from trainer.store.job_tables import JOBS
from trainer.store.model_tables import MODELS
from trainer.store.monitor_results import results
from trainer.store.monitor_tables import ALERTS, DELIVERIES
from trainer.store.schema import BLOBS, CASES, RECEIVED
from trainer.store.trigger_tables import FIRINGS

Sample = tuple[str, dict[str, str], float]
BYTES_AND_COUNT = (func.coalesce(func.sum(BLOBS.c.size), 0), func.count())


def figures(connection: Connection, *, now: datetime) -> Iterator[Sample]:
    """Every sample; a name may come with several labels."""
    fleet = count_fleet(connection, now=now)
    for status, count in fleet.by_status.items():
        yield "tillsight_boxes", {"status": status}, count
    yield "tillsight_boxes_silent", {}, fleet.num_silent
    yield "tillsight_boxes_troubled", {}, fleet.num_troubled
    for kind, count in _by(connection, RECEIVED, "kind"):
        yield "tillsight_rows_received_total", {"kind": kind}, count
    for status, number in queue_counts(connection).items():
        yield "tillsight_cases", {"status": status}, number
    yield "tillsight_case_oldest_new_seconds", {}, _age(
        now, connection.execute(
            select(func.min(CASES.c.created_at)).where(CASES.c.status == "new")
        ).scalar(),
    )  # fmt: skip
    for status, count in _by(connection, JOBS, "status"):
        yield "tillsight_jobs", {"status": status}, count
    yield "tillsight_job_oldest_queued_seconds", {}, _age(
        now, connection.execute(
            select(func.min(JOBS.c.created_at)).where(JOBS.c.status == "queued")
        ).scalar(),
    )  # fmt: skip
    for stage, count in _by(connection, MODELS, "stage"):
        yield "tillsight_models", {"stage": stage}, count
    for state, count in _by(connection, ALERTS, "state"):
        yield "tillsight_alerts", {"state": state}, count
    for status, count in _by(connection, DELIVERIES, "status"):
        yield "tillsight_webhook_deliveries", {"status": status}, count
    fired = connection.execute(select(func.count()).select_from(FIRINGS)).scalar_one()
    yield "tillsight_trigger_firings", {}, fired
    size, count = connection.execute(select(*BYTES_AND_COUNT)).one()
    yield "tillsight_blob_bytes", {}, float(size)
    yield "tillsight_blobs", {}, count
    yield from _monitoring(connection)


def _monitoring(connection: Connection) -> Iterator[Sample]:
    for told in results(connection, "store"):
        store = {"store": told.place.removeprefix("store:")}
        for drift in told.result["drift"]:
            labels = {**store, "signal": drift["signal"]}
            yield "tillsight_drift_alarm", labels, float(drift["state"] == "alarm")
            yield "tillsight_drift_evidence", labels, drift["evidence"]
        if told.result["accuracy"]:
            yield "tillsight_expected_accuracy", store, told.result["accuracy"]["expected"]


def _by(connection: Connection, table: Table, column: str) -> list[tuple[str, int]]:
    where = table.c[column]
    rows = connection.execute(select(where, func.count()).group_by(where).order_by(where))
    return [(str(name), int(count)) for name, count in rows]


def _age(now: datetime, at: datetime | None) -> float:
    return 0.0 if at is None else max(timedelta(0), now - at).total_seconds()
