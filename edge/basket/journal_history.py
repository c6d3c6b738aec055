"""What an older part of a journal says: one basket, the last sales, a day; and its pruning.

Flow: event rows -> Events of whole baskets

The lane's process reads and prunes through its own connection, the screen's process reads the same
file through one of its own. Pruning goes in small steps between sales and never takes a row that a
restart, an open or parked basket, or a basket with younger events still needs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from edge.basket.basket_events import Event
from edge.basket.journal import HINT_DISK, event_of, uuid7_number
from edge.errors import JournalError
from edge.sqlite_file import SqliteError, immediate, open_sqlite

STEP_ROWS = 500  # about 5 ms; the next shopper does not notice
MIN_KEPT_ROWS = 10_000  # a wall clock that jumps years ahead must not empty a journal
MAX_SALES = 50


@dataclass
class JournalHistory:
    """Reads an open journal; `connection` may be read-only."""

    connection: Any
    name: str = "journal"

    def events_of(self, basket_id: str) -> list[Event]:
        """Every event of one basket, oldest first.

        Raises:
            JournalError: it cannot be read.
        """
        query = "SELECT * FROM event WHERE basket_id = ? ORDER BY position"
        return self._events(query, (basket_id,))

    def last_paid(self, limit: int = MAX_SALES) -> list[str]:
        """Ids of the baskets paid last, newest first.

        Raises:
            JournalError: it cannot be read.
        """
        query = (
            'SELECT basket_id FROM event WHERE body LIKE \'{"type":"paid"%\''
            " ORDER BY position DESC LIMIT ?"
        )
        return [str(row["basket_id"]) for row in self._rows(query, (limit,))]

    def baskets_between(self, since: datetime, until: datetime) -> dict[str, list[Event]]:
        """Basket id -> all its events, for every basket with an event from `since` to `until`.

        Raises:
            JournalError: it cannot be read.
        """
        query = (
            "SELECT * FROM event WHERE basket_id IN"
            " (SELECT DISTINCT basket_id FROM event WHERE event_id >= ? AND event_id < ?)"
            " AND (basket_id != '' OR (event_id >= ? AND event_id < ?)) ORDER BY position"
        )
        bounds = (_first_id(since), _first_id(until))
        baskets: dict[str, list[Event]] = {}
        for event in self._events(query, bounds * 2):
            baskets.setdefault(event.basket_id, []).append(event)
        return baskets

    def _events(self, query: str, values: tuple[object, ...]) -> list[Event]:
        try:
            return [event_of(row) for row in self._rows(query, values)]
        except msgspec.MsgspecError as err:
            raise JournalError(
                f"{self.name} holds an event that cannot be read: {err}", hint="call support"
            ) from err

    def _rows(self, query: str, values: tuple[object, ...]) -> Iterable[Any]:
        try:
            return list(self.connection.execute(query, values).fetchall())
        except SqliteError as err:
            raise JournalError(f"{self.name} cannot be read: {err}", hint=HINT_DISK) from err


def open_history(path: Path) -> JournalHistory:
    """A lane's journal, read by another process than the lane's.

    Raises:
        JournalError: there is none, or it cannot be read.
    """
    try:
        return JournalHistory(open_sqlite(path, read_only=True), path.name)
    except SqliteError as err:
        raise JournalError(f"journal {path.name} cannot be opened: {err}", hint=HINT_DISK) from err


def prune_step(connection: Any, before_utc: str, after_position: int = 0) -> tuple[int, int]:
    """Take a few rows of baskets that were over before `before_utc`.

    Args:
        before_utc: as `Event.at_utc`.
        after_position: rows up to it were looked at and are kept.

    Returns:
        (rows taken, last position looked at); the position stays where nothing is left to look at.

    Raises:
        JournalError: the journal cannot be written; nothing was taken.
    """
    looked_at = (
        "SELECT position FROM event WHERE position > :after AND at_utc < :before"
        " AND position < coalesce((SELECT position FROM event WHERE is_restart_point = 1"
        " ORDER BY position DESC LIMIT 1), 0)"
        " AND position <= (SELECT max(position) FROM event) - :kept"
        " ORDER BY position LIMIT :step"
    )
    values = {
        "after": after_position,
        "before": before_utc,
        "kept": MIN_KEPT_ROWS,
        "step": STEP_ROWS,
    }
    try:
        with immediate(connection):
            rows = connection.execute(looked_at, values).fetchall()
            if not rows:
                return 0, after_position
            first, last = rows[0]["position"], rows[-1]["position"]
            taken = connection.execute(
                "DELETE FROM event WHERE position BETWEEN ? AND ? AND at_utc < ?"
                " AND NOT EXISTS (SELECT 1 FROM event AS younger WHERE younger.at_utc >= ?"
                " AND younger.basket_id = event.basket_id AND event.basket_id != '')",
                (first, last, before_utc, before_utc),
            ).rowcount
    except SqliteError as err:
        raise JournalError(f"journal cannot be pruned: {err}", hint=HINT_DISK) from err
    return int(taken), int(last)


def _first_id(moment: datetime) -> str:
    """The smallest event id of a moment: a UUIDv7 begins with its milliseconds."""
    text = f"{uuid7_number(moment) >> 80 << 80:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
