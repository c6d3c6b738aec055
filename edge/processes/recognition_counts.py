"""How sure the cameras were in the last hour: each item once, when it leaves the picture.

Flow: Observations -> what each track said last -> CameraRecognition per camera

Counts and sums only; nothing of one item leaves the box. Runs beside the bus of the uplink. A track
that the pipeline remembers without seeing it still stands; one that is gone is counted.
"""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.messages.perception_messages import Observations, ObservationStatus, SkuScoresMessage
from sync.recognition_report import (
    CONFIDENCE_EDGES,
    FEATURE_SCALE,
    MAX_SKUS,
    NUM_BINS,
    NUM_FEATURES,
    OTHER,
    SIMILARITY_EDGES,
    CameraRecognition,
    bin_of,
    features_of,
)

NS_PER_S = 1_000_000_000
WINDOW_S = 3600  # 24 rows a day of about 1 kB per camera
UNDERSTOOD = (ObservationStatus.SEEN, ObservationStatus.UNCHANGED)


@dataclass(slots=True)
class _Sums:
    """One camera with one bundle."""

    num_items: int = 0
    confidence: list[int] = field(default_factory=lambda: [0] * NUM_BINS)
    similarity: list[int] = field(default_factory=lambda: [0] * NUM_BINS)
    best: Counter[str] = field(default_factory=Counter)
    num_sketched: int = 0
    features: NDArray[np.float64] = field(default_factory=lambda: np.zeros(NUM_FEATURES))

    def add(self, scores: SkuScoresMessage) -> None:
        per_mille = 1000.0 * math.exp(min(scores.log_probs[0], 0.0))
        self.num_items += 1
        self.confidence[bin_of(per_mille, CONFIDENCE_EDGES)] += 1
        self.similarity[bin_of(1000.0 * scores.similarity, SIMILARITY_EDGES)] += 1
        self.best[scores.sku_ids[0]] += 1
        if scores.sketch:
            self.num_sketched += 1
            self.features += features_of(scores.sketch)


class RecognitionCounts:
    """What the cameras said since the last report."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._standing: dict[tuple[str, str], dict[int, tuple[str, SkuScoresMessage]]] = {}
        self._sums: dict[tuple[str, str], _Sums] = {}
        self._since_ns: int | None = None

    def on_observations(self, seen: Observations) -> None:
        """A camera's claim; items that are no longer in it are counted with their last scores."""
        if seen.status not in UNDERSTOOD:
            return
        before = self._standing.get((seen.lane_id, seen.camera_id), {})
        if not before and not seen.tracks:
            return
        now = {t.track_id for t in seen.tracks}
        for track_id, (bundle_id, scores) in before.items():
            if track_id not in now:
                name = (f"{seen.lane_id}/{seen.camera_id}", bundle_id)
                self._sums.setdefault(name, _Sums()).add(scores)
        kept = {track_id: told for track_id, told in before.items() if track_id in now}
        for track in seen.tracks:
            if track.is_resting and track.scores is not None and track.scores.sku_ids:
                kept[track.track_id] = (seen.bundle_id, track.scores)
        self._standing[seen.lane_id, seen.camera_id] = kept

    def take(self, now_ns: int) -> tuple[CameraRecognition, ...]:
        """The hour's report, once it is over; empty before, and where nothing was seen."""
        if self._since_ns is None:
            self._since_ns = now_ns
        window_s = (now_ns - self._since_ns) // NS_PER_S
        if window_s < WINDOW_S:
            return ()
        sums, self._sums, self._since_ns = self._sums, {}, now_ns
        return tuple(
            _report(camera, bundle_id, window_s, one)
            for (camera, bundle_id), one in sorted(sums.items())
        )


def _report(camera: str, bundle_id: str, window_s: int, sums: _Sums) -> CameraRecognition:
    best = dict(sums.best.most_common(MAX_SKUS))
    if (rest := sums.num_items - sum(best.values())) > 0:
        best[OTHER] = rest
    features = tuple(round(x) for x in FEATURE_SCALE * sums.features) if sums.num_sketched else ()
    return CameraRecognition(
        camera=camera, bundle_id=bundle_id, window_s=window_s, num_items=sums.num_items,
        confidence=tuple(sums.confidence), similarity=tuple(sums.similarity), best=best,
        num_sketched=sums.num_sketched, features=features,
    )  # fmt: skip
