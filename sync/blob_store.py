"""Content-addressed files on the box: `cas/<sha256>`, whole or not there.

Flow: verified part file -> rename -> cas/<sha256>

A name in this folder is a promise: the bytes were hashed before the rename. Nothing here touches
the network; blob_download.py fills it.
"""

import hashlib
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from sync.durable_file import (
    AtStep,
    fsync_directory,
    fsync_file,
    ignore_step,
    rename_durably,
    write_durably,
)
from sync.transport_errors import LocalDiskError
from sync.update_errors import AlteredError

READ_BYTES = 1_048_576
SPARE_BYTES = 16_777_216  # left free for journals and logs


class BlobStore:
    """A folder of verified blobs and of the parts that are still coming; one process writes."""

    def __init__(self, folder: Path, *, at_step: AtStep = ignore_step) -> None:
        self.folder = folder
        self._at_step = at_step
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where a blob is, or would be."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError(f"{sha256[:80]!r} is no sha256")
        return self.folder / sha256

    def part_path(self, sha256: str) -> Path:
        """Where the beginning of a blob waits for the rest."""
        return self.path(sha256).with_suffix(".part")

    def has(self, sha256: str, size: int) -> bool:
        """Whether the whole blob is here."""
        path = self.path(sha256)
        return path.is_file() and not path.is_symlink() and path.stat().st_size == size

    def read(self, sha256: str, size: int) -> bytes:
        """A small blob's bytes, hashed again.

        Raises:
            AlteredError: the disk changed it; it is deleted, so the next fetch brings it anew.
        """
        data = self.path(sha256).read_bytes()
        if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
            self.forget(sha256)
            raise AlteredError(f"blob {sha256[:12]} rotted on disk", hint="it is fetched again")
        return data

    def put(self, data: bytes) -> str:
        """Store bytes that are here already; their sha256."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.has(sha256, len(data)):
            write_durably(self.path(sha256), data, at_step=self._at_step)
        return sha256

    def commit_part(self, sha256: str) -> Path:
        """Hash the part file and, if it is the blob, give it its name.

        Raises:
            AlteredError: it is something else; the part stays for repair.
        """
        part = self.part_path(sha256)
        if file_digest(part) != sha256:
            raise AlteredError(
                f"blob {sha256[:12]}: what came is not what was signed",
                hint="look for a proxy or a disk that changes bytes",
            )
        fsync_file(part)
        self._at_step("part_synced")
        rename_durably(part, self.path(sha256))
        self._at_step("blob_named")
        return self.path(sha256)

    def forget(self, sha256: str) -> None:
        """Delete a blob and its part."""
        self.path(sha256).unlink(missing_ok=True)
        self.part_path(sha256).unlink(missing_ok=True)

    def blobs(self) -> Iterator[str]:
        """Every whole blob."""
        return (p.name for p in sorted(self.folder.iterdir()) if len(p.name) == 64)

    def keep_only(self, wanted: Collection[str]) -> int:
        """Delete blobs and parts that nobody wants; bytes freed."""
        freed = 0
        for path in sorted(self.folder.iterdir()):
            if path.name.split(".")[0] not in wanted and path.is_file():
                freed += path.stat().st_size
                path.unlink()
        fsync_directory(self.folder)
        return freed

    def require_space(self, num_bytes: int) -> None:
        """Refuse before the first byte what cannot fit.

        Raises:
            LocalDiskError: not enough room.
        """
        free = shutil.disk_usage(self.folder).free
        if free < num_bytes + SPARE_BYTES:
            raise LocalDiskError(
                f"{num_bytes} bytes wanted, {free} free in {self.folder}",
                hint="free some disk space; see doctor",
            )


def file_digest(path: Path) -> str:
    """sha256 of a file, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
