"""Messages from the camera to the counter: where pixels lie, what one camera claims in one frame.

Flow: capture -> FrameRef -> perception -> Observations -> basket, kiosk

msgspec structs: frozen, typed, checked when read, carried as MessagePack. Times are
CLOCK_MONOTONIC nanoseconds of this boot. Boxes are xyxy pixels of the full frame.
"""

from enum import StrEnum

import msgspec


class FrameRef(msgspec.Struct, frozen=True):
    """A frame in the ring: which slot, and the sequence number that proves it is still there."""

    lane_id: str
    camera_id: str
    sequence: int
    captured_at_ns: int
    slot: int
    width: int
    height: int
    clip_time_ns: int | None = None
    """Position in a recorded clip; None for live cameras. Replay compares with truth by it."""


class ObservationStatus(StrEnum):
    """Whether a frame was understood. Anything but `seen` means unknown, never empty."""

    SEEN = "seen"
    UNCHANGED = "unchanged"
    DETECTOR_FAILED = "detector_failed"
    TIMED_OUT = "timed_out"
    NO_BUNDLE = "no_bundle"


class SkuScoresMessage(msgspec.Struct, frozen=True):
    """sync.decision.SkuScores on the bus."""

    sku_ids: tuple[str, ...]
    log_probs: tuple[float, ...]
    floor: float
    similarity: float
    num_looks: int
    sketch: tuple[int, ...] = ()
    """Of the newest look (sync/recognition_report.py); for the centre's drift figures only."""


class TrackObservation(msgspec.Struct, frozen=True):
    """One item in one camera.

    Attributes:
        track_id: unique per camera and boot.
        xyxy: pixels of the full frame.
        score: detector score in [0, 1].
        is_resting: it has not moved since `resting_since_ns`.
        resting_since_ns: capture time of the first frame in which it rested; 0 while it moves.
        scores: pooled looks of this camera; None until the first look is embedded.
        is_occluded: seen by memory only; the detector did not find it in this frame.
    """

    track_id: int
    xyxy: tuple[float, float, float, float]
    score: float
    is_resting: bool
    resting_since_ns: int
    scores: SkuScoresMessage | None = None
    is_occluded: bool = False


class Observations(msgspec.Struct, frozen=True):
    """What one camera claims in one frame."""

    lane_id: str
    camera_id: str
    sequence: int
    captured_at_ns: int
    status: ObservationStatus
    bundle_id: str
    tracks: tuple[TrackObservation, ...] = ()
    is_hand_present: bool = False
    """Something large moves over the counter; items may be hidden, so nothing leaves the basket."""
    latency_ms: float = 0.0
    reason: str = ""
    clip_time_ns: int | None = None


class CameraState(msgspec.Struct, frozen=True):
    """How one camera is doing, once per second.

    Attributes:
        state: `live`, `connecting`, `lost` or `ended`.
        reason: typed reason while not live: refused, unauthorised, not_found, codec, frozen, ...
        quality: excellent, fair, poor or unusable.
        conditions: of the picture: blurred, dark, covered, moved.
    """

    lane_id: str
    camera_id: str
    state: str
    at_ns: int
    reason: str = ""
    message: str = ""
    fps: float = 0.0
    wanted_fps: float = 0.0
    quality: str = "unusable"
    score: float = 0.0
    conditions: tuple[str, ...] = ()
    num_frames: int = 0
    num_dropped: int = 0
    num_reconnects: int = 0
    url: str = ""
    """Without user name and password."""


class PerceptionState(msgspec.Struct, frozen=True):
    """How perception is doing, once per second; p50 and p95 over the last frames.

    Attributes:
        warm_bundle_id: loaded beside the one that serves, and ready to take over.
        warm_problem: why a bundle that should be warm cannot be.
    """

    at_ns: int
    bundle_id: str
    bundle_name: str
    provider: str
    num_frames: int
    num_detector_runs: int
    num_embeddings: int
    latency_p50_ms: float
    latency_p95_ms: float
    num_failures: int
    num_skus: int
    message: str = ""
    warm_bundle_id: str = ""
    warm_problem: str = ""
