"""RTSP cameras against a real server that is killed, frozen, absent or asks for a password."""

import logging
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cameras.config import CameraConfig
from cameras.frame import Frame, FrameSource, Outage, OutageReason
from cameras.open_camera import open_camera
from tests.fakes.rtsp_front import RtspFront, running
from tests.fakes.rtsp_server import RtspServerProcess

pytestmark = pytest.mark.rtsp

Answer = Frame | Outage | None


def camera(url: str, tls_ca_path: Path | None = None) -> FrameSource:
    return open_camera(CameraConfig("left", "lane-1", url, tls_ca_path=tls_ca_path))


def is_frame(answer: Answer) -> bool:
    return isinstance(answer, Frame)


def is_outage(answer: Answer) -> bool:
    return isinstance(answer, Outage)


def read_until(source: FrameSource, is_it: Callable[[Answer], bool], limit_s: float) -> float:
    """Seconds until the source answered so."""
    started = time.monotonic()
    while not is_it(source.read(0.2)):
        assert time.monotonic() - started < limit_s, source.condition()
    return time.monotonic() - started


def outage_of(source: FrameSource) -> Outage:
    answer = source.read(5.0)
    assert isinstance(answer, Outage)
    return answer


def test_a_camera_absent_at_start_killed_and_frozen_comes_back_each_time(
    server: RtspServerProcess,
) -> None:
    source = camera(server.url())
    assert outage_of(source).reason is OutageReason.REFUSED
    server.start()
    read_until(source, is_frame, 8.0)

    server.kill()
    read_until(source, is_outage, 2.0)
    assert source.condition().state == "lost"
    server.start()
    read_until(source, is_frame, 8.0)

    server.freeze()
    frozen_after_s = read_until(source, is_outage, 8.0)
    assert source.condition().reason == "frozen"
    assert frozen_after_s <= 4.0
    server.thaw()
    read_until(source, is_frame, 8.0)
    assert source.condition().num_reconnects == 2
    source.close()


def test_frames_come_at_the_rate_and_size_of_the_camera(server: RtspServerProcess) -> None:
    server.start()
    source = camera(server.url())
    read_until(source, is_frame, 8.0)
    frames = [source.read(0.5) for _ in range(30)]
    stamps = [frame.captured_at_ns for frame in frames if isinstance(frame, Frame)]
    source.close()
    assert len(stamps) == 30
    assert (stamps[-1] - stamps[0]) / 29 == pytest.approx(1e9 / 15, rel=0.25)
    assert source.condition().size_px == (320, 240)


def test_a_wrong_path_and_a_wrong_format_are_named(server: RtspServerProcess) -> None:
    server.start()
    assert outage_of(camera(server.url("nothing.mp4"))).reason is OutageReason.NOT_FOUND
    assert outage_of(camera(server.url("old.mp4"))).reason is OutageReason.CODEC


def test_passwords_open_the_stream_and_are_shown_nowhere(
    server: RtspServerProcess, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    server.start()
    gate = RtspFront(server.port, user="store", password="hunter2@x", scheme="digest")
    with caplog.at_level(logging.DEBUG), running(gate) as front:
        wrong = camera(f"rtsp://store:hunter3@127.0.0.1:{front.port}/counter.mp4")
        outage = outage_of(wrong)
        right = camera(f"rtsp://store:hunter2%40x@127.0.0.1:{front.port}/counter.mp4")
        read_until(right, is_frame, 8.0)
        shown = f"{outage} {wrong.condition()} {right.condition()} {right!r}"
        right.close()
    assert outage.reason is OutageReason.UNAUTHORISED
    written = capfd.readouterr()
    for text in (shown, caplog.text, written.out, written.err):
        assert "hunter" not in text


def test_an_encrypted_camera_is_read_when_its_certificate_is_known(
    server: RtspServerProcess, certificate: tuple[Path, Path]
) -> None:
    server.start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with running(RtspFront(server.port, tls=context)) as front:
        url = f"rtsps://127.0.0.1:{front.port}/counter.mp4"
        assert outage_of(camera(url)).reason is OutageReason.TLS
        known = camera(url, certificate[0])
        read_until(known, is_frame, 8.0)
        known.close()
