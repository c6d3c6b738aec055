"""The two settings OpenCV takes only through environment variables.

OpenCV 4.11 to 5.0 read demuxer options and the V4L2 wait from the environment when a capture is
opened; there is no capture property for them (checked in 5.0.0). This file is the only one here
that writes the environment, it writes no secret, and a capture process owns its whole environment.
"""

import os
import ssl
from pathlib import Path

from cameras.errors import CameraConfigError

CAPTURE_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
V4L_SELECT_TIMEOUT = "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"

# tcp: no torn pictures. nobuffer, low_delay: newest first. fpsprobesize 0: opens in 0.5 s, not 1.9.
_RTSP_OPTIONS = {
    "rtsp_transport": "tcp",
    "fflags": "nobuffer",
    "flags": "low_delay",
    "fpsprobesize": "0",
}


def set_rtsp_options(is_tls_verified: bool, tls_ca_path: Path | None) -> None:
    """Low delay over TCP for the captures opened next; certificate checks for rtsps."""
    options = dict(_RTSP_OPTIONS)
    if is_tls_verified:
        options["tls_verify"] = "1"
        # FFmpeg's own OpenSSL does not know where this system keeps its certificates.
        known = tls_ca_path or ssl.get_default_verify_paths().cafile
        if known is not None:
            options["ca_file"] = _plain(Path(known))
    os.environ[CAPTURE_OPTIONS] = "|".join(f"{key};{value}" for key, value in options.items())


def clear_capture_options() -> None:
    """No demuxer options for the captures opened next (clips)."""
    os.environ.pop(CAPTURE_OPTIONS, None)


def set_v4l_timeout(timeout_s: float) -> None:
    """A silent USB camera is given up after this long, in whole seconds; OpenCV's own is 10 s."""
    os.environ[V4L_SELECT_TIMEOUT] = str(max(1, round(timeout_s)))


def _plain(path: Path) -> str:
    text = str(path)
    if ";" in text or "|" in text:
        raise CameraConfigError("tls_ca_path", text, "a path without ; and |")
    return text
