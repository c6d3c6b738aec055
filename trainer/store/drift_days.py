"""What monitoring concluded of each place day by day: the past that a chart shows.

Flow: conclusion of an hour -> the day's row, written anew -> days of a place

A day says what the hub concluded last on it, by what it knew then; nothing is judged again later.
Figures are kept to four digits, for half a year.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from trainer.store.monitor_tables import DRIFT_DAYS

KEPT_DAYS = 180
DIGITS = 4
ROUNDED = ("distance", "usual", "far", "evidence")


@dataclass(frozen=True, slots=True)
class KeptDay:
    """A place on a day."""

    day: str
    at: datetime
    result: dict[str, Any]


def keep_day(connection: Connection, place: str, result: dict[str, Any], *, now: datetime) -> None:
    """Write the day's row, in the place of what an earlier hour said."""
    day = f"{now:%Y-%m-%d}"
    drift = [{k: _short(v) if k in ROUNDED else v for k, v in row.items()}
             for row in result["drift"]]  # fmt: skip
    values = {"at": now, "result": {**result, "drift": drift}}
    where = (DRIFT_DAYS.c.place == place) & (DRIFT_DAYS.c.day == day)
    changed = connection.execute(update(DRIFT_DAYS).where(where).values(**values))
    if changed.rowcount == 0:
        connection.execute(insert(DRIFT_DAYS).values(place=place, day=day, **values))


def days_of(connection: Connection, place: str, *, since: datetime) -> list[KeptDay]:
    """Days of a place, oldest first."""
    rows = connection.execute(
        select(DRIFT_DAYS)
        .where(DRIFT_DAYS.c.place == place, DRIFT_DAYS.c.day >= f"{since:%Y-%m-%d}")
        .order_by(DRIFT_DAYS.c.day)
    ).mappings()
    return [KeptDay(row["day"], row["at"], row["result"]) for row in rows]


def forget_days(connection: Connection, *, now: datetime) -> None:
    """Delete what is older than is kept."""
    last = f"{now - timedelta(days=KEPT_DAYS):%Y-%m-%d}"
    connection.execute(delete(DRIFT_DAYS).where(DRIFT_DAYS.c.day < last))


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
