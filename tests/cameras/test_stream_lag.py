from cameras.config import CameraConfig
from cameras.connection import Picture
from cameras.rtsp import RtspConnection
from cameras.stream_lag import StreamLag
from tests.fakes.fake_capture import FakeCapture, plain_picture
from tests.fakes.fake_clock import FakeClock

MS = 1_000_000
PERIOD = 66 * MS


def lags(arrivals_ms: list[float], stamps_ms: list[float]) -> list[int]:
    lag = StreamLag()
    pairs = zip(stamps_ms, arrivals_ms, strict=True)
    return [round(lag.update(round(s * MS), round(a * MS)) / MS) for s, a in pairs]


def test_a_steady_stream_has_no_lag() -> None:
    stamps = [index * 66.0 for index in range(50)]
    assert set(lags([at + 900 for at in stamps], stamps)) == {0}


def test_jitter_is_measured_against_the_quickest_picture() -> None:
    assert lags([100, 166, 262, 298], [0, 66, 132, 198]) == [0, 0, 30, 0]


def test_a_reader_that_was_held_up_sees_old_pictures() -> None:
    assert lags([100, 166, 2_166, 2_170], [0, 66, 132, 198]) == [0, 0, 1_934, 1_872]


def test_stamps_that_start_over_are_a_new_time_base() -> None:
    assert lags([100, 166, 232, 298], [5_000, 5_066, 0, 66]) == [0, 0, 0, 0]


def test_stamps_that_jump_ahead_are_a_new_time_base() -> None:
    assert lags([100, 166, 232, 298], [0, 66, 9_000, 9_066]) == [0, 0, 0, 0]


def test_a_camera_clock_that_runs_slow_is_no_lag_after_hours() -> None:
    seconds = range(4 * 3_600)
    found = lags([at * 1_000.0 for at in seconds], [at * 999.9 for at in seconds])
    assert max(found) < 20


def test_a_stream_without_stamps_has_no_lag() -> None:
    assert lags([0, 66, 500, 5_000], [0, 0, 0, 0]) == [0, 0, 0, 0]


def test_old_pictures_are_skipped_and_the_next_is_stamped_when_it_was_filmed(
    clock: FakeClock,
) -> None:
    shots = [plain_picture(index) for index in range(90)]
    capture = FakeCapture(shots, clock, stamps_ms=[index * 1_000 / 15 for index in range(90)])
    config = CameraConfig("left", "lane-1", "rtsp://cam/live")
    connection = RtspConnection(capture, config, clock)
    prompt = [read(connection) for _ in range(10)]
    clock.advance(2.0)
    capture.interval_s = 0.002
    first_after = read(connection)
    assert sum(picture.num_dropped for picture in prompt) == 0
    assert first_after.num_dropped == 29
    assert first_after.pixels[0, 0, 0] == 39
    assert 0 <= clock.now_ns - first_after.captured_at_ns <= 100 * MS
    assert first_after.captured_at_ns > prompt[-1].captured_at_ns


def read(connection: RtspConnection) -> Picture:
    picture = connection.read(1.0)
    assert picture is not None
    return picture
