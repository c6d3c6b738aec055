"""Frames in shared memory: one writer, many readers, no copy on the reader's side.

Flow: pixels -> FrameRingWriter.write -> sequence -> FrameRingReader.view -> FrameView

A ring is a memory-mapped file of fixed geometry. Its space is reserved when it is made, so a full
/dev/shm is an error at start and never a SIGBUS later. A slot is guarded by a sequence lock: its
state is odd while it is written, so a reader can tell that its picture was overwritten. Files are
never resized: another picture size, or a writer that came back, makes another file and renames it
over the old one. Who still maps the old file keeps it whole. Sequences grow over the whole boot, so
a number finds its frame or nothing. Nothing here waits, polls or knows a socket.
"""

import contextlib
import errno
import mmap
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import FrameRingError
from edge.file_claim import ClaimWords, claim_file

MAGIC = b"TILLRING"
VERSION = 1
CHANNELS = 3
PAGE_BYTES = 4096
HEADER = struct.Struct("<8sIIII")  # magic, version, slots, width, height
SLOT = struct.Struct("<QQq")  # state, sequence, captured_at_ns
NEWEST_AT = 512  # offset of a u64: sequence of the newest frame; its slot is sequence % slots
SLOTS_AT = 1024  # slot headers of 32 bytes; 64 slots fit before the first page of pixels
SLOT_STRIDE = 32
PIXELS_AT = PAGE_BYTES
MAX_SLOTS = (PIXELS_AT - SLOTS_AT) // SLOT_STRIDE

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FrameSlot:
    """Where a frame was put."""

    slot: int
    sequence: int


class FrameView:
    """A frame as it lies in the ring.

    Attributes:
        pixels: uint8 (H, W, 3), BGR, read-only, not a copy: ask `is_valid` after using them.
    """

    def __init__(
        self, memory: mmap.mmap, slot: int, sequence: int, at_ns: int, pixels: Pixels
    ) -> None:
        self.pixels = pixels
        self.sequence = sequence
        self.captured_at_ns = at_ns
        self._memory = memory
        self._slot_at = SLOTS_AT + slot * SLOT_STRIDE

    def is_valid(self) -> bool:
        """False once the writer has begun to overwrite these pixels."""
        state, sequence, _ = SLOT.unpack_from(self._memory, self._slot_at)
        return bool(state % 2 == 0 and sequence == self.sequence)

    def copy(self) -> Pixels | None:
        """The pixels for keeping; None if they were overwritten meanwhile."""
        pixels = self.pixels.copy()
        return pixels if self.is_valid() else None


class FrameRingWriter:
    """The one process that writes a camera's frames."""

    def __init__(self, path: Path, num_slots: int, max_bytes: int) -> None:
        """Claim the ring; the file is made with the first frame, whose size it takes.

        Args:
            path: on a tmpfs; its folder is made where missing.
            max_bytes: a picture size that needs more is refused.

        Raises:
            FrameRingError: another process writes this ring, or the folder cannot be written.
        """
        if not 1 < num_slots <= MAX_SLOTS:
            raise ValueError(f"num_slots {num_slots}: 2 to {MAX_SLOTS}")
        self.path = path
        self._num_slots = num_slots
        self._max_bytes = max_bytes
        self._memory: mmap.mmap | None = None
        self._size = (0, 0)
        # Time since boot in 10 us: a writer that comes back counts on above its predecessor.
        self._sequence = time.monotonic_ns() // 10_000
        self._lock = _lock(path)

    def write(self, pixels: Pixels, captured_at_ns: int) -> FrameSlot:
        """Copy a frame into the next slot.

        Raises:
            FrameRingError: a new picture size needs a new ring and the memory is not there.
        """
        height, width = pixels.shape[:2]
        if self._memory is None or (width, height) != self._size:
            self._make(width, height)
        memory = self._memory
        assert memory is not None
        self._sequence += 1
        slot = self._sequence % self._num_slots
        slot_at = SLOTS_AT + slot * SLOT_STRIDE
        state, _, _ = SLOT.unpack_from(memory, slot_at)
        SLOT.pack_into(memory, slot_at, state + 1, 0, 0)
        target = _pixels(memory, slot, width, height)
        np.copyto(target, pixels)
        del target
        SLOT.pack_into(memory, slot_at, state + 2, self._sequence, captured_at_ns)
        struct.pack_into("<Q", memory, NEWEST_AT, self._sequence)
        return FrameSlot(slot, self._sequence)

    def close(self, *, is_removed: bool = True) -> None:
        """Let go; the file is removed so that its memory is free when the last reader goes."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        if is_removed:
            self.path.unlink(missing_ok=True)
        os.close(self._lock)

    def _make(self, width: int, height: int) -> None:
        size = _file_bytes(self._num_slots, width, height)
        if size > self._max_bytes:
            raise FrameRingError(
                f"{self.path.name}: {self._num_slots} frames of {width}x{height} need "
                f"{size >> 20} MiB, allowed are {self._max_bytes >> 20}",
                hint="raise frame_ring.max_mib, or set a smaller size at the camera",
            )
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        self.path.unlink(missing_ok=True)  # its memory is needed for the new one
        new = self.path.with_name(f".{self.path.name}.new")
        memory = _reserve(new, size)
        HEADER.pack_into(memory, 0, MAGIC, VERSION, self._num_slots, width, height)
        new.rename(self.path)
        self._memory, self._size = memory, (width, height)


class FrameRingReader:
    """Looks at a camera's frames; may come and go, before or after the writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._memory: mmap.mmap | None = None
        self._num_slots = 0
        self._inode = 0
        self._size = (0, 0)

    def view(self, sequence: int) -> FrameView | None:
        """The frame of this number where it lies; None if it is gone already.

        Raises:
            FrameRingError: the file is no ring of this version.
        """
        if self._is_replaced():
            self._open()
        if self._memory is None:
            return None
        slot = sequence % self._num_slots
        _, _, at_ns = SLOT.unpack_from(self._memory, SLOTS_AT + slot * SLOT_STRIDE)
        pixels = _pixels(self._memory, slot, *self._size)
        view = FrameView(self._memory, slot, sequence, at_ns, pixels)
        return view if view.is_valid() else None

    def newest(self) -> FrameView | None:
        """The newest frame; None before the first.

        Raises:
            FrameRingError: the file is no ring of this version.
        """
        sequence = self.newest_sequence()
        return self.view(sequence) if sequence else None

    def newest_sequence(self) -> int:
        """Number of the newest frame; 0 before the first."""
        if self._is_replaced():
            self._open()
        if self._memory is None:
            return 0
        (sequence,) = struct.unpack_from("<Q", self._memory, NEWEST_AT)
        return int(sequence)

    def close(self) -> None:
        """Let the memory go as soon as nobody holds a view of it."""
        self._memory = None

    def _is_replaced(self) -> bool:
        try:
            return self._memory is None or self.path.stat().st_ino != self._inode
        except FileNotFoundError:
            return False

    def _open(self) -> None:
        self.close()  # not mmap.close(): views in use keep the old memory until they go
        try:
            with self.path.open("rb") as file:
                self._inode = os.fstat(file.fileno()).st_ino
                memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as err:
            raise FrameRingError(f"{self.path} cannot be mapped: {err}") from err
        head = memory[: HEADER.size].ljust(HEADER.size, b"\0")
        magic, version, slots, width, height = HEADER.unpack(head)
        is_ours = magic == MAGIC and version == VERSION
        if not is_ours or len(memory) != _file_bytes(slots, width, height):
            raise FrameRingError(
                f"{self.path} is no frame ring of version {VERSION}",
                hint="stop the box, delete the file, start again",
            )
        self._memory, self._num_slots, self._size = memory, slots, (width, height)


def ring_path(ring_dir: Path, box_id: str, lane_id: str, camera_id: str) -> Path:
    """Where a camera's ring lies."""
    return ring_dir / f"{box_id}.{lane_id}.{camera_id}.ring"


def _file_bytes(num_slots: int, width: int, height: int) -> int:
    return PIXELS_AT + num_slots * _slot_bytes(width, height)


def _slot_bytes(width: int, height: int) -> int:
    return -(-width * height * CHANNELS // PAGE_BYTES) * PAGE_BYTES


def _pixels(memory: mmap.mmap, slot: int, width: int, height: int) -> Pixels:
    start = PIXELS_AT + slot * _slot_bytes(width, height)
    count = width * height * CHANNELS
    flat = np.frombuffer(memory, np.uint8, count, start)
    return flat.reshape(height, width, CHANNELS)


def _lock(path: Path) -> int:
    words = ClaimWords(
        error=FrameRingError,
        held=f"{path.name} has a writer already",
        held_hint="is the box running twice?",
        setting="paths.ring_dir",
    )
    return claim_file(path.with_suffix(".lock"), words)


def _reserve(path: Path, size: int) -> mmap.mmap:
    """Make and map a file whose every byte is there.

    Raises:
        FrameRingError: the memory is full.
    """
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
    try:
        os.posix_fallocate(descriptor, 0, size)
        return mmap.mmap(descriptor, size)
    except OSError as err:
        path.unlink()
        is_full = err.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
        what = "is full" if is_full else f"gives no memory: {err.strerror}"
        raise FrameRingError(
            f"{path.parent} {what}: {size >> 20} MiB are needed for {path.name[1:-4]}",
            hint="free or enlarge it (docker: --shm-size), or lower frame_ring.slots",
        ) from err
    finally:
        os.close(descriptor)
