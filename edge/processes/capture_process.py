"""One camera's process: pictures into the ring, word of them onto the bus.

Flow: FrameSource -> FrameRing -> FrameRef, CameraState

It never ends because of a camera: an outage is a state, told once per second, and the source
connects again for ever. Recorded clips begin when perception is ready, all of a lane together.
"""

import logging
import sys
import time

import cv2

from cameras.condition import ConditionMonitor
from cameras.config import CameraConfig
from cameras.frame import Frame, FrameSource, SourceCondition
from cameras.open_camera import open_camera
from edge.bus.frame_ring import FrameRingWriter, ring_path
from edge.bus.sockets import wait_for
from edge.config import EdgeConfig
from edge.errors import FrameRingError
from edge.messages.perception_messages import CameraState, FrameRef, PerceptionState
from edge.processes.clip_start import agree_on_clip_start
from edge.processes.view_memory import ViewMemory
from edge.processes.worker import Work, run_process

READ_TIMEOUT_S = 0.2
STATE_INTERVAL_NS = 1_000_000_000
READY_TIMEOUT_NS = 60_000_000_000  # then a clip begins anyway: what happens is seen on the screen

logger = logging.getLogger(__name__)


class Capture:
    """One camera's loop."""

    def __init__(self, work: Work, source: FrameSource) -> None:
        self._work = work
        self._source = source
        self._ring = open_ring_writer(work.config, work.lane_id, work.camera_id)
        place = (work.lane_id, work.camera_id)
        self._frames = work.bus.publisher("frame", FrameRef, *place)
        self._states = work.bus.publisher("camera_state", CameraState, *place)
        self._memory = view_memory(work)
        known = self._memory.recall() if self._memory is not None else None
        baseline, view = known or (None, None)
        self._monitor = ConditionMonitor(baseline=baseline, reference=view)
        self._next_state_ns = 0
        self._ring_error = ""

    def run(self) -> None:
        """Until the process is told to stop."""
        try:
            while not self._work.is_stopping:
                self._work.beat()
                taken = self._source.read(READ_TIMEOUT_S)
                if isinstance(taken, Frame):
                    self._hand_over(taken)
                self._tell_state(time.monotonic_ns())
        finally:
            self._source.close()
            self._ring.close()

    def _hand_over(self, frame: Frame) -> None:
        try:
            put = self._ring.write(frame.pixels, frame.captured_at_ns)
        except FrameRingError as err:
            if not self._ring_error:
                logger.error("frame not kept code=%s: %s; hint: %s", err.code, err, err.hint)  # noqa: TRY400
            self._ring_error = str(err)
            return
        self._ring_error = ""
        width, height = frame.size_px
        self._frames.send(
            FrameRef(
                frame.lane_id,
                frame.camera_id,
                put.sequence,
                frame.captured_at_ns,
                put.slot,
                width,
                height,
                frame.clip_time_ns,
            )  # fmt: skip
        )
        now_ns = time.monotonic_ns()
        self._monitor.check(frame.pixels, now_ns)
        if self._memory is not None:
            self._memory.keep(self._monitor, now_ns)

    def _tell_state(self, now_ns: int) -> None:
        if now_ns < self._next_state_ns:
            return
        self._next_state_ns = now_ns + STATE_INTERVAL_NS
        condition = self._source.condition()
        is_live = condition.state == "live"
        words = tuple(c.value for c in self._monitor.conditions) if is_live else ()
        self._states.send(camera_state(condition, words, now_ns))
        facts = {"fps": f"{condition.fps:.1f}", "quality": condition.quality}
        if self._ring_error:
            self._work.report("failed", FrameRingError.code, self._ring_error, facts)
        elif not is_live:
            reason = condition.reason or condition.state
            self._work.report("degraded", f"camera.{reason}", condition.message, facts)
        elif words:
            self._work.report("degraded", f"camera.{words[0]}", ", ".join(words), facts)
        else:
            self._work.report(facts=facts)


def camera_state(
    condition: SourceCondition, conditions: tuple[str, ...], now_ns: int
) -> CameraState:
    """A source's condition in the words of the bus."""
    return CameraState(
        lane_id=condition.lane_id,
        camera_id=condition.camera_id,
        state=condition.state,
        at_ns=now_ns,
        reason=condition.reason,
        message=condition.message,
        fps=round(condition.fps, 2),
        wanted_fps=condition.wanted_fps,
        quality=condition.quality,
        score=round(condition.score, 3),
        conditions=conditions,
        num_frames=condition.num_frames,
        num_dropped=condition.num_dropped,
        num_reconnects=condition.num_reconnects,
        url=condition.url,
    )


def view_memory(work: Work) -> ViewMemory | None:
    """What is kept about a calibrated camera's view; clips and uncalibrated ones begin anew."""
    settings = work.camera.camera_config(work.lane_id)
    if settings.address.kind == "clip" or settings.calibration_path is None:
        return None
    folder = work.config.paths.state_dir / "views"
    return ViewMemory(folder / f"{work.lane_id}-{work.camera_id}.npz", settings.calibration_path)


def open_ring_writer(config: EdgeConfig, lane_id: str, camera_id: str) -> FrameRingWriter:
    """The ring of a camera, to write.

    Raises:
        FrameRingError: it has a writer, or its folder cannot be written.
    """
    path = ring_path(config.paths.ring_dir, config.box_id, lane_id, camera_id)
    return FrameRingWriter(path, config.frame_ring.slots, config.frame_ring.max_mib << 20)


def wait_until_seeing(work: Work) -> None:
    """Wait until perception has its models, so that a clip's first items are not missed."""
    perception = work.bus.subscriber("perception", PerceptionState)
    deadline_ns = time.monotonic_ns() + READY_TIMEOUT_NS
    while not work.is_stopping and time.monotonic_ns() < deadline_ns:
        work.beat()
        wait_for([perception.socket], 100)
        if any(state.bundle_id for state in perception.receive_all()):
            break
    perception.close()


def run(work: Work) -> None:
    """Drive the camera of this process."""
    cv2.setNumThreads(1)
    settings: CameraConfig = work.camera.camera_config(work.lane_id)
    start_at_ns = None
    if settings.address.kind == "clip":
        wait_until_seeing(work)
        start_at_ns = agree_on_clip_start(
            work.config.paths.run_dir, work.lane_id, time.monotonic_ns(), work.life
        )
    Capture(work, open_camera(settings, start_at_ns=start_at_ns)).run()


def main() -> int:
    """Entry of `python -m edge.processes.capture_process`."""
    return run_process("capture", run)


if __name__ == "__main__":
    sys.exit(main())
