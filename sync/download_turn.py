"""A turn of a long download: so many seconds in ranges of a few seconds each, then somebody else's.

Flow: bytes and seconds of the last range -> size of the next; time up -> TurnOverError

What a turn brought stays in the part file, and the next one goes on there. Ranges end by
themselves, so that no byte on the way is cut off and paid for twice.
"""

import time
from collections.abc import Callable
from typing import ClassVar

from sync.errors import TransportError

FIRST_BYTES = 256 * 1024  # before anything is known of the link
LEAST_BYTES = 32 * 1024
MOST_BYTES = 32 * 1024 * 1024
RANGE_S = 4.0


class TurnOverError(TransportError):
    """The download is not done and goes on in the next turn; nothing is wrong."""

    code: ClassVar[str] = "transport.turn_over"


class DownloadTurn:
    """How long a download may hold up the rest of a round."""

    def __init__(
        self,
        seconds: float,
        max_bytes_per_s: int = 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin now.

        Args:
            seconds: 0: what is not here yet waits for another turn.
            max_bytes_per_s: on average over a range; 0 is no limit.
        """
        self._clock, self._sleep = clock, sleep
        self._ends_s = clock() + seconds
        self._max_bytes_per_s = max_bytes_per_s
        self._most_bytes = round(max_bytes_per_s * RANGE_S) or MOST_BYTES
        self._next_bytes = min(FIRST_BYTES, self._most_bytes)

    @property
    def next_bytes(self) -> int:
        """How much to ask for at once."""
        return self._next_bytes

    def now_s(self) -> float:
        """The turn's clock."""
        return self._clock()

    def note(self, num_bytes: int, began_s: float) -> None:
        """So many bytes came since `began_s`; the next range shall take a few seconds."""
        took_s = max(self._clock() - began_s, 0.001)
        wanted = round(num_bytes / took_s * RANGE_S)
        self._next_bytes = min(max(wanted, LEAST_BYTES), self._most_bytes)
        if self._max_bytes_per_s:
            self._sleep(max(0.0, num_bytes / self._max_bytes_per_s - took_s))

    def require_time(self, what: str) -> None:
        """Let the download go on.

        Raises:
            TurnOverError: time is up.
        """
        if self._clock() >= self._ends_s:
            raise TurnOverError(f"{what} goes on in the next turn", hint="nothing to do")
