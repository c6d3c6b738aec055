"""The process that sees: newest frames of every camera in, what they show out.

Flow: FrameRef -> FrameRing -> Pipeline (one per camera) -> Observations, PerceptionState

Owns the models. They are loaded in a thread (lane_models.py), so the loop keeps beating and says
"no bundle" until they are there, and change lane by lane between two frames. Every frame that is
looked at is answered, a failed one with its failure: unknown is never empty.
"""

import sys
import time

import cv2
import msgspec

from edge.bus.frame_ring import FrameRingReader, FrameView, ring_path
from edge.bus.sockets import wait_for
from edge.config import CameraKnobs
from edge.errors import FrameRingError
from edge.messages.basket_messages import BasketSnapshot, Phase
from edge.messages.bundle_messages import ServeBundle
from edge.messages.perception_messages import (
    FrameRef,
    Observations,
    ObservationStatus,
    PerceptionState,
)
from edge.perception.models import Models
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from edge.processes.frame_queue import CameraKey, FrameQueue
from edge.processes.gallery_growth import GalleryGrowth
from edge.processes.lane_models import LaneModels
from edge.processes.latency_window import LatencyWindow
from edge.processes.model_loader import LOADING
from edge.processes.worker import Work, run_process
from sync.update_errors import SegmentError

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
POLL_MS = 100
STATE_INTERVAL_NS = NS_PER_S
REASON_OVERWRITTEN = "frame.overwritten"
# Track ids start above every id of an earlier life: 100 per second since boot, fewer are born.
TRACK_TICK_NS = 10_000_000


class Eyes:
    """Everything that one camera needs to be looked at."""

    def __init__(self, work: Work, lane_id: str, camera: CameraKnobs) -> None:
        place = (lane_id, camera.camera_id)
        self.frames = work.bus.subscriber("frame", FrameRef, *place)
        config = work.config
        self._ring = FrameRingReader(ring_path(config.paths.ring_dir, config.box_id, *place))
        self.pipeline = Pipeline(
            None,
            PipelineSettings(
                counter_region=camera.counter_region, rest_ms=config.perception.rest_ms
            ),
            lane_id=lane_id,
            camera_id=camera.camera_id,
            first_track_id=time.monotonic_ns() // TRACK_TICK_NS,
        )

    def look(self, frame: FrameRef) -> Observations | None:
        """What a frame shows; None if it is gone from the ring already.

        Raises:
            FrameRingError: the ring cannot be read.
        """
        view = self._ring.view(frame.sequence)
        if view is None:
            return None
        return self._checked(view, self._observe(view, frame))

    def _observe(self, view: FrameView, frame: FrameRef) -> Observations:
        return self.pipeline.observe(
            view.pixels,
            sequence=frame.sequence,
            captured_at_ns=frame.captured_at_ns,
            clip_time_ns=frame.clip_time_ns,
        )

    def _checked(self, view: FrameView, seen: Observations) -> Observations:
        """Pixels that changed under our eyes prove nothing."""
        if view.is_valid():
            return seen
        return msgspec.structs.replace(
            seen, status=ObservationStatus.TIMED_OUT, reason=REASON_OVERWRITTEN
        )


class Perception:
    """The loop over every camera of the box."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._eyes: dict[CameraKey, Eyes] = {
            (lane.lane_id, camera.camera_id): Eyes(work, lane.lane_id, camera)
            for lane in work.config.lanes
            for camera in lane.cameras
        }
        self._queue = FrameQueue(work.config.perception.max_frame_age_ms * NS_PER_MS)
        self._observations = work.bus.publisher("observations", Observations)
        self._states = work.bus.publisher("perception", PerceptionState)
        self._serve_bundle = work.bus.subscriber("serve_bundle", ServeBundle)
        self._models = LaneModels(work)
        self._growth = GalleryGrowth(work.config)
        self._in_use: dict[str, Models] = {}
        self._baskets = {
            lane.lane_id: work.bus.subscriber("basket", BasketSnapshot, lane.lane_id)
            for lane in work.config.lanes
        }
        self._open_lanes: set[str] = set()
        self._latencies = LatencyWindow()
        self._num_missed = 0
        self._ring_error = ""
        self._next_state_ns = 0

    def run(self) -> None:
        """Until the process is told to stop."""
        sockets = [eyes.frames.socket for eyes in self._eyes.values()]
        try:
            while not self._work.is_stopping:
                self._work.beat()
                self._renew_models(time.monotonic_ns())
                self._collect()
                frame = self._queue.take(time.monotonic_ns())
                if frame is not None:
                    self._look(frame)
                self._tell_state(time.monotonic_ns())
                if frame is None:
                    wait_for(sockets, POLL_MS)
        finally:
            self._models.close()

    def _renew_models(self, now_ns: int) -> None:
        if (wanted := self._serve_bundle.receive()) is not None:
            self._models.tell(wanted)
        self._growth.look()
        found = self._models.step(now_ns, is_idle=not self._open_lanes)
        for lane_id, loaded in found.items():
            models, used = self._growth.of(loaded), self._in_use.get(lane_id)
            if used is models:
                continue
            is_gallery_only = used is not None and used.embedder is models.embedder
            if is_gallery_only and lane_id in self._open_lanes:
                continue  # new SKUs come between two baskets
            self._in_use[lane_id] = models
            for (eyes_lane_id, _), eyes in self._eyes.items():
                if eyes_lane_id == lane_id:
                    eyes.pipeline.replace_models(models)

    def _collect(self) -> None:
        for lane_id, baskets in self._baskets.items():
            for basket in baskets.receive_all():
                change = (
                    self._open_lanes.discard if basket.phase is Phase.IDLE else self._open_lanes.add
                )
                change(lane_id)
        for eyes in self._eyes.values():
            for frame in eyes.frames.receive_all():
                self._queue.offer(frame)

    def _look(self, frame: FrameRef) -> None:
        try:
            seen = self._eyes[frame.lane_id, frame.camera_id].look(frame)
        except FrameRingError as err:
            self._ring_error = str(err)
            return
        self._ring_error = ""
        if seen is None:
            self._num_missed += 1
            return
        latency_ms = (time.monotonic_ns() - frame.captured_at_ns) / NS_PER_MS
        self._latencies.add([latency_ms])
        self._observations.send(msgspec.structs.replace(seen, latency_ms=latency_ms))

    def _tell_state(self, now_ns: int) -> None:
        if now_ns < self._next_state_ns:
            return
        self._next_state_ns = now_ns + STATE_INTERVAL_NS
        state = self._state(now_ns)
        self._states.send(state)
        facts = {
            "bundle": state.bundle_name,
            "provider": state.provider,
            "p95_ms": state.latency_p95_ms,
            "frames": state.num_frames,
            "skipped": self._queue.num_replaced + self._queue.num_stale + self._num_missed,
            "failures": state.num_failures,
            "engines": self._models.serving.progress,
        }
        if self._models.serving.code:
            is_loading = self._models.serving.code == LOADING
            verdict = "degraded" if is_loading else "failed"
            self._work.report(
                verdict, self._models.serving.code, self._models.serving.message, facts
            )
        elif self._ring_error:
            self._work.report("degraded", FrameRingError.code, self._ring_error, facts)
        elif self._growth.problem:
            self._work.report("degraded", SegmentError.code, self._growth.problem, facts)
        else:
            self._work.report(facts=facts)

    def _state(self, now_ns: int) -> PerceptionState:
        loaded = self._models.serving.models
        models = self._in_use.get(next(iter(self._baskets)), loaded) if loaded else None
        counts = [eyes.pipeline.counts for eyes in self._eyes.values()]
        return PerceptionState(
            at_ns=now_ns,
            bundle_id=models.bundle_id if models else "",
            bundle_name=models.bundle_name if models else "",
            provider=models.provider if models else "",
            num_frames=sum(c.num_frames for c in counts),
            num_detector_runs=sum(c.num_detector_runs for c in counts),
            num_embeddings=sum(c.num_embeddings for c in counts),
            latency_p50_ms=self._latencies.quantile_ms(0.5),
            latency_p95_ms=self._latencies.quantile_ms(0.95),
            num_failures=sum(c.num_failures for c in counts),
            num_skus=models.num_skus if models else 0,
            message=self._models.serving.message or self._models.serving.progress,
            warm_bundle_id=self._models.warm_bundle_id,
            warm_problem=self._models.warm_problem,
        )


def run(work: Work) -> None:
    """See until told to stop."""
    cv2.setNumThreads(work.config.perception.threads)
    Perception(work).run()


def main() -> int:
    """Entry of `python -m edge.processes.perception_process`."""
    return run_process("perception", run)


if __name__ == "__main__":
    sys.exit(main())
