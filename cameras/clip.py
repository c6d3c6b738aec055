"""A recorded clip as a camera: at its own pace, or as fast as it is asked.

Flow: clip file -> Picture, stamped as if it were filmed now

Clips of one lane share `start_at_ns`, so they stay together, also when one capture process is
started again in between. At real pace late pictures are dropped, as a live camera would; at fast
pace none is, and stamps run on clip time.
"""

from pathlib import Path

import cv2

from cameras.address import ClipOptions
from cameras.capture_clock import Clock
from cameras.config import CameraConfig
from cameras.connection import (
    Capture,
    CaptureFactory,
    Connect,
    Connection,
    ConnectionFault,
    Picture,
    as_pixels,
    open_cv_capture,
)
from cameras.frame import OutageReason
from cameras.opencv_environment import clear_capture_options

# Containers may promise one or two pictures more than the decoder gives back.
COUNT_TOLERANCE = 2
_NS_PER_MS = 1_000_000
_NS = 1_000_000_000


def clip_connect(
    config: CameraConfig,
    clock: Clock,
    start_at_ns: int | None = None,
    open_capture: CaptureFactory = open_cv_capture,
) -> Connect:
    """How to play this clip; `start_at_ns` is shared by the clips of a lane, None is now."""

    def connect() -> Connection:
        address = config.address
        begin_ns = clock.monotonic_ns() if start_at_ns is None else start_at_ns
        clip = _OpenClip(address.path, open_capture, config.fps)
        return ClipConnection(clip, address.clip, clock, begin_ns)

    return connect


class ClipConnection:
    """One clip being played, round after round if it is looped."""

    def __init__(
        self, clip: "_OpenClip", options: ClipOptions, clock: Clock, start_at_ns: int
    ) -> None:
        self._clip = clip
        self._options = options
        self._clock = clock
        self._is_real_pace = options.pace == "real"
        self._round_start_ns = start_at_ns + options.skew_ms * _NS_PER_MS
        self._num_given = 0
        self._num_dropped = 0
        self._skip_rounds_already_over()

    def read(self, timeout_s: float) -> Picture | None:
        """The next picture when its moment has come; None while it has not."""
        if not self._clip.has_grabbed and not self._grab_next():
            return None
        visible_ns = self._captured_ns() + self._options.delay_ms * _NS_PER_MS
        if self._is_real_pace:
            wait_s = (visible_ns - self._clock.monotonic_ns()) / _NS
            if wait_s > timeout_s:
                self._clock.sleep(timeout_s)
                return None
            self._clock.sleep(wait_s)
        return self._take()

    def close(self) -> None:
        """Let the file go."""
        self._clip.close()

    def _take(self) -> Picture | None:
        pixels = as_pixels(self._clip.retrieve())
        captured_ns, clip_time_ns = self._captured_ns(), self._clip.time_ns
        self._clip.has_grabbed = False
        if pixels is None:
            return None
        num_dropped, self._num_dropped = self._num_dropped, 0
        self._num_given += 1
        return Picture(pixels, captured_ns, clip_time_ns, num_dropped)

    def _captured_ns(self) -> int:
        return self._round_start_ns + self._clip.time_ns

    def _grab_next(self) -> bool:
        """Decode the next picture that is not late; False when a new round was begun instead."""
        while True:
            if not self._clip.grab() or self._is_round_over():
                self._end_round()
                return False
            if not self._is_late():
                return True
            # Pictures before the first one given were never ours to show: joining is no loss.
            self._num_dropped += 1 if self._num_given else 0

    def _is_round_over(self) -> bool:
        loop_s = self._options.loop_s
        return loop_s is not None and self._clip.time_ns >= loop_s * _NS

    def _is_late(self) -> bool:
        if not self._is_real_pace:
            return False
        visible_ns = self._captured_ns() + self._options.delay_ms * _NS_PER_MS
        return self._clock.monotonic_ns() - visible_ns > self._clip.period_ns

    def _end_round(self) -> None:
        clip = self._clip
        if clip.num_grabbed == 0:
            raise ConnectionFault(OutageReason.CODEC, f"{clip.path}: no picture can be decoded")
        if not self._options.is_looped:
            raise ConnectionFault(OutageReason.ENDED, clip.end_message(), is_final=True)
        self._round_start_ns += self._round_ns()
        clip.rewind()

    def _round_ns(self) -> int:
        if self._options.loop_s is not None:
            return int(self._options.loop_s * _NS)
        return max(self._clip.length_ns, self._clip.time_ns + self._clip.period_ns)

    def _skip_rounds_already_over(self) -> None:
        if self._options.is_looped and self._is_real_pace and self._clip.length_ns > 0:
            behind_ns = self._clock.monotonic_ns() - self._round_start_ns
            self._round_start_ns += max(0, behind_ns // self._round_ns()) * self._round_ns()


class _OpenClip:
    """The file: pictures one after the other, each with its time in the clip."""

    def __init__(self, path: Path, open_capture: CaptureFactory, default_fps: float) -> None:
        self.path = path
        self._open_capture = open_capture
        if not path.is_file():
            raise ConnectionFault(OutageReason.NOT_FOUND, f"{path}: no such clip")
        self._capture = self._open()
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.period_ns = round(_NS / (fps if 0.1 <= fps <= 1_000.0 else default_fps))
        self.num_promised = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self.length_ns = self.num_promised * self.period_ns
        self.has_grabbed = False
        self.num_grabbed = 0
        self.time_ns = 0

    def grab(self) -> bool:
        """Step to the next picture; False at the end."""
        if not self._capture.grab():
            return False
        stamp_ns = round(self._capture.get(cv2.CAP_PROP_POS_MSEC) * _NS_PER_MS)
        expected_ns = self.time_ns + self.period_ns if self.num_grabbed else 0
        # Variable rates are kept; a stamp that does not move on is replaced by the nominal one.
        is_usable = self.num_grabbed > 0 and self.time_ns < stamp_ns < expected_ns + 10 * _NS
        self.time_ns = stamp_ns if is_usable else expected_ns
        self.num_grabbed += 1
        self.has_grabbed = True
        return True

    def retrieve(self) -> object:
        """The picture that was grabbed last; None if it cannot be decoded."""
        is_read, image = self._capture.retrieve()
        return image if is_read else None

    def rewind(self) -> None:
        """From the beginning; the file is opened anew, because seeking is not exact."""
        self.close()
        self._capture = self._open()
        self.has_grabbed = False
        self.num_grabbed = 0
        self.time_ns = 0

    def end_message(self) -> str:
        """Whether everything promised was there."""
        if self.num_grabbed < self.num_promised - COUNT_TOLERANCE:
            return f"{self.path} is truncated: {self.num_grabbed} of {self.num_promised} pictures"
        return f"{self.path} is over after {self.num_grabbed} pictures"

    def close(self) -> None:
        """Let the file go."""
        self._capture.release()

    def _open(self) -> Capture:
        clear_capture_options()
        capture = self._open_capture(str(self.path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not capture.isOpened():
            capture.release()
            raise ConnectionFault(
                OutageReason.CODEC, f"{self.path} cannot be read as video: truncated or no video"
            )
        return capture
