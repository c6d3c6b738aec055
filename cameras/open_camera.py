"""From a camera's settings to its source: the one door for everybody else.

Flow: CameraConfig -> FrameSource

Nothing is touched before the first `read`.
"""

from dataclasses import replace

from cameras.capture_clock import Clock, SystemClock
from cameras.clip import clip_connect
from cameras.config import CameraConfig
from cameras.connection import Connect
from cameras.frame import FrameSource
from cameras.reconnecting import ReconnectingSource
from cameras.rtsp import rtsp_connect
from cameras.usb import usb_connect


def open_camera(
    config: CameraConfig, *, start_at_ns: int | None = None, clock: Clock | None = None
) -> FrameSource:
    """A source for these settings, armed.

    Args:
        start_at_ns: monotonic moment at which recorded clips begin, the same for all cameras of a
            lane; None begins at the first read. Live cameras ignore it.
        clock: None is the machine's.
    """
    clock = clock or SystemClock()
    kind = config.address.kind
    connect: Connect
    if kind == "rtsp":
        connect = rtsp_connect(config, clock)
    elif kind == "usb":
        connect = usb_connect(config, clock)
    else:
        connect = clip_connect(config, clock, start_at_ns)
        # A recording cannot freeze; equal pictures in it are what was filmed.
        config = replace(config, identical_limit_s=0.0)
    source = ReconnectingSource(config, connect, clock)
    source.open()
    return source
