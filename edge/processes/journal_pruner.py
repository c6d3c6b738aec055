"""Keeps a lane's journal from growing for ever: finished sales leave it after some hundred days.

Flow: time -> prune_step -> rows that nobody needs any more are gone

A few rows at a time and only between sales. Which rows may go is `edge/basket/journal_history.py`'s
decision; that the disk cannot be written is told elsewhere.
"""

import logging
from datetime import datetime, timedelta

from edge.basket.journal import Journal
from edge.basket.journal_history import prune_step
from edge.errors import JournalError

LOOK_EVERY_NS = 3_600_000_000_000
STEP_EVERY_NS = 2_000_000_000  # while there is something to take

logger = logging.getLogger(__name__)


class JournalPruner:
    """Remembers how far a journal was looked through."""

    def __init__(self, keep_days: int) -> None:
        self._keep_days = keep_days
        self._next_ns = 0
        self._position = 0
        self._num_taken = 0

    def step(self, journal: Journal, now_ns: int, now_utc: datetime) -> int:
        """Take what may go, if it is time; how many rows were taken."""
        if self._keep_days == 0 or now_ns < self._next_ns:
            return 0
        before = now_utc - timedelta(days=self._keep_days)
        before_utc = before.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        try:
            taken, position = prune_step(journal.connection, before_utc, self._position)
        except JournalError as err:
            logger.warning("journal not pruned: %s", err)
            self._next_ns = now_ns + LOOK_EVERY_NS
            return 0
        is_done = position == self._position
        self._num_taken += taken
        if is_done and self._num_taken:
            logger.info("journal pruned path=%s rows=%d", journal.path.name, self._num_taken)
        self._position = 0 if is_done else position
        self._num_taken = 0 if is_done else self._num_taken
        self._next_ns = now_ns + (LOOK_EVERY_NS if is_done else STEP_EVERY_NS)
        return taken
