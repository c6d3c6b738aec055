"""Whether pictures still change: byte-equal ones for too long mean a frozen camera.

A sparse sample settles almost every frame; only when it is equal are all bytes compared. Time is
an argument. A stream that sends nothing at all is noticed by the read timeout, not here.
"""

import numpy as np
from numpy.typing import NDArray

# One pixel in 16 x 16: 8,100 of 1080p, compared in about 10 microseconds.
SAMPLE_STEP = 16


class FreezeDetector:
    """Remembers the last different picture; `limit_ns` 0 switches it off."""

    def __init__(self, limit_ns: int) -> None:
        self._limit_ns = limit_ns
        self._last: NDArray[np.uint8] | None = None
        self._unchanged_since_ns = 0

    def unchanged_ns(self, pixels: NDArray[np.uint8], now_ns: int) -> int:
        """How long the picture has been byte-equal, this one included."""
        if self._limit_ns == 0:
            return 0
        if self._last is None or not _is_same(self._last, pixels):
            self._last = pixels
            self._unchanged_since_ns = now_ns
        return now_ns - self._unchanged_since_ns

    def is_frozen(self, pixels: NDArray[np.uint8], now_ns: int) -> bool:
        """Byte-equal for the limit or longer."""
        return self._limit_ns > 0 and self.unchanged_ns(pixels, now_ns) >= self._limit_ns


def _is_same(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    if first.shape != second.shape:
        return False
    sparse = (slice(None, None, SAMPLE_STEP), slice(None, None, SAMPLE_STEP))
    return bool(np.array_equal(first[sparse], second[sparse])) and bool(
        np.array_equal(first, second)
    )
