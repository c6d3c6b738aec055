"""How far a live stream has fallen behind, from its own time stamps.

Flow: presentation time and arrival time of each picture -> lag

A busy box reads late, TCP keeps every byte, and pictures that arrive now may show the counter of
seconds ago. The quickest picture of the last one to two minutes counts as not late at all, so a
drifting camera clock is forgotten. Pure: times are arguments. What to do about lag is rtsp.py's.
"""

WINDOW_NS = 60 * 1_000_000_000
# A stamp that runs ahead of the arrivals by more than this belongs to another time base.
JUMP_NS = 1_000_000_000


class StreamLag:
    """The lag of one connection."""

    def __init__(self) -> None:
        self._last: tuple[int, int] | None = None
        self._window_start_ns = 0
        self._before_ns: int | None = None
        self._least_ns: int | None = None

    def update(self, stamp_ns: int, now_ns: int) -> int:
        """Lag of the picture that arrived now, 0 or more; 0 while nothing can be told."""
        delay_ns = now_ns - stamp_ns
        if self._is_new_time_base(stamp_ns, now_ns):
            self._restart(now_ns)
        self._last = stamp_ns, now_ns
        if now_ns - self._window_start_ns > WINDOW_NS:
            self._before_ns, self._least_ns = self._least_ns, None
            self._window_start_ns = now_ns
        self._least_ns = delay_ns if self._least_ns is None else min(self._least_ns, delay_ns)
        least_ns = (
            self._least_ns if self._before_ns is None else min(self._least_ns, self._before_ns)
        )
        return delay_ns - least_ns

    def _is_new_time_base(self, stamp_ns: int, now_ns: int) -> bool:
        if self._last is None:
            return True
        stamp_step_ns, step_ns = stamp_ns - self._last[0], now_ns - self._last[1]
        return stamp_step_ns <= 0 or stamp_step_ns > step_ns + JUMP_NS

    def _restart(self, now_ns: int) -> None:
        self._window_start_ns = now_ns
        self._before_ns = None
        self._least_ns = None
