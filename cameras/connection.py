"""One connection to one device: the small thing that rtsp, usb and clip each provide.

Flow: Connection.read -> Picture, or ConnectionFault

A connection lives once: when it faults it is closed and a new one is made by `reconnecting.py`.
It knows no camera id, no back-off and no quality.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.frame import OutageReason


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels as the device gave them: uint8 (H, W, 3) BGR, and when they were captured."""

    pixels: NDArray[np.uint8]
    captured_at_ns: int
    clip_time_ns: int | None = None
    num_dropped: int = 0


class ConnectionFault(Exception):  # noqa: N818 - it ends a connection, not a program
    """The connection is over. `is_final`: a new one is pointless (a clip has been played)."""

    def __init__(self, reason: OutageReason, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.is_final = is_final


class Connection(Protocol):
    """A device that is open now."""

    def read(self, timeout_s: float) -> Picture | None:
        """The next picture, or None when none was due within `timeout_s`.

        Raises:
            ConnectionFault: the connection is over, with its typed reason.
        """
        ...

    def close(self) -> None:
        """Let the device go; never fails."""
        ...


Connect = Callable[[], Connection]


class Capture(Protocol):
    """The part of cv2.VideoCapture that is used here, under its own names."""

    def isOpened(self) -> bool: ...  # noqa: N802
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, Any]: ...
    def read(self) -> tuple[bool, Any]: ...
    def get(self, prop: int, /) -> float: ...
    def set(self, prop: int, value: float, /) -> bool: ...
    def release(self) -> None: ...


CaptureFactory = Callable[[str | int, int, list[int]], Capture]


def open_cv_capture(source: str | int, backend: int, params: list[int]) -> Capture:
    """The real factory: OpenCV's own capture."""
    capture: Capture = cv2.VideoCapture(source, backend, params)
    return capture


def as_pixels(image: Any) -> NDArray[np.uint8] | None:
    """A captured image as uint8 (H, W, 3) BGR; None if it cannot be one."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.size == 0:
        return None
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image.ndim != 3 or image.shape[2] != 3:
        return None
    pixels: NDArray[np.uint8] = image
    return pixels
