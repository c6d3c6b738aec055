"""Opt-in: whole baskets as redacted, sealed pictures, a few per day.

Flow: BasketSnapshot, Eye frames -> redact -> Tape -> seal -> Row("recording")

Off unless `hub.recordings_per_day` says else. Runs beside the bus of the uplink; a basket that is
not paid leaves nothing.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from edge.config import CameraKnobs, EdgeConfig
from edge.hard_cases.recorder import Tape
from edge.hard_cases.redaction import DropReason, RedactedPicture, empty_counter, redact
from edge.messages.basket_messages import BasketSnapshot, LineOrigin, Phase
from edge.messages.perception_messages import Observations
from edge.processes.case_maker import UNDERSTOOD, Eye
from edge.processes.hub_link import Row
from sync.recording import RecordedCamera, Recording, pack_frames
from sync.sealing import seal

NS_PER_MS = 1_000_000
SAMPLE_NS = 500 * NS_PER_MS
RECORDING_VALUE = 650  # less than a correction, more than a question (selector.py)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    basket_id: str
    began_ns: int
    tape: Tape = field(default_factory=Tape)
    next_ns: int = 0


class BasketRecorder:
    """One basket per lane at a time."""

    def __init__(
        self,
        config: EdgeConfig,
        eyes: Mapping[str, Mapping[str, Eye]],
        put: Callable[[Row], None],
    ) -> None:
        self._config = config
        self._eyes = eyes
        self._put = put
        self._running: dict[str, _Running] = {}
        self._day, self._num_today = date.min, 0

    def on_basket(self, snapshot: BasketSnapshot, now_ns: int, sealing_public_key: str) -> None:
        """A basket opens, is paid, or ends otherwise."""
        lane_id, running = snapshot.lane_id, self._running.get(snapshot.lane_id)
        if running is not None and running.basket_id != snapshot.basket_id:
            running = self._running.pop(lane_id, None) and None
        if snapshot.phase is Phase.PAID and running is not None:
            del self._running[lane_id]
            self._make(running, snapshot, sealing_public_key)
        elif running is None and snapshot.phase is Phase.SHOPPING and self._has_room():
            self._running[lane_id] = _Running(snapshot.basket_id, now_ns)

    def step(self, now_ns: int) -> None:
        """A frame of each camera, where something changed on the counter."""
        for lane_id, running in self._running.items():
            if now_ns < running.next_ns:
                continue
            running.next_ns = now_ns + SAMPLE_NS
            for eye in self._eyes[lane_id].values():
                self._sample(eye, running)

    def _has_room(self) -> bool:
        today = datetime.now(UTC).date()
        if today != self._day:
            self._day, self._num_today = today, 0
        return self._num_today < self._config.hub.recordings_per_day

    def _sample(self, eye: Eye, running: _Running) -> None:
        seen = eye.seen
        if seen is None or eye.reference is None or seen.captured_at_ns < running.began_ns:
            return
        if eye.camera_id not in running.tape.cameras:  # the moment before the first item
            running.tape.begin(eye.camera_id, empty_counter(eye.reference))
        at_ms = (seen.captured_at_ns - running.began_ns) // NS_PER_MS
        boxes = np.asarray([track.xyxy for track in seen.tracks], dtype=np.float32).reshape(-1, 4)
        if not running.tape.wants(eye.camera_id, at_ms, _whole(seen)):
            return
        found = _redacted(eye, seen, boxes)
        if isinstance(found, RedactedPicture):
            running.tape.take(eye.camera_id, at_ms, found)

    def _make(self, running: _Running, snapshot: BasketSnapshot, key: str) -> None:
        eyes = self._eyes[snapshot.lane_id].values()
        for eye in eyes:
            self._sample(eye, running)
        whole = {
            eye.camera_id
            for eye in eyes
            if eye.seen is not None and running.tape.shows(eye.camera_id, _whole(eye.seen))
        }
        tape = running.tape.of(whole)
        if not key or 2 * len(whole) <= len(eyes) or snapshot.tray > 1 or not snapshot.lines:
            logger.info("no recording: %d of %d cameras show the end", len(whole), len(eyes))
            return
        now = datetime.now(UTC)
        sealed = seal(pack_frames(tape.pictures), key, self._config.box_id)
        answer: dict[str, int] = {}
        for line in snapshot.lines:
            answer[line.sku_id] = answer.get(line.sku_id, 0) + line.quantity
        recording = Recording(
            recording_id=secrets.token_hex(12),
            basket_id=snapshot.basket_id,
            lane_id=snapshot.lane_id,
            bundle_id=snapshot.bundle_id,
            at=now,
            cameras=_cameras(c for c in self._knobs(snapshot.lane_id) if c.camera_id in whole),
            num_cameras_left_out=len(eyes) - len(whole),
            frames=tuple(tape.frames),
            answer=tuple(sorted(answer.items())),
            num_corrected=sum(line.origin is not LineOrigin.VISION for line in snapshot.lines),
            blob=hashlib.sha256(sealed).hexdigest(),
        )
        self._num_today += 1
        logger.info("basket recorded frames=%d bytes=%d", len(tape.frames), len(sealed))
        body = recording.model_dump(mode="json")
        self._put(Row("recording", body, now, RECORDING_VALUE, (sealed,), snapshot.basket_id))

    def _knobs(self, lane_id: str) -> tuple[CameraKnobs, ...]:
        return next(lane.cameras for lane in self._config.lanes if lane.lane_id == lane_id)


def _whole(seen: Observations) -> tuple[tuple[int, int, int, int], ...]:
    """Boxes in whole pixels."""
    boxes = np.asarray([track.xyxy for track in seen.tracks], dtype=np.float32).reshape(-1, 4)
    return tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in np.rint(boxes))


def _redacted(
    eye: Eye, seen: Observations, boxes: NDArray[np.float32]
) -> RedactedPicture | DropReason | None:
    """Goods on the empty counter, or the empty counter where nothing lies; None: frame gone."""
    assert eye.reference is not None
    if len(boxes) == 0:
        is_empty = not seen.is_hand_present and seen.status in UNDERSTOOD
        return empty_counter(eye.reference) if is_empty else DropReason.HAND_PRESENT
    frame = eye.frame(seen.sequence)
    if frame is None:
        return None
    return redact(frame, boxes, eye.reference, is_hand_present=seen.is_hand_present)


def _cameras(knobs: Iterable[CameraKnobs]) -> tuple[RecordedCamera, ...]:
    """How they stand over the counter: a replay measures with it."""
    cameras = []
    for camera in knobs:
        calibration = ""
        with suppress(OSError, UnicodeDecodeError):
            calibration = camera.calibration.read_text() if camera.calibration else ""
        cameras.append(
            RecordedCamera(
                camera_id=camera.camera_id, calibration=calibration,
                counter_region=camera.counter_region,
            )
        )  # fmt: skip
    return tuple(cameras)
