"""Network cameras over RTSP and RTSPS: probed by us, streamed and decoded by OpenCV's FFmpeg.

Flow: probe -> OpenCV capture -> Picture

Transport is TCP, one decoder thread (each more costs a frame of delay). The probe runs before each
connection, so a wrong password or path is named in milliseconds and FFmpeg is not asked at all.
Retrying and freeze detection are in reconnecting.py.
"""

import cv2

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
from cameras.opencv_environment import set_rtsp_options
from cameras.rtsp_probe import TlsOptions, probe_rtsp
from cameras.stream_lag import StreamLag

# A read that fails sooner than this share of the timeout was ended by the other side.
ENDED_SHARE = 0.9
# First picture after PLAY: at most one GOP. 4 s covers the usual 1 to 4 s.
FIRST_PICTURE_TIMEOUT_S = 4.0
# A picture later than this is not shown: the reader skips until it is back within CAUGHT_UP_NS.
MAX_LAG_NS = 500_000_000
CAUGHT_UP_NS = 100_000_000
# At most so many pictures are skipped at once (4 s at 30 fps), so that a read always returns.
MAX_SKIPPED = 120


def rtsp_connect(
    config: CameraConfig, clock: Clock, open_capture: CaptureFactory = open_cv_capture
) -> Connect:
    """How to connect to this camera, once per call."""

    def connect() -> Connection:
        address = config.address
        tls = TlsOptions(config.is_tls_verified, config.tls_ca_path)
        description = probe_rtsp(address, config.connect_timeout_s, tls)
        set_rtsp_options(address.is_tls and config.is_tls_verified, config.tls_ca_path)
        open_timeout_s = config.connect_timeout_s + FIRST_PICTURE_TIMEOUT_S
        params = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(open_timeout_s * 1_000)]
        params += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(config.silence_limit_s * 1_000)]
        params += [cv2.CAP_PROP_N_THREADS, 1]
        started_ns = clock.monotonic_ns()
        capture = open_capture(address.secret_url, cv2.CAP_FFMPEG, params)
        if capture.isOpened():
            return RtspConnection(capture, config, clock)
        capture.release()
        took_s = (clock.monotonic_ns() - started_ns) / 1e9
        if took_s >= open_timeout_s * ENDED_SHARE:
            raise ConnectionFault(
                OutageReason.TIMEOUT, f"{address.safe_url}: no picture within {took_s:.1f} s"
            )
        raise ConnectionFault(
            OutageReason.CODEC,
            f"{address.safe_url}: offers {description.codec}, but the stream cannot be opened",
        )

    return connect


class RtspConnection:
    """One running stream."""

    def __init__(self, capture: Capture, config: CameraConfig, clock: Clock) -> None:
        self._capture = capture
        self._config = config
        self._clock = clock
        self._num_pictures = 0
        self._lag = StreamLag()
        self._last_captured_ns = 0

    def read(self, timeout_s: float) -> Picture | None:
        """The next picture; blocks for its frame interval, at most the silence limit."""
        lag_ns = self._grab()
        num_skipped = 0
        if lag_ns > MAX_LAG_NS:
            while lag_ns > CAUGHT_UP_NS and num_skipped < MAX_SKIPPED:
                lag_ns = self._grab()
                num_skipped += 1
        is_read, image = self._capture.retrieve()
        pixels = as_pixels(image) if is_read else None
        if pixels is None:
            raise ConnectionFault(OutageReason.CODEC, "the stream decodes to no colour picture")
        self._num_pictures += 1
        # The camera's stamps take the network's jitter out; time never runs backwards.
        captured_ns = max(self._last_captured_ns + 1, self._clock.monotonic_ns() - lag_ns)
        self._last_captured_ns = captured_ns
        return Picture(pixels, captured_ns, num_dropped=num_skipped)

    def close(self) -> None:
        """End the stream."""
        self._capture.release()

    def _grab(self) -> int:
        """Step to the next picture; how late it is."""
        started_ns = self._clock.monotonic_ns()
        is_grabbed = self._capture.grab()
        now_ns = self._clock.monotonic_ns()
        if not is_grabbed:
            raise self._fault((now_ns - started_ns) / 1e9)
        return self._lag.update(round(self._capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6), now_ns)

    def _fault(self, silent_s: float) -> ConnectionFault:
        url = self._config.safe_url
        if silent_s < self._config.silence_limit_s * ENDED_SHARE:
            return ConnectionFault(OutageReason.ENDED, f"{url}: the camera closed the stream")
        if self._num_pictures == 0:
            return ConnectionFault(OutageReason.TIMEOUT, f"{url}: no picture for {silent_s:.1f} s")
        return ConnectionFault(OutageReason.FROZEN, f"{url}: no picture for {silent_s:.1f} s")
