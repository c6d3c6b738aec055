"""A capture device that follows a script: pictures, silence, unplugging."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.connection import Capture, ConnectionFault, Picture
from cameras.frame import OutageReason
from tests.fakes.fake_clock import FakeClock

Step = NDArray[np.uint8] | float | None
"""A picture; None fails at once; a number is a failure after so many seconds of silence."""


def plain_picture(value: int, width: int = 64, height: int = 64) -> NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


class FakeCapture:
    """Implements cameras.connection.Capture."""

    def __init__(
        self,
        steps: Iterable[Step],
        clock: FakeClock,
        *,
        is_open: bool = True,
        stamps_ms: Iterable[float] = (),
    ) -> None:
        self._steps = iter(steps)
        self._clock = clock
        self._is_open = is_open
        self._stamps_ms = iter(stamps_ms)
        self._stamp_ms = 0.0
        self.interval_s = 1 / 15
        self._image: NDArray[np.uint8] | None = None
        self.num_released = 0

    def isOpened(self) -> bool:  # noqa: N802
        return self._is_open

    def grab(self) -> bool:
        step = next(self._steps, None)
        self._clock.advance(step if isinstance(step, float) else self.interval_s)
        self._stamp_ms = next(self._stamps_ms, 0.0)
        self._image = step if isinstance(step, np.ndarray) else None
        return self._image is not None

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        return self._image is not None, self._image

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        self.grab()
        return self.retrieve()

    def get(self, prop: int, /) -> float:
        values = {cv2.CAP_PROP_FPS: 15.0, cv2.CAP_PROP_POS_MSEC: self._stamp_ms}
        return values.get(prop, 0.0)

    def set(self, prop: int, value: float, /) -> bool:
        return True

    def release(self) -> None:
        self.num_released += 1


class FakeDevices:
    """A capture factory: the n-th opening gets the n-th script."""

    def __init__(self, *captures: FakeCapture) -> None:
        self._captures = list(captures)
        self.opened: list[tuple[str | int, int, list[int]]] = []

    def __call__(self, source: str | int, backend: int, params: list[int]) -> Capture:
        self.opened.append((source, backend, params))
        return self._captures.pop(0)


class FakeConnection:
    """Implements cameras.connection.Connection: pictures, then a fault."""

    def __init__(
        self, clock: FakeClock, pictures: Iterable[NDArray[np.uint8]], fault: ConnectionFault
    ) -> None:
        self._clock = clock
        self._pictures = iter(pictures)
        self._fault = fault
        self.is_closed = False

    def read(self, timeout_s: float) -> Picture | None:
        self._clock.advance(1 / 15)
        pixels = next(self._pictures, None)
        if pixels is None:
            raise self._fault
        return Picture(pixels, self._clock.monotonic_ns())

    def close(self) -> None:
        self.is_closed = True


def ended(message: str = "gone") -> ConnectionFault:
    return ConnectionFault(OutageReason.ENDED, message)
