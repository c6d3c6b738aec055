"""From a moment in a basket to a hard case: one redacted, sealed picture per camera.

Flow: BasketSnapshot, Observations, FrameRing -> Moment -> redact -> seal -> Row

The empty counter is learned while a lane is idle, in memory only; nothing but redacted and sealed
pictures leaves this module. A camera whose picture may not leave gives none; a case without any
picture is not made. Runs beside the bus of the uplink.
"""

import hashlib
import logging
import math
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bus.frame_ring import FrameRingReader, ring_path
from edge.config import CameraKnobs, EdgeConfig
from edge.errors import FrameRingError
from edge.hard_cases.disagreement import Guess, disagreeing_items
from edge.hard_cases.moments import Moment, moments_between
from edge.hard_cases.redaction import DropReason, RedactedPicture, redact
from edge.hard_cases.selector import Candidate, TakenToday, value_of
from edge.messages.basket_messages import BasketSnapshot, Phase
from edge.messages.perception_messages import Observations, ObservationStatus, TrackObservation
from edge.messages.shadow_messages import ShadowCase, ShadowPicture
from edge.processes.decision_evidence import EvidenceBook
from edge.processes.hub_link import Row
from sync.hard_case import CaseItem, CasePicture, CaseReason, HardCase, ItemEvidence
from sync.sealing import seal

NS_PER_S = 1_000_000_000
WAIT_NS = 3 * NS_PER_S  # for the hand to go away
LEARN_EVERY_NS = 2 * NS_PER_S
NUM_LEARN_FRAMES = 5  # their median: who walks by in 10 s is in none or few of them
MAX_UNREST = 6.0  # mean grey levels between those frames; more means somebody moves there
MAX_PENDING = 16
UNDERSTOOD = (ObservationStatus.SEEN, ObservationStatus.UNCHANGED)  # a still counter is the rule

Picture = NDArray[np.uint8]

logger = logging.getLogger(__name__)


class Eye:
    """One camera: its ring, what was seen last, and its empty counter."""

    def __init__(self, config: EdgeConfig, lane_id: str, camera: CameraKnobs) -> None:
        self.camera_id = camera.camera_id
        self.seen: Observations | None = None
        self.reference: Picture | None = None
        path = ring_path(config.paths.ring_dir, config.box_id, lane_id, camera.camera_id)
        self._ring = FrameRingReader(path)
        self._polygon = np.asarray(camera.counter_region, dtype=np.int32).reshape(-1, 2)
        self._learned: list[Picture] = []
        self._next_learn_ns = 0

    def learn(self, seen: Observations) -> None:
        """A frame of the empty counter; call it only while the lane is idle."""
        if seen.tracks or seen.is_hand_present or seen.status not in UNDERSTOOD:
            self._learned.clear()
            return
        if seen.captured_at_ns < self._next_learn_ns:
            return
        frame = self.frame(seen.sequence)
        if frame is None:
            return
        self._next_learn_ns = seen.captured_at_ns + LEARN_EVERY_NS
        self._learned.append(frame)
        if len(self._learned) == NUM_LEARN_FRAMES:
            self._take_reference()

    def frame(self, sequence: int) -> Picture | None:
        """The counter region of a frame, everything outside of it black; None if it is gone."""
        try:
            view = self._ring.view(sequence)
        except FrameRingError:
            return None
        pixels = view.copy() if view is not None else None
        if pixels is None or len(self._polygon) == 0:
            return pixels
        mask = np.zeros(pixels.shape[:2], dtype=np.uint8)
        cv2.fillPoly(mask, [self._polygon], 255)
        pixels[mask == 0] = 0
        return pixels

    def _take_reference(self) -> None:
        frames, self._learned = self._learned, []
        if len({frame.shape for frame in frames}) > 1:
            return
        small = [cv2.resize(f, (64, 36), interpolation=cv2.INTER_AREA) for f in frames]
        unrest = max(float(np.abs(np.int16(s) - np.int16(small[0])).mean()) for s in small[1:])
        if unrest <= MAX_UNREST:
            ordered = np.sort(np.stack(frames), axis=0)
            self.reference = np.ascontiguousarray(ordered[NUM_LEARN_FRAMES // 2])


@dataclass(slots=True)
class _Pending:
    moment: Moment
    snapshot: BasketSnapshot
    until_ns: int
    evidence: tuple[ItemEvidence, ...] = ()
    pictures: dict[str, tuple[RedactedPicture, Observations, tuple[int, int]]] = field(
        default_factory=dict
    )


class CaseMaker:
    """Moments that wait for a picture, and the cases made of them."""

    def __init__(self, config: EdgeConfig, put: Callable[[Row], None]) -> None:
        self._config = config
        self._put = put
        self._evidence = EvidenceBook(config)
        self.eyes = {
            lane.lane_id: {c.camera_id: Eye(config, lane.lane_id, c) for c in lane.cameras}
            for lane in config.lanes
        }
        self._before: dict[str, BasketSnapshot] = {}
        self._quarrels: dict[str, tuple[str, frozenset[str]]] = {}
        self._pending: list[_Pending] = []
        self._taken, self._day = TakenToday(), date.min
        self.num_made = 0
        self.dropped: Counter[str] = Counter()

    def on_observations(self, seen: Observations) -> None:
        """What a camera shows now."""
        eye = self.eyes[seen.lane_id][seen.camera_id]
        eye.seen = seen
        snapshot = self._before.get(seen.lane_id)
        if snapshot is not None and snapshot.phase is Phase.IDLE and not snapshot.items:
            eye.learn(seen)

    def on_basket(self, snapshot: BasketSnapshot, now_ns: int, dice: float) -> None:
        """How a basket stands now."""
        before = self._before.get(snapshot.lane_id)
        self._before[snapshot.lane_id] = snapshot
        quarrels = self._new_quarrels(snapshot)
        for moment in moments_between(before, snapshot, dice, quarrels):
            if len(self._pending) < MAX_PENDING:
                eyes = self.eyes[snapshot.lane_id].values()
                evidence = self._evidence.of(snapshot, [eye.seen for eye in eyes])
                self._pending.append(_Pending(moment, snapshot, now_ns + WAIT_NS, evidence))

    def _new_quarrels(self, snapshot: BasketSnapshot) -> tuple[str, ...]:
        """Items that the cameras take for different products, each told once in its basket."""
        basket_id, told = self._quarrels.get(snapshot.lane_id, ("", frozenset()))
        told = told if basket_id == snapshot.basket_id else frozenset()
        guesses = {
            (eye.camera_id, track.track_id): _guess(track)
            for eye in self.eyes[snapshot.lane_id].values()
            for track in (eye.seen.tracks if eye.seen is not None else ())
            if track.scores is not None and track.scores.sku_ids
        }
        found = disagreeing_items(snapshot, guesses)
        self._quarrels[snapshot.lane_id] = (snapshot.basket_id, told | set(found))
        return tuple(item_id for item_id in found if item_id not in told)

    def on_shadow_case(self, told: ShadowCase, sealing_public_key: str) -> None:
        """A basket that a candidate prices differently, its pictures redacted by the shadow."""
        self._begin_day(datetime.now(UTC))
        guesses = [g for p in told.pictures for item in p.guesses for g in item[:1]]
        sku_id, per_mille = min(guesses, key=lambda g: g[1], default=("", 1000))
        candidate = Candidate(CaseReason.SHADOW_DISAGREES, per_mille / 100, 1.0, sku_id)
        value = value_of(candidate, self._taken)
        if value is None or not sealing_public_key:
            return
        self._taken.note(candidate)
        sealed = tuple(seal(p.jpeg, sealing_public_key, self._config.box_id) for p in told.pictures)
        case = HardCase(
            case_id=secrets.token_hex(12),
            basket_id=told.basket_id,
            lane_id=told.lane_id,
            reason=CaseReason.SHADOW_DISAGREES,
            value=value,
            at=datetime.now(UTC),
            bundle_id=told.bundle_id,
            pictures=tuple(map(_shadow_picture, told.pictures, sealed)),
        )
        self.num_made += 1
        body = case.model_dump(mode="json")
        self._put(Row("case", body, case.at, value, sealed, told.basket_id))

    def step(self, now_ns: int, sealing_public_key: str) -> None:
        """Take pictures of what waits; make cases of what is complete or out of time."""
        if not sealing_public_key:  # not enrolled: nothing may be kept that only the hub may read
            self._pending.clear()
            return
        for pending in list(self._pending):
            eyes = self.eyes[pending.moment.lane_id]
            for eye in eyes.values():
                if eye.camera_id not in pending.pictures:
                    self._take(eye, pending, is_last=now_ns >= pending.until_ns)
            if len(pending.pictures) == len(eyes) or now_ns >= pending.until_ns:
                self._pending.remove(pending)
                if pending.pictures:
                    self._make(pending, sealing_public_key)

    def _begin_day(self, now: datetime) -> None:
        if now.date() != self._day:
            self._taken, self._day = self._taken.tomorrow(), now.date()

    def _take(self, eye: Eye, pending: _Pending, *, is_last: bool) -> None:
        seen = eye.seen
        frame = eye.frame(seen.sequence) if seen is not None else None
        if seen is None or frame is None:
            return
        boxes = np.asarray([track.xyxy for track in seen.tracks], dtype=np.float32).reshape(-1, 4)
        found = redact(frame, boxes, eye.reference, is_hand_present=seen.is_hand_present)
        if isinstance(found, DropReason):
            if is_last:
                self.dropped[found.value] += 1
            return
        pending.pictures[eye.camera_id] = (found, seen, (frame.shape[1], frame.shape[0]))

    def _make(self, pending: _Pending, key: str) -> None:
        moment, now = pending.moment, datetime.now(UTC)
        self._begin_day(now)
        candidate = _candidate(pending)
        value = value_of(candidate, self._taken)
        if value is None:
            return
        self._taken.note(candidate)
        pictures, sealed = [], []
        for camera_id, (picture, seen, size) in pending.pictures.items():
            data = seal(picture.jpeg, key, self._config.box_id)
            sealed.append(data)
            items = _items(pending, camera_id, seen, picture)
            pictures.append((camera_id, data, size, items))
        case = HardCase(
            case_id=secrets.token_hex(12),
            basket_id=moment.basket_id,
            lane_id=moment.lane_id,
            reason=moment.reason,
            value=value,
            at=now,
            bundle_id=pending.snapshot.bundle_id,
            pictures=tuple(_picture(*parts) for parts in pictures),
            evidence=pending.evidence,
        )
        self.num_made += 1
        logger.info("hard case made reason=%s pictures=%d", moment.reason, len(sealed))
        body = case.model_dump(mode="json")
        self._put(Row("case", body, now, value, tuple(sealed), moment.basket_id))


def _picture(
    camera_id: str, data: bytes, size: tuple[int, int], items: tuple[CaseItem, ...]
) -> CasePicture:
    return CasePicture(
        camera_id=camera_id, blob=hashlib.sha256(data).hexdigest(), width=size[0], height=size[1],
        items=items,
    )  # fmt: skip


def _shadow_picture(told: ShadowPicture, data: bytes) -> CasePicture:
    items = tuple(
        CaseItem(item_id=f"item-{number}", xyxy=box, guesses=told.guesses[number])
        for number, box in enumerate(told.boxes)
    )
    return _picture(told.camera_id, data, (told.width, told.height), items)


def _candidate(pending: _Pending) -> Candidate:
    """The least certain look at what the moment is about."""
    wanted = set(pending.moment.item_ids)
    named = _item_of_track(pending.snapshot)
    margin, similarity, sku_id = math.inf, 1.0, ""
    for camera_id, (_, seen, _) in pending.pictures.items():
        for track in seen.tracks:
            if track.scores is None or (
                wanted and named.get((camera_id, track.track_id)) not in wanted
            ):
                continue
            log_probs = track.scores.log_probs
            gap = log_probs[0] - log_probs[1] if len(log_probs) > 1 else 10.0
            if gap < margin:
                margin, similarity = gap, track.scores.similarity
                sku_id = track.scores.sku_ids[0]
    answered = next(iter(pending.moment.answered.values()), "")
    reason = CaseReason(pending.moment.reason)
    return Candidate(reason, 0.0 if math.isinf(margin) else margin, similarity, answered or sku_id)


def _items(
    pending: _Pending, camera_id: str, seen: Observations, picture: RedactedPicture
) -> tuple[CaseItem, ...]:
    named = _item_of_track(pending.snapshot)
    items = []
    for track, box in zip(seen.tracks, picture.boxes, strict=True):
        item_id = named.get((camera_id, track.track_id), f"track-{track.track_id}")
        items.append(
            CaseItem(
                item_id=item_id,
                xyxy=_without_margin(track, box),
                guesses=_guesses(track),
                answered=pending.moment.answered.get(item_id, ""),
                named_by=pending.moment.named_by.get(item_id, ""),
            )
        )
    return tuple(items)


def _without_margin(
    track: TrackObservation, box: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    """The item's own box, inside the slightly larger one that was copied."""
    x1, y1, x2, y2 = (round(value) for value in track.xyxy)
    return max(x1, box[0]), max(y1, box[1]), min(x2, box[2]), min(y2, box[3])


def _guesses(track: TrackObservation) -> tuple[tuple[str, int], ...]:
    if track.scores is None:
        return ()
    pairs = zip(track.scores.sku_ids, track.scores.log_probs, strict=False)
    return tuple((sku_id, round(1000 * math.exp(min(value, 0.0)))) for sku_id, value in pairs)[:5]


def _guess(track: TrackObservation) -> Guess:
    assert track.scores is not None
    log_probs = track.scores.log_probs
    margin = log_probs[0] - log_probs[1] if len(log_probs) > 1 else math.inf
    return Guess(track.scores.sku_ids[0], margin)


def _item_of_track(snapshot: BasketSnapshot) -> dict[tuple[str, int], str]:
    return {track: item.item_id for item in snapshot.items for track in item.tracks}
