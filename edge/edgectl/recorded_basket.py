"""A box's recording as the frames that its cameras would have given.

Flow: RecordingFolder -> Frames of every camera, oldest first

A recording holds a picture only where something changed. Between two changes every camera shows its
last picture again, at 15 frames per second, so the pipeline sees stillness; long waits are cut
short, as nothing happens in them.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.frame import Frame
from edge.errors import ConfigError
from sync.recording_folder import RecordingFolder

NS_PER_MS = 1_000_000
FRAME_MS = 1000 / 15
LONGEST_WAIT_MS = 1_500  # twice what the slowest rule of the pipeline waits for an item to rest
LAST_WAIT_MS = 2_000
FIRST_AT_NS = 1_000_000_000


def recorded_frames(found: RecordingFolder, camera_ids: tuple[str, ...]) -> Iterator[Frame]:
    """The basket from its first picture to payment.

    Args:
        camera_ids: only these cameras.

    Raises:
        ConfigError: a picture cannot be read.
    """
    shown: dict[str, NDArray[np.uint8]] = {}
    number, lane_id = 0, found.recording.lane_id
    for changes, wait_ms in _moments(found, camera_ids):
        for camera_id, jpeg in changes:
            shown[camera_id] = _decoded(jpeg, found)
        for _ in range(max(1, round(wait_ms / FRAME_MS))):
            at_ns = FIRST_AT_NS + round(number * FRAME_MS * NS_PER_MS)
            for camera_id, pixels in shown.items():
                clip_ns = at_ns - FIRST_AT_NS
                yield Frame(pixels, camera_id, lane_id, number, at_ns, clip_time_ns=clip_ns)
            number += 1


def _moments(
    found: RecordingFolder, camera_ids: tuple[str, ...]
) -> Iterator[tuple[list[tuple[str, bytes]], float]]:
    """Pictures that change at one time, and for how long nothing else does."""
    pairs = zip(found.recording.frames, found.pictures, strict=True)
    wanted = [(frame, jpeg) for frame, jpeg in pairs if frame.camera_id in camera_ids]
    times = sorted({frame.at_ms for frame, _ in wanted})
    for at_ms, next_ms in zip(times, [*times[1:], times[-1] + LAST_WAIT_MS], strict=True):
        changes = [(f.camera_id, jpeg) for f, jpeg in wanted if f.at_ms == at_ms]
        is_last = at_ms == times[-1]
        yield changes, LAST_WAIT_MS if is_last else min(next_ms - at_ms, LONGEST_WAIT_MS)


def _decoded(jpeg: bytes, found: RecordingFolder) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ConfigError(
            f"recording {found.recording.recording_id}: a picture cannot be read",
            hint="export the recording again",
        )
    return np.asarray(picture, dtype=np.uint8)
