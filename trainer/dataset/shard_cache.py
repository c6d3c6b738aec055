"""Shards that lie elsewhere, through a cache on this disk that never holds more than its bytes.

Flow: name, size, digest -> kept file | room made, fetched, verified, kept -> bytes by position

Any number of processes share a folder. One fetches at a time; a file takes all its bytes before the
first is written, and gets its name only when its digest is right. What was used least lately goes
first, and never while somebody reads it. What a killed process left is removed by the next fetch.
Where files come from is the caller's affair (bucket_shards.py).
"""

import fcntl
import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sync.durable_file import folder_lock, fsync_file, rename_durably
from trainer.dataset.shards import INDEX_NAME, ShardDamagedError, StoredFile
from trainer.errors import DatasetError

logger = logging.getLogger(__name__)

NUM_TRIES = 3
WAIT_S = 900.0  # for another process that fetches 256 MB over a slow line
MARK_AGE_S = 1.0  # a file's last use is noted at most so often
KEPT, PART = ".kept", ".part"


class CacheSizeError(DatasetError):
    """A cache that cannot hold what is asked of it."""

    code = "shard.cache"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: how many bytes, one more than asked for where there were more, and their hash."""

    size: int
    sha256: str


Fetch = Callable[[StoredFile, Path], Fetched]


def measured(data: bytes) -> Fetched:
    """What came, if these bytes came."""
    return Fetched(len(data), hashlib.sha256(data).hexdigest())


class CachedShards:
    """The files of one data set; nothing is open between two calls, so it survives a fork.

    Args:
        folder: of the cache; may be shared with other data sets and processes.
        max_bytes: of all files below it together, also while one is being fetched.
        files: what the data set consists of.
        fetch: writes a file's bytes, at most its size, over the ones of a file of that size.

    Raises:
        CacheSizeError: one of the files alone is larger than the cache.
    """

    def __init__(
        self, folder: Path, max_bytes: int, files: Sequence[StoredFile], fetch: Fetch
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._max_bytes, self._fetch = folder, max_bytes, fetch
        self._files = {file.name: file for file in files}
        largest = max(files, key=lambda file: file.size, default=None)
        if largest is not None and largest.size > max_bytes:
            raise CacheSizeError(
                f"{largest.name} has {largest.size} bytes, the cache {max_bytes}",
                hint="give the cache room for several shards, or write smaller ones",
            )

    def index(self) -> IO[bytes]:
        """The index; it stays here while it is open."""
        return os.fdopen(self._handle(INDEX_NAME), "rb")

    def read(self, shard: str, offset: int, size: int) -> bytes:
        """Bytes of a shard, which is fetched where it is not here."""
        with self._opened(shard) as handle:
            return os.pread(handle, size, offset)

    def forget(self, shard: str) -> bool:
        """Throw out a copy whose bytes went bad on this disk."""
        logger.warning("shard went bad here code=%s shard=%s", ShardDamagedError.code, shard)
        with folder_lock(self._folder, wait_s=WAIT_S):
            _throw_out(self._kept(self._file(shard)))
        return True

    def close(self) -> None:
        """Nothing is open."""

    @contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        handle = self._handle(name)
        try:
            yield handle
        finally:
            os.close(handle)

    def _handle(self, name: str) -> int:
        """A whole file, open and claimed, so that nobody throws it out before it is closed."""
        file = self._file(name)
        path = self._kept(file)
        while True:
            try:
                handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                self._bring(file)
                continue
            fcntl.flock(handle, fcntl.LOCK_SH)
            told = os.fstat(handle)
            if told.st_nlink and told.st_size == file.size:
                if datetime.now(UTC).timestamp() - told.st_mtime > MARK_AGE_S:
                    os.utime(handle)
                return handle
            os.close(handle)  # thrown out meanwhile, or cut short by a disk
            if told.st_nlink:
                self.forget(name)

    def _bring(self, file: StoredFile) -> None:
        """Fetch a file until it is what it should be.

        Raises:
            ShardDamagedError: it never was.
        """
        kept = self._kept(file)
        part = kept.with_suffix(PART)
        with folder_lock(self._folder, wait_s=WAIT_S):
            for leftover in self._folder.glob(f"*{PART}"):
                leftover.unlink()
            if kept.exists():
                return
            self._make_room(file.size)
            got = Fetched(0, "")
            for attempt in range(1, NUM_TRIES + 1):
                _reserve(part, file.size)
                got = self._fetch(file, part)
                if got == Fetched(file.size, file.sha256):
                    fsync_file(part)
                    rename_durably(part, kept)
                    return
                part.unlink()
                logger.warning(
                    "shard is not what was written code=%s shard=%s bytes=%d wanted=%d attempt=%d",
                    ShardDamagedError.code, file.name, got.size, file.size, attempt,
                )  # fmt: skip
        what = "other bytes" if got.size == file.size else f"{got.size} of {file.size} bytes"
        raise ShardDamagedError(
            f"{file.name}: {what}, {NUM_TRIES} times", hint="write the shards again"
        )

    def _make_room(self, size: int) -> None:
        """Throw out what was used least lately, until so many bytes more fit."""
        found = [(path, path.stat()) for path in self._folder.glob(f"*{KEPT}")]
        used = sum(told.st_size for _, told in found)
        for path, told in sorted(found, key=lambda entry: entry[1].st_mtime_ns):
            if used + size <= self._max_bytes:
                break
            _throw_out(path)
            used -= told.st_size

    def _file(self, name: str) -> StoredFile:
        if name not in self._files:
            raise ShardDamagedError(
                f"{name} stands in no list of files", hint="write the shards again"
            )
        return self._files[name]

    def _kept(self, file: StoredFile) -> Path:
        return self._folder / f"{file.sha256}{KEPT}"


def _reserve(part: Path, size: int) -> None:
    """An empty file that takes all its bytes now: a full disk is told here, not in the middle."""
    try:
        with part.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, max(size, 1))
            stream.truncate(size)
    except OSError as err:
        part.unlink(missing_ok=True)
        raise CacheSizeError(
            f"no room for {size} bytes in {part.parent}: {err.strerror}",
            hint="free some space, or give the cache less",
        ) from err


def _throw_out(path: Path) -> None:
    """Delete a kept file once nobody reads it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)
