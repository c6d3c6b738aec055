"""Where published blobs lie: a folder the hub serves under /v1/blobs/.

Flow: bytes | file -> blobs/<sha256> (durable)

Anything with `put` can stand in its place, such as the hub's own blob store.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from sync.blob_store import file_digest
from sync.durable_file import fsync_file, rename_durably, write_durably


class BlobSink(Protocol):
    """Takes blobs; the same blob twice is no error."""

    def put(self, data: bytes) -> str:
        """Store bytes; their sha256."""
        ...


class BlobFolder:
    """A flat folder of blobs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Store bytes; their sha256."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.folder / sha256
        if not path.is_file():
            write_durably(path, data)
        return sha256

    def put_file(self, path: Path) -> str:
        """Store a copy of a file; its sha256."""
        sha256 = file_digest(path)
        if not (self.folder / sha256).is_file():
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            os.close(handle)
            shutil.copyfile(path, temporary)
            Path(temporary).chmod(0o644)
            fsync_file(Path(temporary))
            rename_durably(Path(temporary), self.folder / sha256)
        return sha256


def put_file(sink: BlobSink, path: Path) -> str:
    """Store a copy of a file in any sink; its sha256."""
    if isinstance(sink, BlobFolder):
        return sink.put_file(path)
    return sink.put(path.read_bytes())
