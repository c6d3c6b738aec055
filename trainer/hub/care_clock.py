"""What the hub does by itself every few seconds: counts, drift, alerts, triggers, webhooks.

Flow: received rows -> hours -> drift (hourly) -> alerts -> triggers -> jobs ; outbox -> webhooks

Each part is a transaction of its own that may be killed and done again; nothing it did is done
twice. One thread, started by serve.py; `care_step` alone is what tests and the API call.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from trainer.errors import TrainerError
from trainer.hub.webhook_sender import send_due
from trainer.store import alerts, monitor_hours, monitor_results, trigger_book, webhooks
from trainer.store.database import reading, writing
from trainer.store.schema import BOXES

logger = logging.getLogger(__name__)

STEP_S = 10.0
JUDGE_EVERY_S = 3600
SILENT_AFTER = timedelta(minutes=15)
# One box's strange row must not end what watches all others.
EXPECTED = (
    SQLAlchemyError, TrainerError, OSError, ArithmeticError, LookupError, TypeError, ValueError,
)  # fmt: skip
JUDGED = "judged"  # mark: when places were judged last, seconds since 1970


@dataclass(frozen=True, slots=True)
class CareResult:
    """What one step did."""

    num_rows: int
    num_places: int
    num_fired: int
    num_told: int


def care_step(
    engine: Engine, webhook_hosts: tuple[str, ...], *, now: datetime, is_forced: bool = False
) -> CareResult:
    """One round; with `is_forced` places are judged though the hour is not over."""
    num_rows = take_in_all(engine, now=now, is_forced=is_forced)
    num_places = _judge_if_due(engine, now=now, is_forced=is_forced)
    _watch_boxes(engine, now=now)
    num_fired = _fire_triggers(engine, now=now)
    return CareResult(num_rows, num_places, num_fired, send_due(engine, webhook_hosts, now=now))


def take_in_all(engine: Engine, *, now: datetime, is_forced: bool) -> int:
    """Take in what boxes sent, a page at a time so that nobody waits long for the database."""
    settled = timedelta(0) if is_forced else monitor_hours.SETTLED
    num = 0
    while True:
        with writing(engine) as connection:
            taken = monitor_hours.take_in(connection, now=now, settled=settled)
        num += taken
        if taken == 0:
            return num


class CareClock:
    """The thread that calls `care_step`."""

    def __init__(self, engine: Engine, webhook_hosts: tuple[str, ...]) -> None:
        """Not yet running."""
        self._engine, self._hosts = engine, webhook_hosts
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="care", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way."""
        self._stopping.set()
        self._thread.join(STEP_S)

    def _run(self) -> None:
        is_failing = False
        while not self._stopping.wait(STEP_S):
            try:
                care_step(self._engine, self._hosts, now=datetime.now(UTC))
                is_failing = False
            except EXPECTED as err:
                if not is_failing:
                    logger.error("care step failed: %s", type(err).__name__)  # noqa: TRY400
                is_failing = True


def _judge_if_due(engine: Engine, *, now: datetime, is_forced: bool) -> int:
    seconds = int(now.timestamp())
    with reading(engine) as connection:
        is_due = seconds - monitor_hours.mark(connection, JUDGED) >= JUDGE_EVERY_S
    if not is_due and not is_forced:
        return 0
    with reading(engine) as connection:  # may take a while; nobody waits for it
        found = monitor_results.judge_all(connection, now=now)
    with writing(engine) as connection:
        monitor_hours.set_mark(connection, JUDGED, seconds)
        return monitor_results.keep_all(connection, found, now=now)


def _watch_boxes(engine: Engine, *, now: datetime) -> None:
    """A box that fell silent is an alert, closed by itself when it speaks again."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(BOXES.c.box_id, BOXES.c.store_id, BOXES.c.seen_at).where(
                BOXES.c.status == "enrolled", BOXES.c.seen_at.is_not(None)
            )
        ).all()
        _, active = alerts.list_alerts(connection, state="active", offset=0, limit=10_000)
    told = {alert.place for alert in active if alert.kind == "box_silent"}
    for row in rows:
        place, is_silent = f"box:{row.box_id}", now - row.seen_at > SILENT_AFTER
        if is_silent == (place in told):
            continue
        with writing(engine) as connection:
            if is_silent:
                facts = {"seen_at": row.seen_at.isoformat(), "store_id": row.store_id or ""}
                title = f"{place} has been silent since {row.seen_at:%Y-%m-%d %H:%M} UTC"
                alerts.raise_alert(connection, "box_silent", place, title, facts, now=now)
            else:
                alerts.settle(connection, "box_silent", place, note="it speaks again", now=now)


def _fire_triggers(engine: Engine, *, now: datetime) -> int:
    with reading(engine) as connection:
        waiting = [t for t in trigger_book.list_triggers(connection) if t.is_active]
        accuracy = monitor_results.accuracies(connection)
    num = 0
    for trigger in waiting:
        if not trigger.plan.conditions:
            continue
        with writing(engine) as connection:
            fired = trigger_book.fire_due(connection, trigger.trigger_id, accuracy, now=now)
            if fired is not None:
                announce_firing(connection, trigger.name, fired, now=now)
                num += 1
    return num


def announce_firing(
    connection: Connection, name: str, fired: trigger_book.Firing, *, now: datetime
) -> None:
    """Tell webhooks, in the transaction of the firing."""
    body = {"trigger": name, "occasion": fired.occasion, "reasons": fired.reasons,
            "job_id": fired.job_id, "by": fired.by}  # fmt: skip
    webhooks.announce(connection, "trigger.fired", body, now=now)
