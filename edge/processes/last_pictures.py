"""The newest picture of every camera for the dashboard: small, redacted, sealed.

Flow: Eye -> redact, or the empty counter -> small JPEG -> seal

Takes the path of hard cases: what cannot be redacted is not shown, and the older picture stays.
Every ten minutes, and when an operator asks (`hubctl fleet command BOX picture`).
"""

import threading
from collections.abc import Mapping

import cv2
import numpy as np

from edge.config import EdgeConfig
from edge.hard_cases.redaction import RedactedPicture, redact
from edge.processes.case_maker import Eye
from sync.sealing import seal

NS_PER_S = 1_000_000_000
EVERY_NS = 600 * NS_PER_S
RETRY_NS = 5 * NS_PER_S  # somebody stood in the picture
WIDTH_PX = 480
QUALITY = 70


class LastPictures:
    """Sealed pictures by `lane/camera`; the same bytes until there is a newer one."""

    def __init__(
        self,
        config: EdgeConfig,
        eyes: Mapping[str, Mapping[str, Eye]],
        wanted: threading.Event | None = None,
    ) -> None:
        """Nothing taken yet; `wanted` is set by whoever wants to see the counters now."""
        self.pictures: dict[str, bytes] = {}
        self._box_id = config.box_id
        self._eyes = {
            f"{lane}/{name}": eye for lane, own in eyes.items() for name, eye in own.items()
        }
        self._wanted = wanted or threading.Event()
        self._next_ns = dict.fromkeys(self._eyes, 0)

    def step(self, now_ns: int, sealing_public_key: str) -> None:
        """Renew what is old; nothing before the hub's key is known."""
        if not sealing_public_key:
            return
        if self._wanted.is_set():
            self._wanted.clear()
            self._next_ns = dict.fromkeys(self._eyes, 0)
        for name, eye in self._eyes.items():
            if now_ns >= self._next_ns[name]:
                jpeg = _picture(eye)
                self._next_ns[name] = now_ns + (EVERY_NS if jpeg else RETRY_NS)
                if jpeg:
                    self.pictures[name] = seal(jpeg, sealing_public_key, self._box_id)


def _picture(eye: Eye) -> bytes:
    """Goods on the empty counter, or the empty counter; empty bytes where neither may leave."""
    seen, reference = eye.seen, eye.reference
    if seen is None or reference is None or seen.is_hand_present:
        return b""
    if not seen.tracks:
        return _small_jpeg(reference)
    frame = eye.frame(seen.sequence)
    if frame is None:
        return b""
    boxes = np.asarray([track.xyxy for track in seen.tracks], dtype=np.float32).reshape(-1, 4)
    found = redact(frame, boxes, reference, is_hand_present=False)
    if not isinstance(found, RedactedPicture):
        return b""
    picture = cv2.imdecode(np.frombuffer(found.jpeg, np.uint8), cv2.IMREAD_COLOR)
    return _small_jpeg(np.asarray(picture, dtype=np.uint8))


def _small_jpeg(picture: np.ndarray) -> bytes:
    scale = min(1.0, WIDTH_PX / picture.shape[1])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
