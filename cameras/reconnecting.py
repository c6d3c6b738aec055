"""The one place that connects, watches, gives up and tries again, for ever.

Flow: Connection -> Frames, or Outages while there is no connection

Kinds of cameras differ only in their `Connect` function. `read` raises nothing for an outage; time
and chance are handed in. No threads: a capture process has one camera and nothing else to do.
"""

import logging
import random
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.capture_clock import Clock
from cameras.config import CameraConfig
from cameras.connection import Connect, Connection, ConnectionFault, Picture
from cameras.connection_quality import QualityMeter
from cameras.frame import Frame, Outage, OutageReason, SourceCondition, SourceState
from cameras.frozen_picture import FreezeDetector
from cameras.reconnect_backoff import delay_s, policy_for

logger = logging.getLogger(__name__)

# Aspect ratios that differ by more than this break the calibration, not only the scale.
ASPECT_TOLERANCE = 0.01
_NS = 1_000_000_000


class ReconnectingSource:
    """A FrameSource over any kind of connection."""

    def __init__(
        self,
        config: CameraConfig,
        connect: Connect,
        clock: Clock,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.camera_id = config.camera_id
        self.lane_id = config.lane_id
        self._config = config
        self._connect = connect
        self._clock = clock
        self._uniform = uniform
        self._connection: Connection | None = None
        self._outage: Outage | None = None
        self._retry_at_ns = 0
        self._attempt = 0
        self._live_since_ns: int | None = None
        self._meter = QualityMeter(config.fps)
        self._freeze = FreezeDetector(int(config.identical_limit_s * _NS))
        self._size_px = config.size_px
        self._odd_size_px: tuple[int, int] | None = None
        self._num_frames = 0
        self._num_dropped = 0
        self._num_connections = 0

    def open(self) -> None:
        """Arm the source; the first `read` connects."""
        self._outage = None
        self._retry_at_ns = 0
        self._attempt = 0

    def read(self, timeout_s: float) -> Frame | Outage | None:
        """The next picture, an outage with its typed reason, or None when nothing was due yet."""
        try:
            if self._connection is None and not self._try_to_connect(timeout_s):
                return self._current_outage()
            return self._next_frame(timeout_s)
        except ConnectionFault as fault:
            return self._lost(fault)

    def condition(self) -> SourceCondition:
        """State, reason, rate and quality as of now."""
        quality = self._meter.quality(self._clock.monotonic_ns())
        state = self._state()
        outage = self._outage
        return SourceCondition(
            camera_id=self.camera_id,
            lane_id=self.lane_id,
            state=state,
            reason=outage.reason.value if outage else "",
            message=outage.message if outage else self._size_note(),
            fps=quality.fps,
            wanted_fps=self._config.fps,
            quality=quality.grade if state == "live" else "unusable",
            score=quality.score if state == "live" else 0.0,
            num_frames=self._num_frames,
            num_dropped=self._num_dropped,
            num_reconnects=max(0, self._num_connections - 1),
            size_px=self._size_px,
            url=self._config.safe_url,
        )

    def close(self) -> None:
        """Let the device go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._live_since_ns = None

    def _try_to_connect(self, timeout_s: float) -> bool:
        if self._outage is not None and self._outage.retry_in_s is None:
            self._clock.sleep(timeout_s)
            return False
        wait_s = (self._retry_at_ns - self._clock.monotonic_ns()) / _NS
        if wait_s > timeout_s:
            self._clock.sleep(timeout_s)
            return False
        self._clock.sleep(wait_s)
        self._connection = self._connect()
        return True

    def _next_frame(self, timeout_s: float) -> Frame | None:
        assert self._connection is not None
        picture = self._connection.read(timeout_s)
        if picture is None:
            return None
        now_ns = self._clock.monotonic_ns()
        if self._freeze.is_frozen(picture.pixels, now_ns):
            raise ConnectionFault(
                OutageReason.FROZEN,
                f"the same picture for {self._config.identical_limit_s:g} s, byte for byte",
            )
        self._note_arrival(now_ns)
        return self._as_frame(picture)

    def _note_arrival(self, now_ns: int) -> None:
        if self._live_since_ns is None:
            self._went_live(now_ns)
        elif now_ns - self._live_since_ns >= policy_for(OutageReason.ENDED).stable_after_s * _NS:
            self._attempt = 0
        self._meter.frame_arrived(now_ns)

    def _went_live(self, now_ns: int) -> None:
        self._live_since_ns = now_ns
        self._num_connections += 1
        if self._num_connections > 1:
            self._meter.reconnected(now_ns)
        logger.info(
            "camera live camera=%s lane=%s after=%s",
            self.camera_id,
            self.lane_id,
            self._outage.reason.value if self._outage else "start",
        )
        self._outage = None

    def _as_frame(self, picture: Picture) -> Frame:
        self._num_frames += 1
        self._num_dropped += picture.num_dropped
        return Frame(
            pixels=self._at_working_size(picture.pixels),
            camera_id=self.camera_id,
            lane_id=self.lane_id,
            sequence=self._num_frames - 1,
            captured_at_ns=picture.captured_at_ns,
            captured_at=self._clock.utc_now() if picture.clip_time_ns is None else None,
            clip_time_ns=picture.clip_time_ns,
        )

    def _at_working_size(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        size_px = (pixels.shape[1], pixels.shape[0])
        if self._size_px is None:
            self._size_px = size_px
        is_odd = size_px != self._size_px
        if is_odd and size_px != self._odd_size_px:
            logger.warning(
                "camera size differs camera=%s got=%dx%d working=%dx%d",
                self.camera_id,
                *size_px,
                *self._size_px,
            )
        self._odd_size_px = size_px if is_odd else None
        if not is_odd:
            return pixels
        resized = cv2.resize(pixels, self._size_px, interpolation=cv2.INTER_AREA)
        return resized.astype(np.uint8, copy=False)

    def _size_note(self) -> str:
        if self._odd_size_px is None or self._size_px is None:
            return ""
        got, working = self._odd_size_px, self._size_px
        note = f"the camera sends {got[0]}x{got[1]}, resized to {working[0]}x{working[1]}"
        if abs(got[0] * working[1] / (got[1] * working[0]) - 1.0) > ASPECT_TOLERANCE:
            note += "; the shape differs, so the calibration no longer holds: calibrate again"
        return note

    def _lost(self, fault: ConnectionFault) -> Outage:
        self.close()
        if fault.is_final:
            outage = Outage(fault.reason, fault.message, None)
        else:
            wait_s = delay_s(self._attempt, policy_for(fault.reason), self._uniform)
            self._attempt += 1
            self._retry_at_ns = self._clock.monotonic_ns() + int(wait_s * _NS)
            outage = Outage(fault.reason, fault.message, wait_s)
        self._say_once(outage)
        self._outage = outage
        return outage

    def _say_once(self, outage: Outage) -> None:
        if self._outage is not None and self._outage.reason is outage.reason:
            return
        level = logging.INFO if outage.retry_in_s is None else logging.WARNING
        logger.log(
            level,
            "camera lost camera=%s lane=%s reason=%s: %s",
            self.camera_id,
            self.lane_id,
            outage.reason.value,
            outage.message,
        )

    def _current_outage(self) -> Outage:
        assert self._outage is not None
        if self._outage.retry_in_s is None:
            return self._outage
        left_s = max(0.0, (self._retry_at_ns - self._clock.monotonic_ns()) / _NS)
        return Outage(self._outage.reason, self._outage.message, left_s)

    def _state(self) -> SourceState:
        if self._outage is not None:
            return "ended" if self._outage.retry_in_s is None else "lost"
        return "live" if self._live_since_ns is not None else "connecting"
