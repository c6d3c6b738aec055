"""Every camera gets its turn, and only frames of now are looked at."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.messages.perception_messages import FrameRef
from edge.processes.frame_queue import FrameQueue

MS = 1_000_000


def _frame(camera_id: str, at_ms: int, lane_id: str = "a") -> FrameRef:
    return FrameRef(lane_id, camera_id, at_ms, at_ms * MS, 0, 640, 480)


def test_the_camera_that_waited_longest_is_next() -> None:
    queue = FrameQueue(500 * MS)
    taken = []
    for step in range(6):
        for camera in ("left", "right", "top"):
            queue.offer(_frame(camera, step))
        frame = queue.take(step * MS)
        assert frame is not None
        taken.append(frame.camera_id)
    assert taken == ["left", "right", "top"] * 2


def test_only_the_newest_frame_of_a_camera_waits() -> None:
    queue = FrameQueue(500 * MS)
    queue.offer(_frame("top", 1))
    queue.offer(_frame("top", 2))
    frame = queue.take(3 * MS)
    assert frame is not None
    assert frame.sequence == 2
    assert queue.take(3 * MS) is None
    assert queue.num_replaced == 1


def test_a_stale_frame_is_skipped_and_counted() -> None:
    queue = FrameQueue(500 * MS)
    queue.offer(_frame("left", 0))
    queue.offer(_frame("top", 400))
    frame = queue.take(600 * MS)
    assert frame is not None
    assert frame.camera_id == "top"
    assert queue.num_stale == 1


@settings(deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=31), min_size=60, max_size=60))
def test_no_camera_that_always_delivers_ever_starves(arrivals: list[int]) -> None:
    queue = FrameQueue(500 * MS)
    served: Counter[str] = Counter()
    for step, mask in enumerate(arrivals):
        for number in [n for n in range(5) if mask >> n & 1]:
            queue.offer(_frame(f"camera-{number}", step))
        queue.offer(_frame("steady", step, "z"))
        frame = queue.take(step * MS)
        assert frame is not None
        served[frame.camera_id] += 1
    assert served["steady"] >= len(arrivals) // 6 - 1
