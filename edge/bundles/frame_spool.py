"""A bounded piece of memory for the pictures of baskets that a candidate will look at later.

Flow: cut-out of a frame -> FrameSpool.put -> place -> SpoolReader.picture -> pixels

A mapped file on a tmpfs, reserved when it is made, so it never grows. A picture is coded as JPEG at
quality 95 (at 720p 84 kB and 2.1 ms instead of 2.7 MB: a minute of three cameras fits into 256
MiB). What is let go is overwritten with zeros at once; the file is unlinked at the end.
"""

import errno
import mmap
import os
from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import DegradedError

JPEG_QUALITY = 95

Picture = NDArray[np.uint8]


class SpoolError(DegradedError):
    """There is no memory for the pictures of baskets; no candidate can be compared."""

    code = "shadow.no_memory"


class FrameSpool:
    """The writing side: a ring of blocks, let go in any order."""

    def __init__(self, path: Path, num_bytes: int) -> None:
        """Reserve the memory; what an earlier life left there is removed.

        Raises:
            SpoolError: the memory is not there.
        """
        self.path = path
        self._size = num_bytes
        self._blocks: OrderedDict[int, int] = OrderedDict()  # offset -> length, oldest first
        self._released: set[int] = set()
        self._head = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, num_bytes)
                self._memory = mmap.mmap(descriptor, num_bytes)
            finally:
                os.close(descriptor)
        except OSError as err:
            path.unlink(missing_ok=True)
            why = "is full" if err.errno == errno.ENOSPC else str(err.strerror)
            raise SpoolError(
                f"{path.parent} {why}: {num_bytes >> 20} MiB are needed for the shadow",
                hint="enlarge it, or lower hub.shadow_spool_mib",
            ) from err

    @property
    def used_share(self) -> float:
        """How full it is, 0 to 1; gaps count as full."""
        if not self._blocks:
            return 0.0
        first = next(iter(self._blocks))
        used = self._head - first if self._head > first else self._size - first + self._head
        return used / self._size

    def put(self, picture: Picture) -> tuple[int, int] | None:
        """Code a picture and keep it: offset and length; None where there is no room.

        Args:
            picture: uint8 BGR (H, W, 3).
        """
        coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
        data = coded.tobytes()
        offset = self._place_for(len(data))
        if offset is None:
            return None
        self._memory[offset : offset + len(data)] = data
        self._blocks[offset] = len(data)
        self._head = offset + len(data)
        return offset, len(data)

    def release(self, offset: int) -> None:
        """Overwrite a picture; its room comes back when those before it are gone, too."""
        length = self._blocks.get(offset)
        if length is None or offset in self._released:
            return
        self._memory[offset : offset + length] = bytes(length)
        self._released.add(offset)
        while self._blocks and (first := next(iter(self._blocks))) in self._released:
            del self._blocks[first]
            self._released.discard(first)

    def close(self) -> None:
        """Erase what is left and unlink the file."""
        for offset in list(self._blocks):
            self.release(offset)
        self._memory.close()
        self.path.unlink(missing_ok=True)

    def _place_for(self, length: int) -> int | None:
        if not self._blocks:
            return 0 if length <= self._size else None
        first = next(iter(self._blocks))
        if self._head <= first:  # the newest lies before the oldest
            return self._head if self._head + length <= first else None
        if self._head + length <= self._size:
            return self._head
        return 0 if length <= first else None


class SpoolReader:
    """The candidate's side; reads only."""

    def __init__(self, path: Path) -> None:
        """Map the file.

        Raises:
            SpoolError: it is not there.
        """
        try:
            with path.open("rb") as stream:
                self._memory = mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ)
        except OSError as err:
            raise SpoolError(
                f"{path} cannot be read: {err.strerror}", hint="it is made again"
            ) from err

    def picture(self, offset: int, length: int) -> Picture | None:
        """Pixels, uint8 BGR (H, W, 3); None if nothing readable lies there."""
        coded = np.frombuffer(self._memory[offset : offset + length], dtype=np.uint8)
        decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR) if length else None
        return None if decoded is None else np.asarray(decoded, dtype=np.uint8)

    def close(self) -> None:
        """Let the memory go."""
        self._memory.close()
