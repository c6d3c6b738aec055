"""A sign of life of one process: a monotonic time stamp in a small memory-mapped file.

Flow: main loop -> Heartbeat.beat -> file -> last_beat_ns -> supervisor

CLOCK_MONOTONIC is one clock for the whole machine, so a jump of the wall clock kills nobody. The
beat comes from the loop that does the work, never from a thread of its own: a thread would go on
beating for a process that hangs.
"""

import mmap
import os
import struct
import time
from pathlib import Path

BEAT = struct.Struct("<Q")


class Heartbeat:
    """The writing side."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.posix_fallocate(descriptor, 0, BEAT.size)
            self._memory = mmap.mmap(descriptor, BEAT.size)
        finally:
            os.close(descriptor)
        self.beat()

    def beat(self) -> None:
        """Alive, now."""
        BEAT.pack_into(self._memory, 0, time.monotonic_ns())

    def close(self) -> None:
        """No more beats."""
        self._memory.close()


def beat_path(run_dir: Path, instance: str) -> Path:
    """Where a process beats."""
    return run_dir / f"{instance}.beat"


def last_beat_ns(path: Path) -> int:
    """When it beat last; 0 if it never did."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return 0
    return int(BEAT.unpack(raw)[0]) if len(raw) == BEAT.size else 0
