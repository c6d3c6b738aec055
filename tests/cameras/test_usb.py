from pathlib import Path

import cv2
import pytest

from cameras.config import CameraConfig
from cameras.connection import ConnectionFault
from cameras.frame import Frame, Outage, OutageReason
from cameras.reconnecting import ReconnectingSource
from cameras.usb import check_device, usb_connect
from tests.fakes.fake_capture import FakeCapture, FakeDevices, Step, plain_picture
from tests.fakes.fake_clock import FakeClock

CONFIG = CameraConfig("scan", "lane-1", "usb:3", width=64, height=64)
SHOTS: list[Step] = [plain_picture(value) for value in range(1, 4)]


class Plug:
    """A device check: True is plugged in."""

    def __init__(self, *states: bool) -> None:
        self._states = list(states)

    def __call__(self, device: Path) -> None:
        if not self._states.pop(0):
            raise ConnectionFault(OutageReason.NOT_FOUND, f"{device} is not plugged in")


def source_of(devices: FakeDevices, plug: Plug, clock: FakeClock) -> ReconnectingSource:
    connect = usb_connect(CONFIG, clock, devices, plug)
    return ReconnectingSource(CONFIG, connect, clock, uniform=lambda _low, high: high)


def reasons(answers: list[Frame | Outage | None]) -> list[str]:
    return [a.reason.value if isinstance(a, Outage) else type(a).__name__ for a in answers]


def test_an_unplugged_camera_comes_back(clock: FakeClock) -> None:
    devices = FakeDevices(FakeCapture(SHOTS[:2], clock), FakeCapture(SHOTS, clock))
    source = source_of(devices, Plug(True, False, False, True), clock)
    answers = [source.read(5.0) for _ in range(6)]
    assert reasons(answers) == ["Frame", "Frame", "not_found", "not_found", "Frame", "Frame"]


def test_a_silent_camera_is_frozen_and_opened_anew(clock: FakeClock) -> None:
    silent = FakeCapture([SHOTS[0], 2.0], clock)
    source = source_of(
        FakeDevices(silent, FakeCapture(SHOTS, clock)), Plug(True, True, True), clock
    )
    assert reasons([source.read(5.0) for _ in range(3)]) == ["Frame", "frozen", "Frame"]
    assert silent.num_released > 0


def test_a_camera_in_use_is_refused(clock: FakeClock) -> None:
    devices = FakeDevices(FakeCapture([], clock, is_open=False))
    outage = source_of(devices, Plug(True), clock).read(1.0)
    assert isinstance(outage, Outage)
    assert outage.reason is OutageReason.REFUSED


def test_a_camera_absent_at_start_appears(clock: FakeClock) -> None:
    source = source_of(FakeDevices(FakeCapture(SHOTS, clock)), Plug(False, False, True), clock)
    assert reasons([source.read(5.0) for _ in range(3)]) == ["not_found", "not_found", "Frame"]


def test_the_device_is_asked_for_mjpg_size_and_rate(clock: FakeClock) -> None:
    devices = FakeDevices(FakeCapture(SHOTS, clock))
    source_of(devices, Plug(True), clock).read(1.0)
    device, backend, params = devices.opened[0]
    pairs = dict(zip(params[::2], params[1::2], strict=True))
    assert (device, backend) == ("/dev/video3", cv2.CAP_V4L2)
    assert pairs[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert (pairs[cv2.CAP_PROP_FRAME_WIDTH], pairs[cv2.CAP_PROP_FPS]) == (64, 15)


def test_the_real_check_names_an_absent_device(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFault, match="not plugged in"):
        check_device(tmp_path / "video9")
    with pytest.raises(ConnectionFault, match="cannot be opened: EISDIR"):
        check_device(tmp_path)
