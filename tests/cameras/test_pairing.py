import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameras.pairing import FramePairer, FrameSet, FrameStamp, PairingPolicy, frame_set

MS = 1_000_000
PERIOD = 1_000 / 15


def stamps(name: str, until_ms: float, offset_ms: float = 0.0) -> list[FrameStamp]:
    """The last second of a 15 fps camera whose first frame was at `offset_ms`."""
    times = [offset_ms + index * PERIOD for index in range(200)]
    seen = [(i, at) for i, at in enumerate(times) if at <= until_ms]
    return [FrameStamp(name, i, round(at * MS)) for i, at in seen][-16:]


def lane(now_ms: float, **offsets_ms: float) -> dict[str, list[FrameStamp]]:
    return {name: stamps(name, now_ms, offset) for name, offset in offsets_ms.items()}


def paired(history: dict[str, list[FrameStamp]], now_ms: float) -> FrameSet:
    found = frame_set(history, round(now_ms * MS), PairingPolicy())
    assert found is not None
    return found


@pytest.mark.parametrize("skew_ms", range(0, 101, 10))
def test_three_cameras_with_up_to_100_ms_of_skew_are_one_moment(skew_ms: int) -> None:
    found = paired(lane(5_000, left=0, middle=skew_ms / 2, right=skew_ms), 5_000)
    assert found.is_complete
    assert sorted(found.stamps) == ["left", "middle", "right"]
    assert found.spread_ns <= PERIOD * MS


def test_a_lagging_camera_is_left_out_and_named() -> None:
    history = lane(5_000, left=0, right=20) | {"slow": stamps("slow", 4_600)}
    found = paired(history, 5_000)
    assert found.late == ("slow",)
    assert sorted(found.stamps) == ["left", "right"]
    assert 5_000 * MS - found.at_ns < PERIOD * MS * 1.5


def test_a_camera_a_little_behind_is_waited_for_by_going_back() -> None:
    history = lane(5_000, left=0, right=20) | {"slow": stamps("slow", 4_850)}
    found = paired(history, 5_000)
    assert found.is_complete
    assert found.spread_ns <= PERIOD * MS


def test_a_dead_camera_delays_nothing() -> None:
    history = lane(5_000, left=0, right=20) | {"dead": stamps("dead", 2_000), "never": []}
    found = paired(history, 5_000)
    assert found.dead == ("dead", "never")
    assert found.at_ns == paired(lane(5_000, left=0, right=20), 5_000).at_ns


def test_one_camera_alone_is_a_moment_too() -> None:
    assert paired(lane(5_000, left=0), 5_000).is_complete


def test_without_any_frame_there_is_no_moment() -> None:
    assert frame_set({"left": []}, 0, PairingPolicy()) is None
    assert frame_set(lane(1_000, left=0), 60_000 * MS, PairingPolicy()) is None


def test_all_cameras_late_still_give_the_newest_moment() -> None:
    history = {"left": stamps("left", 4_500), "right": stamps("right", 4_400)}
    found = paired(history, 5_000)
    assert found.at_ns == history["left"][-1].captured_at_ns


@given(
    st.lists(st.integers(0, 100), min_size=3, max_size=3), st.integers(3_000, 9_000), st.booleans()
)
def test_a_set_never_spans_more_than_its_window_and_never_waits(
    skews: list[int], now_ms: int, is_one_dead: bool
) -> None:
    history = lane(now_ms, **{f"c{i}": float(skew) for i, skew in enumerate(skews)})
    if is_one_dead:
        history["c0"] = stamps("c0", now_ms - 2_500)
    found = paired(history, now_ms)
    window_ns = PairingPolicy().window_ms * MS
    assert all(abs(s.captured_at_ns - found.at_ns) <= window_ns for s in found.stamps.values())
    assert now_ms * MS - found.at_ns <= 2 * PERIOD * MS
    assert len(found.stamps) + len(found.late) + len(found.dead) == 3


def test_the_pairer_gives_each_moment_once_and_ignores_old_frames() -> None:
    pairer = FramePairer(["left", "right"])
    pairer.push(FrameStamp("left", 1, 100 * MS))
    pairer.push(FrameStamp("right", 1, 110 * MS))
    first = pairer.take(120 * MS)
    assert first is not None
    assert first.is_complete
    assert pairer.take(125 * MS) is None
    pairer.push(FrameStamp("left", 0, 50 * MS))
    assert pairer.take(126 * MS) is None
    pairer.push(FrameStamp("left", 2, 166 * MS))
    pairer.push(FrameStamp("right", 2, 176 * MS))
    second = pairer.take(180 * MS)
    assert second is not None
    assert second.stamps["left"].sequence == 2
