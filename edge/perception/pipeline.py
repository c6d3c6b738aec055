"""The path of one frame: from pixels to which items are where and what they look like.

Flow: frame -> counter region -> change gate -> detector -> tracker -> presence -> looks
      -> embedder -> gallery -> vote -> Observations

Read `Pipeline.observe` top to bottom. One pipeline per camera, one `Models` for all of them. No
clock, no disk, no sockets: the caller passes the capture time and fills in `latency_ms`. The frame
is never written to. A detector that fails yields "unknown" with every item kept, never "empty".
"""

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import InferenceError, InferenceTimeoutError
from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from edge.perception.change_gate import Change, ChangeGate
from edge.perception.counter_region import CounterRegion
from edge.perception.frame_evidence import FrameEvidence
from edge.perception.look_plan import held_wait_ms, is_clean, tracks_to_look_at
from edge.perception.models import Models
from edge.perception.pipeline_settings import MS, PipelineSettings
from edge.perception.presence import Fate, fate_of
from edge.perception.run_plan import may_look_finely, must_detect
from edge.perception.scene_memory import Novelty, PlaceState, SceneMemory
from edge.perception.sku_vote import Look, SkuVote
from edge.perception.stillness import let_rest, watch_pixels
from edge.perception.track import Track
from edge.perception.tracker import Tracker
from sync.boxes import areas, intersections
from sync.child_model import with_child
from sync.recognition_report import sketches_of

logger = logging.getLogger(__name__)

HIDDEN_SHARE = 0.5  # of a place covered by other resting items: they hide it, nothing took it
UNDERSTOOD = (ObservationStatus.SEEN, ObservationStatus.UNCHANGED)

Picture = NDArray[np.uint8]


@dataclass(slots=True)
class PipelineCounts:
    """What a pipeline has done since it was made."""

    num_frames: int = 0
    num_detector_runs: int = 0
    num_embeddings: int = 0
    num_failures: int = 0


class Pipeline:
    """What one camera has seen so far, and how the next frame changes it."""

    def __init__(
        self,
        models: Models | None,
        settings: PipelineSettings,
        *,
        lane_id: str,
        camera_id: str,
        first_track_id: int = 1,
    ) -> None:
        """Watch a camera.

        Args:
            models: None until a bundle is there; every frame is `no_bundle` until then.
            first_track_id: above every id this camera used since boot, after a restart.
        """
        self.counts = PipelineCounts()
        self._models = models
        self._settings = settings
        self._lane_id, self._camera_id = lane_id, camera_id
        self._gate = ChangeGate()
        self._scene = SceneMemory()
        self._tracker = Tracker(settings, first_track_id)
        self._frame_size = (0, 0)
        self._detected_ns: int | None = None
        self._fine_ns: int | None = None
        self._hand_until_ns: int | None = None
        self._region = CounterRegion(settings.counter_region, 0, 0)
        self._is_failing = False
        self._reason = ""

    def observe(
        self,
        frame: Picture,
        *,
        sequence: int,
        captured_at_ns: int,
        clip_time_ns: int | None = None,
    ) -> Observations:
        """What this camera claims in this frame.

        Args:
            frame: uint8 BGR (H, W, 3); may be a read-only view of shared memory.
        """
        self.counts.num_frames += 1
        change = self._compare(frame)
        self._scene.watch(change, captured_at_ns, self._tracker.places())
        is_hand_present = self._watch_for_hands(change, captured_at_ns)
        status, self._reason = ObservationStatus.NO_BUNDLE, ""
        if self._models is not None:
            status = ObservationStatus.UNCHANGED
            if self._must_detect(self._models, change, captured_at_ns):
                status = self._detect(self._models, frame, change, captured_at_ns)
            if status in UNDERSTOOD:
                self._settle(change, captured_at_ns, is_hand_present)
                self._remember_places(change, captured_at_ns, status)
                self._judge_unseen(change, captured_at_ns)
                self._look_at_items(self._models, frame, change, captured_at_ns)
        return Observations(
            lane_id=self._lane_id,
            camera_id=self._camera_id,
            sequence=sequence,
            captured_at_ns=captured_at_ns,
            status=status,
            bundle_id=self._models.bundle_id if self._models else "",
            tracks=self._observed_tracks(is_understood=status in UNDERSTOOD),
            is_hand_present=is_hand_present,
            reason=self._reason,
            clip_time_ns=clip_time_ns,
        )

    def replace_models(self, models: Models) -> None:
        """Go on with other models; call between baskets, or at any time for another gallery only.

        Tracks stay. With the same embedder, what was seen is matched against the new gallery at
        once; with another one every item is looked at again.
        """
        before, self._models = self._models, models
        is_same_embedder = before is not None and before.embedder is models.embedder
        for track in self._tracker.tracks:
            if is_same_embedder:
                exponent = models.parameters.look_exponent
                track.vote = track.vote.matched_again(models.matcher.match, exponent)
            else:
                track.forget_looks()
        if before is None or before.detector is not models.detector:
            self._gate.forget()

    def _compare(self, frame: Picture) -> Change:
        height, width = frame.shape[:2]
        if self._frame_size not in ((0, 0), (width, height)):
            old_width, old_height = self._frame_size
            self._tracker.scale(width / old_width, height / old_height)
            self._gate.forget()
        if self._frame_size != (width, height):
            self._frame_size = (width, height)
            self._region = CounterRegion(self._settings.counter_region, width, height)
        return self._gate.compare(self._region.cut(frame), self._region)

    def _watch_for_hands(self, change: Change, at_ns: int) -> bool:
        if change.moving_share >= self._settings.hand_share:
            self._hand_until_ns = at_ns + self._settings.hand_linger_ms * MS
        return self._hand_until_ns is not None and at_ns <= self._hand_until_ns

    def _must_detect(self, models: Models, change: Change, at_ns: int) -> bool:
        since_ns = None if self._detected_ns is None else at_ns - self._detected_ns
        is_fine_due = models.detector.has_fine and self._fine_ns != self._detected_ns
        tracks = self._tracker.tracks
        return must_detect(change, tracks, since_ns, at_ns, self._settings, is_fine_due=is_fine_due)

    def _may_look_finely(self, change: Change, at_ns: int) -> bool:
        since_ns = None if self._fine_ns is None else at_ns - self._fine_ns
        return may_look_finely(change, since_ns, self._settings)

    def _detect(
        self, models: Models, frame: Picture, change: Change, at_ns: int
    ) -> ObservationStatus:
        """Run the detector and give what it found to the tracker."""
        threshold = models.parameters.detector_score
        is_fine = self._may_look_finely(change, at_ns)
        self.counts.num_detector_runs += 1
        try:
            found = models.detector.detect(
                self._region.cut(frame),
                threshold * self._settings.low_score_share,
                self._region.left,
                self._region.top,
                is_fine=is_fine,
            )
        except InferenceError as err:
            return self._failed(err)
        self._is_failing = False
        self._gate.remember()
        self._detected_ns = at_ns
        self._fine_ns = at_ns if is_fine else self._fine_ns
        found = found.only(self._region.holds(found.xyxy))
        evidence = FrameEvidence(self._scene, change, self._tracker.tracks)
        self._tracker.match(found, change, at_ns, threshold, evidence)
        return ObservationStatus.SEEN

    def _failed(self, err: InferenceError) -> ObservationStatus:
        self.counts.num_failures += 1
        self._reason = err.code
        if not self._is_failing:
            self._is_failing = True
            logger.error("detector failed camera=%s code=%s: %s", self._camera_id, err.code, err)
        self._gate.forget()
        if isinstance(err, InferenceTimeoutError):
            return ObservationStatus.TIMED_OUT
        return ObservationStatus.DETECTOR_FAILED

    def _settle(self, change: Change, at_ns: int, is_hand_present: bool) -> None:
        """Judge what rests; an item that hangs on an arm does not."""
        lately_ms = self._settings.rest_doubtful_ms
        is_arm_likely = (
            self._hand_until_ns is not None and at_ns - self._hand_until_ns <= lately_ms * MS
        )
        arms = self._scene.arms(change, at_ns, lately_ms) if is_arm_likely else None
        tracks = self._tracker.tracks
        watch_pixels(tracks, change, at_ns, arms, is_hand_present=is_hand_present)
        let_rest(tracks, at_ns, self._region, self._settings)

    def _remember_places(self, change: Change, at_ns: int, status: ObservationStatus) -> None:
        for track in self._tracker.tracks:
            is_sure = track.is_resting and not track.is_unseen and is_clean(track, at_ns)
            if is_sure and (status is ObservationStatus.SEEN or track.patch is None):
                track.patch = self._scene.patch(change, track.xyxy)
                track.alone_ns = track.alone_ns or at_ns
                track.is_confirmed |= status is ObservationStatus.SEEN

    def _judge_unseen(self, change: Change, at_ns: int) -> None:
        """End the tracks whose place is visible and empty, keep the others."""
        for track in [t for t in self._tracker.tracks if t.is_unseen]:
            place = self._place_of(track, change)
            if place is not PlaceState.EMPTY:
                track.empty_since_ns = 0
            elif track.empty_since_ns == 0:
                track.empty_since_ns = at_ns
            track.is_shown = place is PlaceState.ITEM
            fate = fate_of(
                track,
                place,
                at_ns,
                self._settings,
                is_hidden=self._is_hidden(track),
                has_left=self._region.is_left_by(track.xyxy, track.velocity),
            )
            if fate is Fate.GONE:
                self._tracker.tracks.remove(track)
            elif fate is Fate.STILL_RESTING:
                self._tracker.put_back(track)

    def _place_of(self, track: Track, change: Change) -> PlaceState:
        if track.rest_xyxy is None:
            return PlaceState.UNCLEAR
        if track.patch is not None:
            return self._scene.place(change, track.patch)
        # Never seen alone: what lies there now is all that can be asked.
        evidence = FrameEvidence(self._scene, change, self._tracker.tracks)
        is_bare = evidence.novelty(track.rest_xyxy) is not Novelty.NEW
        return PlaceState.EMPTY if is_bare else PlaceState.UNCLEAR

    def _is_hidden(self, track: Track) -> bool:
        others = [t.xyxy for t in self._tracker.tracks if t.is_resting and not t.is_unseen]
        if not others:
            return False
        place = track.place_xyxy[None]
        covered = float(intersections(place, np.stack(others)).sum())
        return covered >= HIDDEN_SHARE * float(areas(place)[0])

    def _look_at_items(self, models: Models, frame: Picture, change: Change, at_ns: int) -> None:
        """Embed what changed visibly, and vote."""
        tracks = self._tracks_to_look_at(change, at_ns)
        if not tracks:
            return
        self.counts.num_embeddings += len(tracks)
        boxes = np.stack([t.xyxy for t in tracks])
        covering = [self._tracker.before(t) for t in tracks]
        try:
            vectors = models.embedder.embed(frame, boxes, covering)
        except InferenceError as err:
            self.counts.num_failures += 1
            self._reason = err.code
            logger.warning("embedder failed camera=%s code=%s", self._camera_id, err.code)
            return
        parents = models.matcher.match(vectors)
        answers = models.children.answers(frame, boxes, vectors, parents, covering)
        for track, vector, parent, answer, sketch in zip(
            tracks, vectors, parents, answers, sketches_of(vectors), strict=True
        ):
            scores = with_child(parent, answer)
            look = Look(vector, scores, is_clean(track, at_ns), sketch, answer)
            track.held_wait_ms = held_wait_ms(scores.similarity, models.parameters, self._settings)
            self._note_look(track, look, models.parameters.look_exponent, at_ns)
            track.look_patch = self._scene.patch(change, track.xyxy)
        self._tracker.absorb_doubles(at_ns)
        let_rest(self._tracker.tracks, at_ns, self._region, self._settings)

    def _tracks_to_look_at(self, change: Change, at_ns: int) -> list[Track]:
        tracks = self._tracker.tracks
        return tracks_to_look_at(tracks, self._scene, change, at_ns, self._settings)

    def _note_look(self, track: Track, look: Look, look_exponent: float, at_ns: int) -> None:
        has_stayed = track.look_xyxy is not None and track.rest_since_ns <= track.look_ns
        if (
            has_stayed
            and track.is_look_clean
            and track.vote.likeness(look.embedding) < self._settings.other_item_similarity
        ):
            track.forget_looks()  # another item lies there: what was seen before is not its
        track.vote = track.vote.with_look(
            look,
            max_looks=self._settings.max_looks,
            distinct_similarity=self._settings.distinct_similarity,
            look_exponent=look_exponent,
        )
        track.look_xyxy, track.look_ns, track.is_look_clean = track.xyxy, at_ns, look.is_clean

    def _observed_tracks(self, *, is_understood: bool) -> tuple[TrackObservation, ...]:
        return tuple(
            TrackObservation(
                track_id=track.track_id,
                xyxy=_four(track.xyxy),
                score=track.score,
                is_resting=track.is_resting,
                resting_since_ns=track.rest_since_ns if track.is_resting else 0,
                scores=_message(track.vote),
                is_occluded=not is_understood or (track.is_unseen and not track.is_shown),
            )
            for track in self._tracker.tracks
            if track.is_believed
        )


def _message(vote: SkuVote) -> SkuScoresMessage | None:
    pooled = vote.pooled
    if pooled is None:
        return None
    sketch = vote.looks[-1].sketch if vote.looks else ()
    return SkuScoresMessage(
        pooled.sku_ids, pooled.log_probs, pooled.floor, pooled.similarity, pooled.num_looks, sketch
    )


def _four(xyxy: NDArray[np.float32]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(v) for v in xyxy)
    return x1, y1, x2, y2
