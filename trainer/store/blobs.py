"""Blobs of the hub in a folder: content-addressed, resumable, verified before they count.

Flow: parts -> uploads/<sha256>.part (fsync) -> hash -> blobs/<ab>/<sha256>

The offset that is reported is on disk; so a power cut never makes the hub promise bytes it lost.
"""

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sync.durable_file import fsync_directory
from sync.protocol import MAX_BLOB_BYTES
from trainer.errors import DegradedError

MAX_PART_BYTES = 4 * 1024 * 1024


class UploadError(DegradedError):
    """A part cannot be taken; the code says why."""

    code = "upload.refused"


class UploadOffsetError(UploadError):
    """The part does not begin where the last one ended."""

    code = "upload.offset"

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(message, hint=f"continue at {offset}")
        self.offset = offset


class UploadDigestError(UploadError):
    """All parts are here and together they are something else; they are dropped."""

    code = "upload.digest"


@dataclass(frozen=True, slots=True)
class UploadProgress:
    """How much of a blob is here."""

    offset: int
    is_complete: bool


class FolderBlobs:
    """The hub's blobs below one folder; one process writes here."""

    def __init__(self, root: Path) -> None:
        """Use `root`, made where missing."""
        self._root = root
        self._uploads = root / "uploads"
        self._uploads.mkdir(parents=True, exist_ok=True)
        self._appending = threading.Lock()  # a box that lost an answer may ask twice at a time

    @property
    def scratch(self) -> Path:
        """A folder on the same disk for what is being made."""
        return self._uploads

    def path(self, sha256: str) -> Path:
        """Where a blob lies, or would; what `hubctl` published lies flat in the same folder."""
        published = self._root / sha256
        return published if published.is_file() else self._root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """True when the whole blob is here."""
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """Bytes of a blob that is here."""
        return self.path(sha256).stat().st_size

    def progress(self, sha256: str, *, sender: str = "") -> UploadProgress:
        """How much of a blob is here, on disk; whoever asks is about to name it.

        Args:
            sender: only what this one has sent counts, whoever else has it: see `append`.
        """
        if self.has(sha256) and not sender:
            self.touch(sha256)
            return UploadProgress(self.size(sha256), is_complete=True)
        part = self._part(sha256, sender)
        return UploadProgress(part.stat().st_size if part.exists() else 0, is_complete=False)

    def append(
        self, sha256: str, offset: int, data: bytes, *, total: int, sender: str = ""
    ) -> UploadProgress:
        """Add a part; with the last one the blob is verified and becomes visible.

        Args:
            offset: where the part begins.
            total: size of the whole blob.
            sender: this one must send every byte by itself, also of a blob that is here: a digest
                alone proves nothing. Empty: whoever named it before is believed.

        Raises:
            UploadOffsetError: not where the last part ended.
            UploadDigestError: the whole is not what its name says.
            UploadError: too large.
        """
        with self._appending:
            return self._append(sha256, offset, data, total, sender)

    def _append(
        self, sha256: str, offset: int, data: bytes, total: int, sender: str
    ) -> UploadProgress:
        here = self.progress(sha256, sender=sender)
        if here.is_complete:
            return here
        if total > MAX_BLOB_BYTES or offset + len(data) > total:
            raise UploadError(f"{offset + len(data)} bytes of {total}", hint="send less")
        if offset != here.offset:
            raise UploadOffsetError(f"part begins at {offset}", offset=here.offset)
        part = self._part(sha256, sender)
        with part.open("ab") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if offset + len(data) < total:
            return UploadProgress(offset + len(data), is_complete=False)
        if self.has(sha256):
            _require_digest(sha256, part)
            part.unlink()
            self.touch(sha256)
        else:
            self._finish(sha256, part)
        return UploadProgress(total, is_complete=True)

    def put(self, data: bytes) -> str:
        """Store a whole blob; its sha256."""
        sha256 = hashlib.sha256(data).hexdigest()
        if self.has(sha256):
            self.touch(sha256)
        else:
            self._part(sha256).unlink(missing_ok=True)
            self.append(sha256, 0, data, total=len(data))
        return sha256

    def touch(self, sha256: str) -> None:
        """Somebody is about to name this blob: it must not be swept for a while."""
        if self.path(sha256).is_file():
            os.utime(self.path(sha256))

    def age_s(self, sha256: str) -> float:
        """Seconds since a blob came, or since somebody asked for it in order to name it."""
        return max(0.0, _wall_s() - self.path(sha256).stat().st_mtime)

    def names(self) -> Iterator[str]:
        """Every whole blob, in no order."""
        for path in self._root.glob("[0-9a-f]*"):
            if path.is_dir() and len(path.name) == 2:
                yield from (entry.name for entry in path.iterdir() if _is_name(entry.name))
            elif path.is_file() and _is_name(path.name):
                yield path.name

    def is_published(self, sha256: str) -> bool:
        """True for what `hubctl` or the hub's keys published: it lies flat."""
        return (self._root / sha256).is_file()

    def take_file(self, sha256: str, source: Path) -> None:
        """A whole blob from a file, as a restore brings it.

        Raises:
            UploadDigestError: it is something else.
        """
        part = self._part(sha256)
        shutil.copyfile(source, part)
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        self._finish(sha256, part)

    def remove_if_old(self, sha256: str, min_age_s: float) -> bool:
        """Forget a blob unless somebody came to name it meanwhile; whether it is gone."""
        with self._appending:
            if not self.has(sha256) or self.age_s(sha256) < min_age_s:
                return False
            self._delete(sha256)
            return True

    def _delete(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def forget(self, sha256: str) -> None:
        """Delete a blob that was uploaded; what `hubctl` published stays."""
        (self._root / sha256[:2] / sha256).unlink(missing_ok=True)
        self._part(sha256).unlink(missing_ok=True)

    @contextmanager
    def reading(self, sha256: str) -> Iterator[Path]:
        """The blob as a file."""
        yield self.path(sha256)

    def _part(self, sha256: str, sender: str = "") -> Path:
        tag = f".{hashlib.sha256(sender.encode()).hexdigest()[:16]}" if sender else ""
        return self._uploads / f"{sha256}{tag}.part"

    def _finish(self, sha256: str, part: Path) -> None:
        _require_digest(sha256, part)
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
        fsync_directory(target.parent)


def _require_digest(sha256: str, part: Path) -> None:
    """Drop parts that together are something else.

    Raises:
        UploadDigestError: they are.
    """
    with part.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != sha256:
        part.unlink()
        raise UploadDigestError(
            f"what came is {digest[:12]}, not {sha256[:12]}", hint="send it again from 0"
        )


def _is_name(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _wall_s() -> float:
    """The clock that files are dated by."""
    return datetime.now(UTC).timestamp()
