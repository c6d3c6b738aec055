"""Capture and perception on a real bus and ring, in threads: pictures in, claims out."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.bus.frame_ring import FrameRingReader, ring_path
from edge.bus.sockets import Bus
from edge.messages.command_messages import Health
from edge.messages.perception_messages import (
    CameraState,
    FrameRef,
    Observations,
    ObservationStatus,
    PerceptionState,
)
from edge.processes import capture_process, perception_process
from edge.processes.worker import Work
from tests.edge.processes.lane_fixture import CAMERA, LANE, make_work, newest


class Box:
    """Processes as threads, and a bus to listen on."""

    def __init__(self, folder: Path) -> None:
        self.perception = make_work(folder, "perception")
        self.config = self.perception.config
        self.capture = Work("capture", self.config, LANE, CAMERA)
        self.bus = Bus(self.config.paths.run_dir, "kiosk")
        self._threads: list[threading.Thread] = []

    def start(self, run: Callable[[Work], None], work: Work) -> None:
        thread = threading.Thread(target=run, args=(work,))
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        for work in (self.perception, self.capture):
            work.stopping.set()
        for thread in self._threads:
            thread.join()
        for work in (self.perception, self.capture):
            work.close()
        self.bus.close()


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    monkeypatch.setattr(capture_process, "READY_TIMEOUT_NS", 0)  # this bundle has no models
    box = Box(tmp_path)
    yield box
    box.stop()


def test_a_clips_frames_lie_in_the_ring_under_the_number_that_was_told(box: Box) -> None:
    frames = box.bus.subscriber("frame", FrameRef, LANE, CAMERA)
    box.start(capture_process.run, box.capture)
    config = box.config
    reader = FrameRingReader(ring_path(config.paths.ring_dir, config.box_id, LANE, CAMERA))
    told = newest(frames)
    assert isinstance(told, FrameRef)
    view = reader.view(told.sequence)
    assert view is not None
    assert view.captured_at_ns == told.captured_at_ns
    assert view.pixels.shape == (told.height, told.width, 3) == (120, 160, 3)
    assert told.clip_time_ns is not None


def test_a_camera_that_is_not_there_is_told_and_ends_nothing(box: Box, tmp_path: Path) -> None:
    states = box.bus.subscriber("camera_state", CameraState, LANE, CAMERA)
    (tmp_path / "clip.mp4").unlink()
    box.start(capture_process.run, box.capture)
    state = newest(states)
    deadline = time.monotonic() + 40
    while isinstance(state, CameraState) and not state.reason and time.monotonic() < deadline:
        state = newest(states)
    assert isinstance(state, CameraState)
    assert (state.state, state.reason) == ("lost", "not_found")
    assert not box.capture.is_stopping


def test_a_refused_bundle_makes_every_frame_unknown_and_says_why(box: Box) -> None:
    observations = box.bus.subscriber("observations", Observations, LANE)
    states = box.bus.subscriber("perception", PerceptionState)
    health = box.bus.subscriber("health", Health, process="perception")
    box.start(perception_process.run, box.perception)
    box.start(capture_process.run, box.capture)
    seen = newest(observations)
    assert isinstance(seen, Observations)
    assert (seen.status, seen.tracks) == (ObservationStatus.NO_BUNDLE, ())
    assert seen.latency_ms > 0
    state = newest(states)
    deadline = time.monotonic() + 40
    words = newest(health)
    while isinstance(words, Health) and words.verdict != "failed":
        assert time.monotonic() < deadline
        words = newest(health)
    assert isinstance(words, Health)
    assert words.reason == "bundle.invalid"
    assert "files of role" in words.message
    assert isinstance(state, PerceptionState)
    assert state.bundle_id == ""


def test_memory_that_is_full_is_told_and_the_camera_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_process, "READY_TIMEOUT_NS", 0)
    work = make_work(tmp_path, "capture", LANE, CAMERA)
    ring = work.config.frame_ring.model_copy(update={"slots": 64, "max_mib": 1})
    work.config = work.config.model_copy(update={"frame_ring": ring})
    bus = Bus(work.config.paths.run_dir, "kiosk")
    health = bus.subscriber("health", Health, process=f"capture.{LANE}.{CAMERA}")
    thread = threading.Thread(target=capture_process.run, args=(work,))
    thread.start()
    deadline = time.monotonic() + 40
    words = newest(health)
    while isinstance(words, Health) and words.reason != "frame_ring.unavailable":
        assert time.monotonic() < deadline
        words = newest(health)
    is_alive = thread.is_alive()
    work.stopping.set()
    thread.join()
    work.close()
    bus.close()
    assert is_alive
    assert isinstance(words, Health)
    assert "allowed are 1" in words.message
