"""When large things may move over the shop's line: hours of the day, and bytes per second.

Flow: knobs, clock, bytes moved -> may the next one move

Check-ins, prices, new SKUs, sales and telemetry always may; pictures, recordings and bundles wait.
Sleeps nowhere: what may not move now is asked for again in a later round.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime


def local_hour() -> int:
    """The hour on the shop's clock."""
    return datetime.now(UTC).astimezone().hour


class BulkPace:
    """One line's budget; for both directions together."""

    def __init__(
        self,
        kbit_per_s: int = 0,
        hours: str = "",
        clock: Callable[[], float] = time.monotonic,
        hour: Callable[[], int] = local_hour,
    ) -> None:
        """Nothing moved yet.

        Args:
            kbit_per_s: on average over some seconds; 0 is no limit.
            hours: `22-06`: from 22:00 to 05:59; empty is always.
        """
        self.bytes_per_s = kbit_per_s * 125
        self.is_limited = bool(kbit_per_s or hours)
        self._hours = tuple(int(part) for part in hours.split("-")) if hours else ()
        self._clock, self._hour = clock, hour
        self._paid_until_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether it is an hour for large things."""
        if not self._hours:
            return True
        first, last = self._hours
        hour = self._hour()
        return first <= hour < last if first <= last else hour >= first or hour < last

    @property
    def may_move(self) -> bool:
        """Whether the next large thing may move now."""
        return self.is_open and self._clock() >= self._paid_until_s

    def note(self, num_bytes: int) -> None:
        """So many bytes moved."""
        if self.bytes_per_s:
            now_s = self._clock()
            self._paid_until_s = max(now_s, self._paid_until_s) + num_bytes / self.bytes_per_s
