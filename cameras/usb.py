"""USB cameras through V4L2, with the same outages and reconnects as network cameras.

Flow: device check -> OpenCV capture -> Picture

MJPG is asked for, because uncompressed 1080p does not fit on USB 2. The capture and the device
check are handed in, so everything but the kernel driver is tested without a camera.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path

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
from cameras.opencv_environment import set_v4l_timeout

DeviceCheck = Callable[[Path], None]
"""Raises ConnectionFault when the device cannot be used."""


def check_device(device: Path) -> None:
    """Whether the kernel lets us open the device.

    Raises:
        ConnectionFault: not_found, unauthorised or refused.
    """
    try:
        os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
    except FileNotFoundError as err:
        raise ConnectionFault(OutageReason.NOT_FOUND, f"{device} is not plugged in") from err
    except PermissionError as err:
        raise ConnectionFault(
            OutageReason.UNAUTHORISED, f"{device}: no permission, add the user to group video"
        ) from err
    except OSError as err:
        name = errno.errorcode.get(err.errno or 0, "?")
        raise ConnectionFault(OutageReason.REFUSED, f"{device} cannot be opened: {name}") from err


def usb_connect(
    config: CameraConfig,
    clock: Clock,
    open_capture: CaptureFactory = open_cv_capture,
    check: DeviceCheck = check_device,
) -> Connect:
    """How to connect to this camera, once per call."""

    def connect() -> Connection:
        device = config.address.path
        check(device)
        set_v4l_timeout(config.silence_limit_s)
        capture = open_capture(str(device), cv2.CAP_V4L2, _params(config))
        if not capture.isOpened():
            capture.release()
            raise ConnectionFault(
                OutageReason.REFUSED, f"{device} is in use by another program or is no camera"
            )
        return UsbConnection(capture, device, clock, check)

    return connect


class UsbConnection:
    """One opened device."""

    def __init__(self, capture: Capture, device: Path, clock: Clock, check: DeviceCheck) -> None:
        self._capture = capture
        self._device = device
        self._clock = clock
        self._check = check

    def read(self, timeout_s: float) -> Picture | None:
        """The next picture; blocks for its frame interval, at most the V4L2 timeout."""
        is_read, image = self._capture.read()
        now_ns = self._clock.monotonic_ns()
        if not is_read:
            self._capture.release()
            self._check(self._device)
            raise ConnectionFault(OutageReason.FROZEN, f"{self._device} sends no picture")
        pixels = as_pixels(image)
        if pixels is None:
            raise ConnectionFault(OutageReason.CODEC, f"{self._device} gives no colour picture")
        return Picture(pixels, now_ns)

    def close(self) -> None:
        """Let the device go."""
        self._capture.release()


def _params(config: CameraConfig) -> list[int]:
    params = [cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")]
    if config.size_px is not None:
        params += [cv2.CAP_PROP_FRAME_WIDTH, config.size_px[0]]
        params += [cv2.CAP_PROP_FRAME_HEIGHT, config.size_px[1]]
    return [*params, cv2.CAP_PROP_FPS, round(config.fps), cv2.CAP_PROP_BUFFERSIZE, 1]
