"""Which camera's frame is next: the one whose camera waited longest, and never an old frame.

Flow: FrameRef of every camera -> the next one to look at

Pure. Holds at most one frame per camera, the newest; a slow box looks at fewer frames of every
camera, and a fast camera never takes the turn of a slow one.
"""

from edge.messages.perception_messages import FrameRef

CameraKey = tuple[str, str]
"""(lane_id, camera_id)."""


class FrameQueue:
    """Frames that wait, at most one per camera.

    Attributes:
        num_replaced: frames that a newer one of their camera made needless.
        num_stale: frames that were too old when their turn came.
    """

    def __init__(self, max_age_ns: int) -> None:
        self.num_replaced = 0
        self.num_stale = 0
        self._max_age_ns = max_age_ns
        self._waiting: dict[CameraKey, FrameRef] = {}
        self._turns: dict[CameraKey, int] = {}
        self._turn = 0

    def offer(self, frame: FrameRef) -> None:
        """A new frame of a camera."""
        key = (frame.lane_id, frame.camera_id)
        if key in self._waiting:
            self.num_replaced += 1
        self._waiting[key] = frame

    def take(self, now_ns: int) -> FrameRef | None:
        """The frame of the camera that was served longest ago; None if none waits."""
        while self._waiting:
            key = min(self._waiting, key=lambda k: (self._turns.get(k, -1), k))
            frame = self._waiting.pop(key)
            if now_ns - frame.captured_at_ns > self._max_age_ns:
                self.num_stale += 1
                continue
            self._turn += 1
            self._turns[key] = self._turn
            return frame
        return None
