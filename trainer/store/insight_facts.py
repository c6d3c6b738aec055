"""What insights and service levels ask the database, in counts and seconds.

Flow: received sales, cases, labels, onboardings, check-ins, assignments -> Insights, ServiceLevels
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from sync.box_report import SaleReport
from trainer.monitoring.insights import CaseFact, Insights, Sale, insights_of, quantile
from trainer.store.cases import read_body
from trainer.store.catalogue_tables import SKUS
from trainer.store.monitor_tables import MONITOR_HOURS
from trainer.store.onboarding_tables import ONBOARDINGS, SEGMENTS
from trainer.store.review_tables import ANSWERS, LABELS
from trainer.store.schema import BOXES, CASES, COMMANDS, RECEIVED

MAX_SALES = 200_000
MAX_CASES = 20_000
EXPECTED_REPORTS_PER_H = 12  # of each camera


@dataclass(frozen=True, slots=True)
class Level:
    """Half and nine tenths of some times were no longer than this, in seconds."""

    num: int
    median_s: float
    p90_s: float


@dataclass(frozen=True, slots=True)
class ServiceLevels:
    """How long things take, and how much of the time boxes are there.

    Attributes:
        time_to_label: from a case on the box to its first answer.
        time_to_sku: from the first photo session of a new SKU to its signed segment.
        time_to_roll_back: from an order to roll back to the box's answer that it is done.
        availability: box -> share of the hours since its first report in which it reported.
    """

    time_to_label: Level
    time_to_sku: Level
    time_to_roll_back: Level
    availability: dict[str, float]


def insights(connection: Connection, *, since: datetime, store_id: str = "") -> Insights:
    """Of one store, or of all."""
    catalogue = connection.execute(select(SKUS.c.sku_id).where(SKUS.c.status == "active"))
    return insights_of(
        _sales(connection, since, store_id),
        _case_facts(connection, since, store_id),
        catalogue.scalars(),
    )


def service_levels(connection: Connection, *, since: datetime, now: datetime) -> ServiceLevels:
    """Over the time since."""
    return ServiceLevels(
        _level(_label_times(connection, since)),
        _level(_sku_times(connection, since)),
        _level(_roll_back_times(connection, since)),
        _availability(connection, since, now),
    )


def _sales(connection: Connection, since: datetime, store_id: str) -> Iterator[Sale]:
    query = (
        select(RECEIVED.c.body, RECEIVED.c.created_at, BOXES.c.store_id)
        .join(BOXES, BOXES.c.box_id == RECEIVED.c.box_id)
        .where(RECEIVED.c.kind == "sale", RECEIVED.c.created_at >= since)
        .order_by(RECEIVED.c.created_at.desc())
        .limit(MAX_SALES)
    )
    if store_id:
        query = query.where(BOXES.c.store_id == store_id)
    for row in connection.execute(query):
        if row.body:
            told = SaleReport.model_validate(row.body)
            yield Sale(
                row.store_id or "", row.created_at.date().isoformat(), told.num_asks,
                told.num_corrections, told.seconds, told.pieces,
            )  # fmt: skip


def _case_facts(connection: Connection, since: datetime, store_id: str) -> Iterator[CaseFact]:
    query = (
        select(CASES.c.case_id, CASES.c.store_id, CASES.c.reason, CASES.c.created_at,
               RECEIVED.c.body)
        .join(RECEIVED, RECEIVED.c.received_id == CASES.c.received_id)
        .where(CASES.c.created_at >= since)
        .order_by(CASES.c.created_at.desc())
        .limit(MAX_CASES)
    )  # fmt: skip
    if store_id:
        query = query.where(CASES.c.store_id == store_id)
    found = connection.execute(
        select(LABELS.c.case_id, LABELS.c.camera_id, LABELS.c.item_id, LABELS.c.sku_id)
        .join(CASES, CASES.c.case_id == LABELS.c.case_id)
        .where(CASES.c.created_at >= since, LABELS.c.kind == "sku")
    )
    labels = {(r.case_id, r.camera_id, r.item_id): str(r.sku_id) for r in found}
    for row in connection.execute(query):
        case, counted = read_body(row.body), set()
        for picture in case.pictures if case else ():
            for item in picture.items:
                label = labels.get((row.case_id, picture.camera_id, item.item_id), item.answered)
                guess = item.guesses[0][0] if item.guesses else ""
                fact = (item.item_id, guess, label)
                if fact not in counted:  # two cameras that say the same of an item are one fact
                    counted.add(fact)
                    yield CaseFact(
                        row.store_id or "", row.created_at.date().isoformat(), row.reason, guess,
                        label,
                    )  # fmt: skip


def _label_times(connection: Connection, since: datetime) -> list[float]:
    first = (
        select(ANSWERS.c.case_id, func.min(ANSWERS.c.at).label("at"))
        .where(ANSWERS.c.is_undone.is_(False))
        .group_by(ANSWERS.c.case_id)
        .subquery()
    )
    rows = connection.execute(
        select(CASES.c.created_at, first.c.at)
        .join(first, first.c.case_id == CASES.c.case_id)
        .where(first.c.at >= since)
    )
    return [(row.at - row.created_at).total_seconds() for row in rows]


def _sku_times(connection: Connection, since: datetime) -> list[float]:
    rows = connection.execute(
        select(ONBOARDINGS.c.created_at, func.min(SEGMENTS.c.at).label("at"))
        .join(SEGMENTS, SEGMENTS.c.onboarding_id == ONBOARDINGS.c.onboarding_id)
        .where(SEGMENTS.c.at >= since)
        .group_by(ONBOARDINGS.c.onboarding_id, ONBOARDINGS.c.created_at)
    )
    return [(row.at - row.created_at).total_seconds() for row in rows]


def _roll_back_times(connection: Connection, since: datetime) -> list[float]:
    """Commands to roll back that a box carried out."""
    rows = connection.execute(
        select(COMMANDS.c.created_at, COMMANDS.c.finished_at).where(
            COMMANDS.c.kind == "rollback",
            COMMANDS.c.status == "done",
            COMMANDS.c.finished_at >= since,
        )
    )
    return [(row.finished_at - row.created_at).total_seconds() for row in rows]


def _availability(connection: Connection, since: datetime, now: datetime) -> dict[str, float]:
    begin = since.replace(minute=0, second=0, microsecond=0)
    rows = connection.execute(
        select(MONITOR_HOURS.c.box_id, func.min(MONITOR_HOURS.c.at),
               func.count(func.distinct(MONITOR_HOURS.c.at)))
        .where(MONITOR_HOURS.c.at >= begin, MONITOR_HOURS.c.camera != "")
        .group_by(MONITOR_HOURS.c.box_id)
    )  # fmt: skip
    found = {}
    for box_id, first, heard in rows:
        owed = int((now - first) / timedelta(hours=1)) or 1
        found[str(box_id)] = min(1.0, heard / owed)
    return found


def _level(seconds: list[float]) -> Level:
    return Level(len(seconds), quantile(seconds, 0.5), quantile(seconds, 0.9))
