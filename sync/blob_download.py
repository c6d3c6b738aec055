"""Blobs from the hub or from a stick: resumed where they stopped, never trusted before hashed.

Flow: (sha256, size) -> cas/<sha256>.part -> hash -> cas/<sha256>

What is here is not fetched again. A cut costs only what was in flight, a flipped bit one chunk of
32 KiB. Ends always: with the blob, or with an error that says whose fault it is. Which blobs are
wanted is trusted_updates.py's word, not decided here.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sync.blob_store import READ_BYTES, BlobStore
from sync.chunk_list import damaged_spans, list_size
from sync.download_turn import DownloadTurn, TurnOverError
from sync.errors import TransportError
from sync.http_pool import HttpReply, HubHttp
from sync.transport_errors import (
    BadReplyError,
    CaptivePortalError,
    LinkLostError,
    LocalDiskError,
    NotFoundError,
)
from sync.update_errors import AlteredError, OversizedError
from sync.update_fetcher import EXPORT_BLOBS

REQUEST_DEADLINE_S = 30.0  # plus the time the bytes may take at the minimum rate
MAX_IGNORED_RANGES = 3  # then the hub cannot do ranges, and the beginning is read and dropped
RANGE_REFUSED = 416
MAX_REPAIRS = 4
MIN_PROGRESS_BYTES = 16_384  # less than this between two failures does not count as progress

_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)")


class BlobFetcher(Protocol):
    """Anything that brings blobs into a store."""

    store: BlobStore

    def fetch(self, sha256: str, size: int) -> Path:
        """The blob's path, after it was verified."""
        ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to ask again: full jitter, doubling, capped.

    Attributes:
        max_failures: in a row without progress, then the error is raised.
        cap_s: longest wait, also for a Retry-After.
    """

    max_failures: int = 8
    base_s: float = 1.0
    cap_s: float = 900.0

    def wait_s(self, num_failures: int, asked_s: float | None, dice: random.Random) -> float:
        """Seconds until the next try.

        Source: full jitter, Brooker 2015, Exponential backoff and jitter.
        """
        if asked_s is not None:
            return min(asked_s, self.cap_s)
        return dice.uniform(0.0, min(self.cap_s, self.base_s * 2.0 ** min(num_failures, 16)))


class HubBlobs:
    """Downloads from the hub's blob endpoint."""

    def __init__(
        self,
        http: HubHttp,
        blobs_url: str,
        store: BlobStore,
        *,
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        min_bytes_per_s: int = 1024,
        seed: int | None = None,
    ) -> None:
        self.store = store
        self.num_bytes_received = 0
        self._turn: DownloadTurn | None = None
        self._http = http
        self._blobs_url = blobs_url.rstrip("/")
        self._retry = retry or RetryPolicy()
        self._sleep = sleep
        self._min_bytes_per_s = min_bytes_per_s
        self._dice = random.Random(seed)
        self._num_ignored_ranges = 0

    def fetch(self, sha256: str, size: int) -> Path:
        """Bring a blob here, if it is not.

        Raises:
            PublisherError: what the hub has is not what was signed.
            TurnOverError: see in_turn.
            TransportError: the link failed too often, or the disk is full.
        """
        if self.store.has(sha256, size):
            return self.store.path(sha256)
        part = self.store.part_path(sha256)
        try:
            _trim(part, size)
            self.store.require_space(size - part.stat().st_size)
            self._patiently(lambda: self._append(sha256, size), lambda: part.stat().st_size)
            return self._finish(sha256, size)
        except OSError as err:
            raise LocalDiskError(
                f"blob {sha256[:12]}: {err.strerror or err}", hint="free some disk space"
            ) from err

    @contextmanager
    def in_turn(self, turn: DownloadTurn) -> Iterator[None]:
        """Fetch until the turn is over, then TurnOverError; what came stays, call again."""
        self._turn = turn
        try:
            yield
        finally:
            self._turn = None

    def _patiently(self, work: Callable[[], None], progress: Callable[[], int]) -> None:
        """Do the work again after each failure of the link, until it is hopeless."""
        num_failures, reached = 0, progress()
        while True:
            try:
                return work()
            except (NotFoundError, TurnOverError):
                raise
            except TransportError as err:
                if progress() - reached >= MIN_PROGRESS_BYTES:
                    num_failures, reached = 0, progress()
                num_failures += 1
                if num_failures >= self._retry.max_failures:
                    raise
                asked_s = getattr(err, "retry_after_s", None)
                self._sleep(self._retry.wait_s(num_failures, asked_s, self._dice))

    def _append(self, sha256: str, size: int) -> None:
        part, turn = self.store.part_path(sha256), self._turn
        while (start := part.stat().st_size) < size:
            if turn is None or self._num_ignored_ranges:
                self._transfer(sha256, size, start, size)
                break
            turn.require_time(f"blob {sha256[:12]}")
            began_s, end = turn.now_s(), min(size, start + turn.next_bytes)
            self._transfer(sha256, size, start, end)
            turn.note(end - start, began_s)

    def _finish(self, sha256: str, size: int) -> Path:
        for _ in range(MAX_REPAIRS):
            try:
                return self.store.commit_part(sha256)
            except AlteredError:
                self._repair(sha256, size)
        try:
            return self.store.commit_part(sha256)
        except AlteredError:
            self.store.forget(sha256)
            raise

    def _repair(self, sha256: str, size: int) -> None:
        """Fetch again what the chunk list says is damaged; everything where there is no list."""
        part = self.store.part_path(sha256)
        spans = damaged_spans(part, self._chunk_list(sha256, size))
        if not spans:
            spans = [(0, size)]
        for start, end in spans:
            self._patiently(
                lambda start=start, end=end: self._transfer(sha256, size, start, end),  # type: ignore[misc]
                lambda: 0,
            )

    def _chunk_list(self, sha256: str, size: int) -> bytes:
        url = f"{self._blobs_url}/{sha256}/chunks"
        lists: list[bytes] = []

        def ask() -> None:
            with self._http.request("GET", url, deadline_s=REQUEST_DEADLINE_S) as reply:
                reply.raise_for_status()
                lists.append(reply.read(list_size(size)))

        try:
            self._patiently(ask, lambda: 0)
        except NotFoundError:
            return b""
        self.num_bytes_received += len(lists[0])
        return lists[0] if len(lists[0]) == list_size(size) else b""

    def _transfer(self, sha256: str, size: int, start: int, end: int) -> None:
        """One request for the bytes from `start` to `end` (exclusive), written to the part."""
        url = f"{self._blobs_url}/{sha256}"
        headers = {"Range": f"bytes={start}-{end - 1}"} if (start, end) != (0, size) else {}
        deadline_s = REQUEST_DEADLINE_S + (end - start) / self._min_bytes_per_s
        with self._http.request("GET", url, deadline_s=deadline_s, headers=headers) as reply:
            num_to_drop = self._judge(reply, url, (start, end), size)
            room = self._write_body(
                reply, self.store.part_path(sha256), (start, end), size, num_to_drop
            )
        if room:
            raise LinkLostError(f"{url}: ended {room} bytes early", hint="tried again by itself")

    def _write_body(
        self, reply: HttpReply, path: Path, span: tuple[int, int], size: int, num_to_drop: int
    ) -> int:
        """Write the body into the part as it comes; how many bytes of the span are missing."""
        start, end = span
        room, is_tail = end - start, end == size
        with path.open("r+b") as part:
            part.seek(start)
            for chunk in reply.chunks():
                self.num_bytes_received += len(chunk)
                fresh = chunk[num_to_drop:]
                num_to_drop -= min(num_to_drop, len(chunk))
                if len(fresh) > room and is_tail:
                    raise OversizedError(f"{path.stem[:12]}: more bytes than were signed")
                part.write(fresh[:room])
                room -= min(len(fresh), room)
                if room == 0 and not is_tail:
                    break
        return room

    def _judge(self, reply: HttpReply, url: str, span: tuple[int, int], size: int) -> int:
        """How many bytes of the body to drop; raises where the reply does not fit."""
        start, end = span
        self._num_ignored_ranges += reply.status == RANGE_REFUSED
        reply.raise_for_status()
        if reply.content_type == "text/html":
            raise CaptivePortalError(f"{url}: a web page came", hint="log this network in")
        length = int(reply.headers.get("Content-Length") or -1)
        if reply.status == 206:
            _check_range(reply.headers.get("Content-Range", ""), url, span, size)
            return 0
        if reply.status != 200:
            raise BadReplyError(f"{url}: status {reply.status}")
        if length > size:
            raise OversizedError(
                f"{url}: {length} bytes offered, {size} signed", hint="publish the bundle again"
            )
        if 0 <= length < size:
            raise BadReplyError(f"{url}: {length} bytes offered, {size} signed")
        if (start, end) != (0, size):
            self._num_ignored_ranges += 1
            if self._num_ignored_ranges < MAX_IGNORED_RANGES:
                raise BadReplyError(f"{url}: the range was ignored")
        return start


class ExportedBlobs:
    """Copies from an exported folder, with the same verification."""

    def __init__(self, folder: Path, store: BlobStore) -> None:
        self.store = store
        self._folder = folder / EXPORT_BLOBS

    def fetch(self, sha256: str, size: int) -> Path:
        """Copy a blob here, if it is not.

        Raises:
            AlteredError: the stick holds something else.
            NotFoundError: it is not on the stick.
        """
        if self.store.has(sha256, size):
            return self.store.path(sha256)
        source = self._folder / self.store.path(sha256).name
        if source.is_symlink() or not source.is_file():
            raise NotFoundError(f"blob {sha256[:12]} is not in the export", hint="export it again")
        if source.stat().st_size != size:
            raise AlteredError(f"blob {sha256[:12]} has not {size} bytes", hint="export it again")
        try:
            self.store.require_space(size)
            _copy(source, self.store.part_path(sha256))
            return self.store.commit_part(sha256)
        except AlteredError:
            self.store.forget(sha256)
            raise
        except OSError as err:
            raise LocalDiskError(
                f"blob {sha256[:12]}: {err.strerror or err}", hint="free some disk space"
            ) from err


def _trim(part: Path, size: int) -> None:
    """Make the part file exist and not be longer than the blob."""
    if part.is_symlink():
        part.unlink()
    with part.open("ab") as stream:
        if stream.tell() > size:
            stream.truncate(0)


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    with source.open("rb") as reader, target.open("xb") as writer:
        while chunk := reader.read(READ_BYTES):
            writer.write(chunk)


def _check_range(said: str, url: str, span: tuple[int, int], size: int) -> None:
    match = _CONTENT_RANGE.fullmatch(said)
    if match is None:
        raise BadReplyError(f"{url}: Content-Range {said[:60]!r} cannot be read")
    first, last, total = match[1], match[2], match[3]
    if int(first) != span[0] or int(last) != span[1] - 1 or total not in ("*", str(size)):
        raise BadReplyError(
            f"{url}: asked for bytes {span[0]}-{span[1] - 1} of {size}, got {said[:60]!r}"
        )
