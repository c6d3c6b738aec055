"""The last latencies of something, and their quantiles.

Pure: the caller measures.
"""

from collections import deque
from collections.abc import Iterable

WINDOW = 300  # 7 s of three cameras at 15 fps; enough for a p95


class LatencyWindow:
    """Keeps the last values only."""

    def __init__(self, length: int = WINDOW) -> None:
        self._values: deque[float] = deque(maxlen=length)

    def add(self, values_ms: Iterable[float]) -> None:
        """Newest last."""
        self._values.extend(values_ms)

    def quantile_ms(self, share: float) -> float:
        """The value below which `share` of the window lies; -1 while it is empty."""
        if not self._values:
            return -1.0
        ordered = sorted(self._values)
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
