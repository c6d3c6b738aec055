import logging
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.config import CameraConfig
from cameras.connection import Connection, ConnectionFault
from cameras.frame import Frame, Outage, OutageReason
from cameras.reconnecting import ReconnectingSource
from tests.fakes.fake_capture import FakeConnection, ended, plain_picture
from tests.fakes.fake_clock import FakeClock

CONFIG = CameraConfig("left", "lane-1", "rtsp://store:hunter2@cam/live")


class Script:
    """The n-th connection attempt gets the n-th entry; the last one is repeated."""

    def __init__(self, *entries: Connection | ConnectionFault) -> None:
        self._entries = list(entries)
        self.num_attempts = 0

    def __call__(self) -> Connection:
        entry = self._entries[min(self.num_attempts, len(self._entries) - 1)]
        self.num_attempts += 1
        if isinstance(entry, ConnectionFault):
            raise entry
        return entry


def pictures(num: int) -> list[NDArray[np.uint8]]:
    return [plain_picture(index % 250) for index in range(num)]


def source_of(
    script: Script, clock: FakeClock, config: CameraConfig = CONFIG
) -> ReconnectingSource:
    source = ReconnectingSource(config, script, clock, uniform=lambda _low, high: high)
    source.open()
    return source


def test_open_touches_no_device(clock: FakeClock) -> None:
    script = Script(ConnectionFault(OutageReason.UNREACHABLE, "no cable"))
    source = source_of(script, clock)
    assert script.num_attempts == 0
    assert source.condition().state == "connecting"


def test_an_absent_camera_is_an_outage_and_appears_later(clock: FakeClock) -> None:
    fault = ConnectionFault(OutageReason.REFUSED, "closed")
    source = source_of(Script(fault, fault, FakeConnection(clock, pictures(3), ended())), clock)
    answers = [source.read(10.0) for _ in range(5)]
    assert [type(answer) for answer in answers] == [Outage, Outage, Frame, Frame, Frame]
    assert isinstance(answers[0], Outage)
    assert (answers[0].reason, answers[0].code) == (OutageReason.REFUSED, "camera.refused")
    assert clock.slept_s == [0.25, 0.5]


def test_an_outage_of_ten_minutes_is_retried_to_the_end(clock: FakeClock) -> None:
    fault = ConnectionFault(OutageReason.TIMEOUT, "silent")
    script = Script(*[fault] * 150, FakeConnection(clock, pictures(1), ended()))
    source = source_of(script, clock)
    started_ns = clock.now_ns
    answers = [source.read(30.0) for _ in range(151)]
    assert isinstance(answers[-1], Frame)
    assert max(clock.slept_s) == pytest.approx(5.0)
    assert clock.now_ns - started_ns > 600 * 1e9


def test_read_returns_within_its_timeout_while_waiting(clock: FakeClock) -> None:
    source = source_of(Script(ConnectionFault(OutageReason.UNAUTHORISED, "no")), clock)
    first = source.read(0.5)
    before_ns = clock.now_ns
    second = source.read(0.5)
    assert isinstance(first, Outage)
    assert isinstance(second, Outage)
    assert (first.retry_in_s, second.retry_in_s) == (10.0, 9.5)
    assert clock.now_ns - before_ns == 500_000_000


def test_sequence_counts_on_across_a_reconnect(clock: FakeClock) -> None:
    one, two = (FakeConnection(clock, pictures(2), ended()) for _ in range(2))
    source = source_of(Script(one, two), clock)
    answers = [source.read(1.0) for _ in range(5)]
    frames = [answer for answer in answers if isinstance(answer, Frame)]
    assert [frame.sequence for frame in frames] == [0, 1, 2, 3]
    assert one.is_closed
    assert source.condition().num_reconnects == 1


def test_back_off_starts_over_only_after_a_stable_half_minute(clock: FakeClock) -> None:
    flapping = [FakeConnection(clock, pictures(2), ended()) for _ in range(3)]
    stable = FakeConnection(clock, pictures(15 * 31), ended())
    source = source_of(Script(*flapping, stable, ended()), clock)
    waits = [a.retry_in_s for a in (source.read(60.0) for _ in range(475)) if isinstance(a, Outage)]
    assert waits[:4] == [0.25, 0.5, 1.0, 0.25]


def test_byte_equal_pictures_are_a_frozen_camera(clock: FakeClock) -> None:
    still = FakeConnection(clock, [plain_picture(9)] * 400, ended())
    source = source_of(Script(still), clock)
    answers = [source.read(1.0) for _ in range(302)]
    outage = next(answer for answer in answers if isinstance(answer, Outage))
    assert outage.reason is OutageReason.FROZEN
    assert answers.index(outage) == pytest.approx(300, abs=2)


def test_a_camera_still_frozen_after_a_reconnect_is_not_live(clock: FakeClock) -> None:
    stills = [FakeConnection(clock, [plain_picture(9)] * 400, ended()) for _ in range(2)]
    source = source_of(Script(*stills), clock)
    answers = [source.read(10.0) for _ in range(303)]
    assert isinstance(answers[-1], Outage)
    assert source.condition().state == "lost"
    assert source.condition().num_reconnects == 0


def test_another_picture_size_is_resized_and_said_once(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    shown = [plain_picture(1, 128, 96), plain_picture(2, 64, 64), plain_picture(3, 64, 64)]
    source = source_of(Script(FakeConnection(clock, shown, ended())), clock)
    with caplog.at_level(logging.WARNING):
        frames = [source.read(1.0) for _ in range(3)]
    assert [f.size_px for f in frames if isinstance(f, Frame)] == [(128, 96)] * 3
    assert caplog.text.count("camera size differs") == 1
    assert "calibrate again" in source.condition().message


def test_condition_says_live_then_lost(clock: FakeClock) -> None:
    source = source_of(Script(FakeConnection(clock, pictures(45), ended()), ended()), clock)
    for _ in range(45):
        source.read(1.0)
    live = source.condition()
    source.read(1.0)
    lost = source.condition()
    assert (live.state, live.quality, live.reason) == ("live", "excellent", "")
    assert (lost.state, lost.quality, lost.score, lost.reason) == ("lost", "unusable", 0.0, "ended")
    assert live.url == "rtsp://***@cam/live"


def test_a_jump_of_the_wall_clock_changes_nothing_but_the_date(clock: FakeClock) -> None:
    source = source_of(Script(FakeConnection(clock, pictures(3), ended())), clock)
    before = source.read(1.0)
    clock.wall_jump = timedelta(days=-400)
    after = source.read(1.0)
    assert isinstance(before, Frame)
    assert isinstance(after, Frame)
    assert before.captured_at is not None
    assert after.captured_at is not None
    assert after.captured_at < before.captured_at
    assert after.captured_at_ns > before.captured_at_ns
    assert source.condition().state == "live"


def test_one_outage_is_one_warning_and_never_the_password(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    source = source_of(Script(ConnectionFault(OutageReason.REFUSED, CONFIG.safe_url)), clock)
    with caplog.at_level(logging.DEBUG):
        for _ in range(20):
            source.read(10.0)
    assert len(caplog.records) == 1
    assert "hunter2" not in caplog.text
