"""Frames between processes: the box's ring and a message against multiprocessing.Queue.

Both in lock step: the sender waits for the reader's answer, so that neither hides its copy behind
the other. Pairs of short runs alternate.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np
import zmq
from numpy.typing import NDArray

from edge.bus.frame_ring import FrameRingReader, FrameRingWriter
from tools.benchmarks.ratio import Bar, Row, percentile, row_of

FRAME_SHAPE = (1080, 1920, 3)
RING_SLOTS = 4
RING_MAX_BYTES = 64 * 1024**2
START_LIMIT_S = 60.0
BAR = Bar(15)

Pixels = NDArray[np.uint8]


def hand_over_row(repeats: int, num_frames: int = 20) -> Row:
    """1080p frames from one process to another, milliseconds per frame."""
    frame = np.random.default_rng(0).integers(0, 255, FRAME_SHAPE, np.uint8)
    with tempfile.TemporaryDirectory(dir=_memory_folder()) as folder:
        ring, queue = _RingLink(Path(folder)), _QueueLink()
        try:
            for link in (ring, queue):
                link.pass_on(frame)
            pairs = [
                (_median_ms(ring.pass_on, frame, num_frames),
                 _median_ms(queue.pass_on, frame, num_frames))
                for _ in range(repeats)
            ]  # fmt: skip
        finally:
            ring.close()
            queue.close()
    note = f"{num_frames} frames per repeat in lock step; the reader sums one row of pixels"
    name = "frame hand-over 1080p, two processes"
    return row_of(name, "multiprocessing.Queue", pairs, BAR, note=note)


class _RingLink:
    """Pixels through the box's ring, their number through ZeroMQ, an answer back."""

    def __init__(self, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._ready = context.Event()
        self._child = context.Process(target=_read_ring, args=(folder, self._ready), daemon=True)
        self._writer = FrameRingWriter(folder / "frames.ring", RING_SLOTS, RING_MAX_BYTES)
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PAIR)
        self._socket.bind(f"ipc://{folder}/link.sock")
        self._child.start()
        self._ready.wait(START_LIMIT_S)

    def pass_on(self, frame: Pixels) -> None:
        slot = self._writer.write(frame, 0)
        self._socket.send(slot.sequence.to_bytes(8, "little"))
        self._socket.recv()

    def close(self) -> None:
        self._socket.send(b"")
        self._child.join(START_LIMIT_S)
        self._context.destroy(linger=0)
        self._writer.close()


class _QueueLink:
    """The same through multiprocessing.Queue, both ways."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._there: Any = context.Queue(2)
        self._back: Any = context.Queue(2)
        self._child = context.Process(
            target=_read_queue, args=(self._there, self._back), daemon=True
        )
        self._child.start()

    def pass_on(self, frame: Pixels) -> None:
        self._there.put(frame)
        self._back.get()

    def close(self) -> None:
        self._there.put(None)
        self._child.join(START_LIMIT_S)


def _median_ms(pass_on: Callable[[Pixels], None], frame: Pixels, num_frames: int) -> float:
    times = []
    for _ in range(num_frames):
        started = time.perf_counter_ns()
        pass_on(frame)
        times.append((time.perf_counter_ns() - started) / 1e6)
    return percentile(times, 0.5)


def _read_ring(folder: Path, ready: Event) -> None:
    context = zmq.Context()
    socket = context.socket(zmq.PAIR)
    socket.connect(f"ipc://{folder}/link.sock")
    reader = FrameRingReader(folder / "frames.ring")
    ready.set()
    while raw := socket.recv():
        view = reader.view(int.from_bytes(raw, "little"))
        assert view is not None
        int(view.pixels[540].sum())
        socket.send(b"+")
    reader.close()
    context.destroy(linger=0)


def _read_queue(there: Any, back: Any) -> None:
    while (frame := there.get()) is not None:
        int(frame[540].sum())
        back.put(1)


def _memory_folder() -> Path | None:
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None
