"""A task of the hub's own that runs again and again while the hub serves.

Flow: every so many seconds -> work()

A thread of this process, because the hub is the only process that writes its database. What goes
wrong is logged once per kind and tried again; it never ends the hub. Time is the task's business.
"""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from sync.errors import SyncError
from trainer.errors import TrainerError

STOP_S = 10.0
# One box's strange row must not end what watches all others.
EXPECTED = (
    TrainerError, SyncError, SQLAlchemyError, OSError, ArithmeticError, LookupError, TypeError,
    ValueError,
)  # fmt: skip

logger = logging.getLogger(__name__)


class Periodic:
    """Runs `work` when it starts and every `every_s` after."""

    def __init__(self, name: str, every_s: float, work: Callable[[], None]) -> None:
        """Not yet running."""
        self._name, self._every_s, self._work = name, every_s, work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._told = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round under way."""
        self._stopping.set()
        self._thread.join(STOP_S)

    def once(self) -> None:
        """One round; what goes wrong is in the log."""
        try:
            self._work()
            self._told = ""
        except EXPECTED as err:
            said = f"{getattr(err, 'code', type(err).__name__)}: {err}"
            if said != self._told:
                logger.warning("%s failed, is tried again: %s", self._name, said)
            self._told = said

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.once()
            self._stopping.wait(self._every_s)
