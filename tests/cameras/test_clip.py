import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras.clip import clip_connect
from cameras.config import CameraConfig
from cameras.frame import Frame, FrameSource, Outage, OutageReason
from cameras.open_camera import open_camera
from tests.cameras.conftest import moving_picture, write_clip
from tests.fakes.fake_capture import FakeCapture, FakeDevices, plain_picture
from tests.fakes.fake_clock import FakeClock

PERIOD_NS = 1e9 / 15


def clip(
    path: Path, clock: FakeClock, query: str = "", start_at_ns: int | None = None
) -> FrameSource:
    config = CameraConfig("left", "lane-1", f"clip:{path}?{query}")
    return open_camera(config, start_at_ns=start_at_ns, clock=clock)


def frames_of(source: FrameSource, num: int, timeout_s: float = 1.0) -> list[Frame]:
    answers = [source.read(timeout_s) for _ in range(num)]
    return [answer for answer in answers if isinstance(answer, Frame)]


def test_a_clip_plays_at_its_own_pace(media: Path, clock: FakeClock) -> None:
    started_ns = clock.now_ns
    source = clip(media / "counter.mp4", clock)
    frames = frames_of(source, 60)
    assert len(frames) == 60
    assert clock.now_ns - started_ns == pytest.approx(59 * PERIOD_NS, abs=2e6)
    stamps = np.diff([frame.captured_at_ns for frame in frames])
    assert stamps == pytest.approx(PERIOD_NS, abs=1e6)
    assert source.condition().fps == pytest.approx(15, abs=0.5)


def test_each_picture_has_its_place_in_the_clip(media: Path, clock: FakeClock) -> None:
    frames = frames_of(clip(media / "counter.mp4", clock, "pace=fast"), 60)
    assert [f.sequence for f in frames] == list(range(60))
    assert [
        round(f.clip_time_ns / PERIOD_NS) for f in frames if f.clip_time_ns is not None
    ] == list(range(60))
    seen = frames[20].pixels.astype(int) - moving_picture(20)
    assert np.abs(seen).mean() < 6


def test_fast_pace_never_sleeps_and_keeps_clip_time(media: Path, clock: FakeClock) -> None:
    frames = frames_of(clip(media / "counter.mp4", clock, "pace=fast", 5_000), 60)
    assert clock.slept_s == []
    assert frames[0].captured_at_ns == 5_000
    assert frames[59].captured_at_ns == pytest.approx(59 * PERIOD_NS, abs=1e6)


def test_the_end_is_typed_and_final(media: Path, clock: FakeClock) -> None:
    source = clip(media / "counter.mp4", clock, "pace=fast")
    frames_of(source, 60)
    first, second = source.read(0.1), source.read(0.1)
    assert isinstance(first, Outage)
    assert isinstance(second, Outage)
    assert (first.reason, first.retry_in_s) == (OutageReason.ENDED, None)
    assert second.reason is OutageReason.ENDED
    assert source.condition().state == "ended"


def test_a_looped_clip_goes_on_with_rising_stamps(media: Path, clock: FakeClock) -> None:
    frames = frames_of(clip(media / "counter.mp4", clock, "loop=true"), 152)
    assert len(frames) == 150
    stamps = np.diff([frame.captured_at_ns for frame in frames])
    assert stamps == pytest.approx(PERIOD_NS, abs=1e6)
    assert frames[60].clip_time_ns == 0


def test_clips_of_unequal_length_stay_together_by_their_round(
    media: Path, clock: FakeClock
) -> None:
    start_ns = clock.now_ns
    long = clip(media / "counter.mp4", clock, "loop_s=5", start_ns)
    short = clip(media / "wide.avi", clock, "loop_s=5", start_ns)
    begins = [
        [f.captured_at_ns for f in frames_of(source, 140) if f.clip_time_ns == 0][:2]
        for source in (long, FakeClockAt(start_ns, short, clock))
    ]
    assert begins[0] == begins[1] == [start_ns, start_ns + 5_000_000_000]


class FakeClockAt:
    """A source that is read from an earlier moment of the same clock."""

    def __init__(self, now_ns: int, source: FrameSource, clock: FakeClock) -> None:
        self._now_ns: int | None = now_ns
        self._source = source
        self._clock = clock

    def read(self, timeout_s: float) -> Frame | Outage | None:
        self._clock.now_ns = self._now_ns or self._clock.now_ns
        self._now_ns = None
        return self._source.read(timeout_s)


def test_a_process_started_again_joins_where_the_lane_is(media: Path, clock: FakeClock) -> None:
    start_ns = clock.now_ns
    clock.advance(2.5)
    source = clip(media / "counter.mp4", clock, "", start_ns)
    first = frames_of(source, 1)[0]
    assert first.clip_time_ns == pytest.approx(2.5e9, abs=1.1 * PERIOD_NS)
    assert source.condition().num_dropped == 0


def test_a_looped_clip_is_joined_in_its_round(media: Path, clock: FakeClock) -> None:
    start_ns = clock.now_ns
    clock.advance(3 * 4.0 + 1.0)
    first = frames_of(clip(media / "counter.mp4", clock, "loop=true", start_ns), 1)[0]
    assert first.clip_time_ns == pytest.approx(1e9, abs=1.1 * PERIOD_NS)
    assert first.captured_at_ns == pytest.approx(clock.now_ns, abs=1.1 * PERIOD_NS)


def test_a_start_in_the_future_is_waited_for(media: Path, clock: FakeClock) -> None:
    source = clip(media / "counter.mp4", clock, "", clock.now_ns + 1_200_000_000)
    assert source.read(0.5) is None
    assert source.read(0.5) is None
    assert isinstance(source.read(0.5), Frame)


def test_a_slow_reader_loses_pictures_as_with_a_live_camera(media: Path, clock: FakeClock) -> None:
    source = clip(media / "counter.mp4", clock)
    frames_of(source, 3)
    clock.advance(1.0)
    late = frames_of(source, 1)[0]
    assert clock.now_ns - late.captured_at_ns < 1.1 * PERIOD_NS
    assert source.condition().num_dropped == pytest.approx(14, abs=1)


@pytest.mark.parametrize("skew_ms", [0, 40, 100])
def test_skew_moves_the_stamps(media: Path, clock: FakeClock, skew_ms: int) -> None:
    start_ns = clock.now_ns
    source = clip(media / "counter.mp4", clock, f"skew_ms={skew_ms}", start_ns)
    assert frames_of(source, 1)[0].captured_at_ns == start_ns + skew_ms * 1_000_000


def test_delay_moves_the_arrival_only(media: Path, clock: FakeClock) -> None:
    start_ns = clock.now_ns
    frame = frames_of(clip(media / "counter.mp4", clock, "delay_ms=300", start_ns), 1)[0]
    assert frame.captured_at_ns == start_ns
    assert clock.now_ns - start_ns == 300_000_000


def test_a_missing_clip_is_retried_until_it_is_there(tmp_path: Path, clock: FakeClock) -> None:
    source = clip(tmp_path / "later.avi", clock)
    absent = source.read(1.0)
    assert isinstance(absent, Outage)
    assert absent.reason is OutageReason.NOT_FOUND
    write_clip(tmp_path / "later.avi", 5)
    assert isinstance(source.read(10.0), Frame)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_an_mp4_without_its_index_is_unreadable(
    media: Path, tmp_path: Path, clock: FakeClock, share: float
) -> None:
    data = (media / "counter.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: math.floor(len(data) * share)])
    outage = clip(tmp_path / "cut.mp4", clock).read(1.0)
    assert isinstance(outage, Outage)
    assert outage.reason is OutageReason.CODEC
    assert "truncated or no video" in outage.message


def test_a_truncated_recording_ends_and_says_so(
    media: Path, tmp_path: Path, clock: FakeClock
) -> None:
    data = (media / "wide.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) // 2])
    source = clip(tmp_path / "cut.avi", clock, "pace=fast")
    answers = [source.read(1.0) for _ in range(46)]
    last = answers[-1]
    assert 10 < sum(isinstance(answer, Frame) for answer in answers) < 30
    assert isinstance(last, Outage)
    assert last.reason is OutageReason.ENDED
    assert "truncated" in last.message


def test_a_text_file_is_no_clip(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "notes.mp4").write_text("not a video at all\n" * 100)
    outage = clip(tmp_path / "notes.mp4", clock).read(1.0)
    assert isinstance(outage, Outage)
    assert outage.reason is OutageReason.CODEC


def test_black_and_still_clips_do_not_count_as_frozen(tmp_path: Path, clock: FakeClock) -> None:
    writer = cv2.VideoWriter(
        str(tmp_path / "black.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 15, (64, 64)
    )
    for _ in range(15):
        writer.write(plain_picture(0))
    writer.release()
    frames = frames_of(clip(tmp_path / "black.avi", clock, "loop_s=1"), 500)
    assert frames[-1].captured_at_ns - frames[0].captured_at_ns > 25 * 1e9


def test_a_change_of_size_mid_stream_keeps_the_working_size(clock: FakeClock) -> None:
    steps = [plain_picture(1, 128, 96), plain_picture(2, 64, 48), plain_picture(3, 128, 96)]
    config = CameraConfig("left", "lane-1", f"clip:{__file__}?pace=fast")
    devices = FakeDevices(FakeCapture(steps, clock))
    connection = clip_connect(config, clock, open_capture=devices)()
    sizes = [p.pixels.shape[:2] for p in (connection.read(1.0) for _ in range(3)) if p]
    assert sizes == [(96, 128), (48, 64), (96, 128)]
