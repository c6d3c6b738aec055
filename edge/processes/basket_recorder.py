"""Opt-in: whole baskets as redacted, sealed pictures, a few per day.

Flow: BasketSnapshot, Eye frames -> redact -> Tape -> seal -> Row("recording")

Off unless `hub.recordings_per_day` says else. Runs beside the bus of the uplink; a basket that is
not paid leaves nothing.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np

from edge.config import EdgeConfig
from edge.hard_cases.recorder import Tape
from edge.hard_cases.redaction import RedactedPicture, redact
from edge.messages.basket_messages import BasketSnapshot, LineOrigin, Phase
from edge.processes.case_maker import Eye
from edge.processes.hub_link import Row
from sync.recording import Recording, pack_frames
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
        if seen is None or not seen.tracks or seen.captured_at_ns < running.began_ns:
            return
        at_ms = (seen.captured_at_ns - running.began_ns) // NS_PER_MS
        boxes = np.asarray([track.xyxy for track in seen.tracks], dtype=np.float32).reshape(-1, 4)
        whole = tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in np.rint(boxes))
        if not running.tape.wants(eye.camera_id, at_ms, whole):
            return
        frame = eye.frame(seen.sequence)
        if frame is None:
            return
        found = redact(frame, boxes, eye.reference, is_hand_present=seen.is_hand_present)
        if isinstance(found, RedactedPicture):
            running.tape.take(eye.camera_id, at_ms, found)

    def _make(self, running: _Running, snapshot: BasketSnapshot, key: str) -> None:
        tape = running.tape
        if not key or tape.cameras != set(self._eyes[snapshot.lane_id]) or not snapshot.lines:
            logger.info(
                "no recording: %d frames of %d cameras", len(tape.frames), len(tape.cameras)
            )
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
            frames=tuple(tape.frames),
            answer=tuple(sorted(answer.items())),
            num_corrected=sum(line.origin is not LineOrigin.VISION for line in snapshot.lines),
            blob=hashlib.sha256(sealed).hexdigest(),
        )
        self._num_today += 1
        logger.info("basket recorded frames=%d bytes=%d", len(tape.frames), len(sealed))
        body = recording.model_dump(mode="json")
        self._put(Row("recording", body, now, RECORDING_VALUE, (sealed,), snapshot.basket_id))
