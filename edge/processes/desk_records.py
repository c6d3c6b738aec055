"""What the attendant's desk reads from the lanes' journals: earlier sales, a day's figures.

Flow: journal-<lane>.db (read-only) -> PastSale, DayTotals

Opens a journal for each question and closes it again; the lane's own process stays the only writer.
A day is the box's local day.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from edge.basket.day_totals import day_totals
from edge.basket.journal_history import JournalHistory, open_history
from edge.basket.past_sales import past_sale
from edge.config import EdgeConfig
from edge.errors import JournalError
from edge.kiosk.live_feed import LaneUnreachableError
from edge.messages.desk_messages import DayTotals, PastSale

MAX_SALES = 24  # four screens of the phone


class DeskRecords:
    """Reads; every method blocks for the disk and belongs into a thread."""

    def __init__(self, config: EdgeConfig) -> None:
        self._config = config

    def past_sales(self, lane_id: str) -> tuple[PastSale, ...]:
        """The lane's last paid baskets, newest first.

        Raises:
            LaneUnreachableError: the journal cannot be read.
        """
        with self._history(lane_id) as history:
            found = [
                past_sale(history.events_of(basket_id), lane_id)
                for basket_id in history.last_paid(MAX_SALES)
            ]
        return tuple(sale for sale in found if sale is not None)

    def past_sale(self, basket_id: str) -> PastSale | None:
        """A paid basket of any lane.

        Raises:
            LaneUnreachableError: a journal cannot be read.
        """
        for lane in self._config.lanes:
            with self._history(lane.lane_id) as history:
                found = past_sale(history.events_of(basket_id), lane.lane_id)
            if found is not None:
                return found
        return None

    def day_totals(self, lane_id: str, days_ago: int, now: datetime) -> DayTotals:
        """A local day of a lane.

        Raises:
            LaneUnreachableError: the journal cannot be read.
        """
        day = now.astimezone().date() - timedelta(days=days_ago)
        since = datetime(day.year, day.month, day.day).astimezone()
        next_day = day + timedelta(days=1)
        until = datetime(next_day.year, next_day.month, next_day.day).astimezone()
        with self._history(lane_id) as history:
            baskets = history.baskets_between(since, until)
        return day_totals(baskets, lane_id, day.isoformat(), _text(since), _text(until))

    @contextmanager
    def _history(self, lane_id: str) -> Iterator[JournalHistory]:
        path = self._config.paths.state_dir / f"journal-{lane_id}.db"
        try:
            history = open_history(path)
            try:
                yield history
            finally:
                history.connection.close()
        except JournalError as err:
            raise LaneUnreachableError(str(err), hint=err.hint) from err


def _text(moment: datetime) -> str:
    """As `Event.at_utc` is written, so that both compare as text."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
