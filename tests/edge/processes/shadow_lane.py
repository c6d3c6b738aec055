"""A recorded clip through perception's pipeline, the shadow's recorder and a candidate; no bus."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from edge.basket.counter import Counter, Offer
from edge.bundles.comparison import BasketOutcome, CandidateBasket, compare_basket
from edge.bundles.frame_spool import FrameSpool, SpoolReader
from edge.config import CameraKnobs, EdgeConfig, LaneKnobs, PathKnobs
from edge.edgectl.recordings import Recording
from edge.messages.basket_messages import BasketSnapshot, Phase
from edge.messages.shadow_messages import CandidateAnswer
from edge.perception.models import Models
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from edge.processes.serving_bundle import offer_of
from edge.processes.shadow_basket import ShadowBasket, ShadowLane
from edge.processes.shadow_recorder import LaneRecorder, Recorded
from sync.bundle import Bundle

LANE = "lane-1"
LATENCY_MS = 30.0
UTC_TEXT = "2026-11-21T12:00:00+00:00"


@dataclass
class ShadowedClip:
    """What one clip came to with both models.

    Attributes:
        stored: frames whose pictures were kept; the others repeat one.
    """

    recorded: Recorded
    answer: CandidateAnswer
    outcome: BasketOutcome
    stored: int
    num_frames: int
    final: BasketSnapshot
    spool_left: float = 0.0


def clip_config(recording: Recording, calibrations: Mapping[str, Path], state: Path) -> EdgeConfig:
    cameras = tuple(
        CameraKnobs(camera_id=name, url="usb:0", calibration=calibrations.get(name))
        for name in recording.maps
    )
    lane = LaneKnobs(lane_id=LANE, cameras=cameras)
    paths = PathKnobs(state_dir=state, run_dir=state, ring_dir=state)
    return EdgeConfig(schema=1, box_id="box", paths=paths, lanes=(lane,))


def shadow_clip(
    recording: Recording,
    config: EdgeConfig,
    bundle: Bundle,
    active: Models,
    candidate: Models,
    spool_path: Path,
    every: int = 1,
) -> ShadowedClip:
    """Sell a clip with the active model; let the candidate look at what was recorded.

    Args:
        every: perception looks at every n-th frame only, as on a slow box.
    """
    lane = ShadowLane(config, config.lane(LANE))
    offer = offer_of(config, bundle)
    counter = Counter(LANE, "box", offer, lane.maps, lane.rules, lane.fusion)
    counter.restore([], epoch=1, now_ns=0)
    eyes = {
        name: Pipeline(active, PipelineSettings(), lane_id=LANE, camera_id=name)
        for name in recording.maps
    }
    spool = FrameSpool(spool_path, 128 << 20)
    frames: dict[tuple[str, int], np.ndarray] = {}
    recorder = LaneRecorder(
        LANE, dict.fromkeys(recording.maps, ()), spool, lambda c, s: frames.get((c, s))
    )
    recorded: list[Recorded] = []
    final = counter.snapshot(0)
    recorder.on_basket(final, UTC_TEXT)
    now_utc = datetime.now(UTC)
    for frame in recording.open_frames():
        if frame.sequence % every:
            continue
        frames = {(frame.camera_id, frame.sequence): frame.pixels}
        seen = eyes[frame.camera_id].observe(
            frame.pixels, sequence=frame.sequence, captured_at_ns=frame.captured_at_ns
        )
        seen = msgspec.structs.replace(seen, latency_ms=LATENCY_MS)
        now_ns = frame.captured_at_ns + round(LATENCY_MS * 1e6)
        counter.apply(counter.on_observations(seen, now_ns, now_utc))
        counter.apply(counter.tick(now_ns, now_utc))
        recorder.on_observations(seen)
        final = counter.snapshot(now_ns)
        begun = recorder.on_basket(final, UTC_TEXT)
        recorded += [begun] if begun else []
    paying = msgspec.structs.replace(final, phase=Phase.PAYING)
    recorder.on_basket(paying, UTC_TEXT)
    return _compare(recorded[0], lane, candidate, offer, spool, final)


def _compare(
    recorded: Recorded,
    lane: ShadowLane,
    candidate: Models,
    offer: Offer,
    spool: FrameSpool,
    final: BasketSnapshot,
) -> ShadowedClip:
    reader = SpoolReader(spool.path)
    opened = datetime.fromisoformat(recorded.opened_utc)
    shadow = ShadowBasket(recorded.basket_id, lane, candidate, offer, opened)
    sent = list(recorded.frames)
    for tray, frame in sent:
        shadow.look(
            frame, reader.picture(frame.offset, frame.length) if frame.length else None, tray
        )
    answer = shadow.close()
    assert recorded.active is not None
    outcome = compare_basket(
        recorded.active, CandidateBasket(answer.charged, answer.num_asks, answer.prices)
    )
    for _, frame in sent:
        spool.release(frame.offset)
    left = spool.used_share
    reader.close()
    spool.close()
    stored = sum(frame.length > 0 for _, frame in sent)
    return ShadowedClip(recorded, answer, outcome, stored, len(sent), final, left)
