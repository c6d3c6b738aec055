"""Frame: pixels with camera, lane, sequence and capture time; FrameSource: what cameras offer.

Flow: FrameSource.read -> Frame | Outage | None

An outage is a value, never an exception: the loop that drives a camera has no `try`. This module
opens nothing and keeps no state.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

SourceState = Literal["connecting", "live", "lost", "ended"]
QualityGrade = Literal["excellent", "fair", "poor", "unusable"]


class OutageReason(StrEnum):
    """Why no picture comes. The value is stable: it is on the bus, in JSON and in the README."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNAUTHORISED = "unauthorised"
    NOT_FOUND = "not_found"
    TLS = "tls"
    PROTOCOL = "protocol"
    CODEC = "codec"
    TIMEOUT = "timeout"
    FROZEN = "frozen"
    ENDED = "ended"

    @property
    def hint(self) -> str:
        """What the store does next, in plain words."""
        return _HINTS[self]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture.

    Attributes:
        pixels: uint8 (H, W, 3), BGR.
        sequence: counts up by one per frame of this source, across reconnects.
        captured_at_ns: CLOCK_MONOTONIC of this boot.
        captured_at: the same moment by the wall clock (UTC), for people and files only.
        clip_time_ns: position in a recorded clip; None for live cameras.
    """

    pixels: NDArray[np.uint8]
    camera_id: str
    lane_id: str
    sequence: int
    captured_at_ns: int
    captured_at: datetime | None = None
    clip_time_ns: int | None = None

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(
                f"frame of {self.camera_id}: uint8 (H, W, 3) expected, "
                f"got {self.pixels.dtype} {self.pixels.shape}"
            )

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True, slots=True)
class Outage:
    """No picture, and why. `retry_in_s` is None when the source has ended for good."""

    reason: OutageReason
    message: str
    retry_in_s: float | None

    @property
    def code(self) -> str:
        """Stable code of DESIGN section 0, for example `camera.unauthorised`."""
        return f"camera.{self.reason.value}"

    @property
    def hint(self) -> str:
        """What the store does next."""
        return self.reason.hint


@dataclass(frozen=True, slots=True)
class SourceCondition:
    """How one source is doing, computed when asked, so a dead camera never reads "excellent".

    Attributes:
        state: connecting before the first picture, live, lost, or ended for good.
        reason: typed reason while not live; empty otherwise.
        message: the same for people; also says when pictures are being resized.
        score: connection quality in [0, 1]; `quality` is its grade.
        url: without user name and password.
    """

    camera_id: str
    lane_id: str
    state: SourceState
    reason: str
    message: str
    fps: float
    wanted_fps: float
    quality: QualityGrade
    score: float
    num_frames: int
    num_dropped: int
    num_reconnects: int
    size_px: tuple[int, int] | None
    url: str


class FrameSource(Protocol):
    """What every camera offers to the process that drives it.

    Loop: `source.open()`, then `source.read(0.5)` for ever, `source.close()` at the end.
    """

    @property
    def camera_id(self) -> str:
        """The camera's id in the configuration."""
        ...

    @property
    def lane_id(self) -> str:
        """The lane it looks at."""
        ...

    def open(self) -> None:
        """Arm the source. Touches no device: an absent camera never gates start."""
        ...

    def read(self, timeout_s: float) -> Frame | Outage | None:
        """The next picture, an outage, or None when neither came within `timeout_s`.

        Connecting may take longer than `timeout_s`, at most the connect and probe timeouts.
        """
        ...

    def condition(self) -> SourceCondition:
        """State, reason, rate and quality as of now."""
        ...

    def close(self) -> None:
        """Let the device go. `open` may follow."""
        ...


_HINTS: dict[OutageReason, str] = {
    OutageReason.REFUSED: "the camera answers but its RTSP port is closed: check the port, "
    "or switch RTSP on in the camera's own settings",
    OutageReason.UNREACHABLE: "nothing answers at this address: check power, cable and IP address",
    OutageReason.UNAUTHORISED: "the camera rejects user name or password: correct them in the "
    "box's configuration; retries are slow so that the camera does not lock the account",
    OutageReason.NOT_FOUND: "nothing is at this path or device: check the stream path of the "
    "camera, the USB plug, or the clip's file name",
    OutageReason.TLS: "the encrypted connection fails: check the camera's certificate, "
    "or give its CA file in tls_ca_path",
    OutageReason.PROTOCOL: "something answers that is no RTSP camera: check address and port",
    OutageReason.CODEC: "the picture format cannot be read: set the camera to H.264 or H.265",
    OutageReason.TIMEOUT: "the camera accepts the connection and then says nothing: restart it",
    OutageReason.FROZEN: "the picture stands still: the box reconnects; if it stays, restart "
    "the camera",
    OutageReason.ENDED: "the stream or clip is over: a camera is reconnected by itself",
}
