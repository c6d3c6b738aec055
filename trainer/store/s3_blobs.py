"""Blobs in a bucket (S3, SeaweedFS, MinIO, ...), with the same interface as the folder.

Flow: parts -> uploads/<sha256>.part (fsync) -> hash -> bucket -> kept here for a while
      bucket -> hash -> kept here for a while -> reader

Parts in flight and what `hubctl` published stay in the folder; a whole blob counts once the bucket
has it. What is read is fetched once, verified, and kept below `cache_mib`; so every reader gets a
file, and ranges work. Nothing that was used within KEEP_S is thrown out of the cache.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError

from sync.durable_file import fsync_directory
from trainer.s3_bucket import Bucket, away, open_bucket
from trainer.store.blobs import FolderBlobs, UploadDigestError

if TYPE_CHECKING:
    from obstore import ObjectMeta

KEEP_S = 600.0
MARK_LIFE_S = 3 * 24 * 3600.0
MIB = 1024 * 1024


class S3Blobs(FolderBlobs):
    """The hub's blobs in a bucket; one process writes."""

    def __init__(self, root: Path, bucket: Bucket, cache_mib: int) -> None:
        """Use a bucket, with `root` for parts, published files and the cache."""
        super().__init__(root)
        self._bucket = bucket
        self._cache_bytes = cache_mib * MIB
        self._touched = root / "touched"
        self._touched.mkdir(exist_ok=True)
        self._store = open_bucket(bucket)

    def path(self, sha256: str) -> Path:
        """The blob as a file here, fetched where it is not.

        Raises:
            FileNotFoundError: there is no such blob.
            BucketError: the bucket is away.
        """
        local = super().path(sha256)
        if local.is_file():
            os.utime(local)
            return local
        return self._fetch(sha256, local)

    def has(self, sha256: str) -> bool:
        """True when the whole blob is published, kept here, or in the bucket."""
        return super().path(sha256).is_file() or self._head(sha256) is not None

    def size(self, sha256: str) -> int:
        """Bytes of a blob that is here."""
        local = super().path(sha256)
        if local.is_file():
            return local.stat().st_size
        head = self._head(sha256)
        if head is None:
            raise FileNotFoundError(sha256)
        return int(head["size"])

    def touch(self, sha256: str) -> None:
        """Somebody is about to name this blob; a bucket keeps no such time, so it is kept here."""
        (self._touched / sha256).touch()

    def age_s(self, sha256: str) -> float:
        """Seconds since it came to the bucket, or since it was asked for in order to be named."""
        now = datetime.now(UTC).timestamp()
        mark = self._touched / sha256
        times = [mark.stat().st_mtime] if mark.is_file() else []
        head = None if self.is_published(sha256) else self._head(sha256)
        if head is not None:
            times.append(head["last_modified"].timestamp())
        elif super().path(sha256).is_file():
            times.append(super().path(sha256).stat().st_mtime)
        return max(0.0, now - max(times, default=now))

    def names(self) -> Iterator[str]:
        """Every whole blob: published here, and what the bucket lists."""
        yield from (name for name in super().names() if self.is_published(name))
        try:
            for page in obstore.list(self._store, prefix=self._bucket.prefix or None):
                yield from (str(entry["path"]).rpartition("/")[2] for entry in page)
        except BaseError as err:
            raise away(err) from err

    def forget(self, sha256: str) -> None:
        """Delete a blob that was uploaded; what `hubctl` published stays."""
        super().forget(sha256)
        self._delete_there(sha256)

    def _delete(self, sha256: str) -> None:
        if self.is_published(sha256):
            super()._delete(sha256)
            return
        super().path(sha256).unlink(missing_ok=True)
        (self._touched / sha256).unlink(missing_ok=True)
        self._delete_there(sha256)

    def _finish(self, sha256: str, part: Path) -> None:
        """Verify, put into the bucket, then keep here: nothing counts that the bucket lacks."""
        with part.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest == sha256:
            try:
                obstore.put(self._store, self._key(sha256), part)
            except BaseError as err:
                raise away(err) from err
        self._keep(sha256, part)
        self._evict()

    def _keep(self, sha256: str, part: Path) -> None:
        super()._finish(sha256, part)

    def _fetch(self, sha256: str, local: Path) -> Path:
        part = self._uploads / f"{sha256}.{os.urandom(4).hex()}.fetched"
        digest = hashlib.sha256()
        try:
            with part.open("wb") as out:
                for chunk in obstore.get(self._store, self._key(sha256)).stream():
                    digest.update(chunk)
                    out.write(chunk)
        except FileNotFoundError:
            part.unlink(missing_ok=True)
            raise
        except BaseError as err:
            part.unlink(missing_ok=True)
            raise away(err) from err
        if digest.hexdigest() != sha256:
            part.unlink()
            raise UploadDigestError(
                f"the bucket holds something else as {sha256[:12]}", hint="restore it"
            )
        local.parent.mkdir(parents=True, exist_ok=True)
        part.replace(local)
        fsync_directory(local.parent)
        self._evict()
        return local

    def _evict(self) -> None:
        """Throw out what was not used for longest, down to the limit, but nothing of just now."""
        now = datetime.now(UTC).timestamp()
        kept = []
        for path in self._root.glob("[0-9a-f][0-9a-f]/*"):
            told = path.stat()
            kept.append((told.st_mtime, told.st_size, path))
        total = sum(size for _, size, _ in kept)
        for used, size, path in sorted(kept):
            if total <= self._cache_bytes or now - used < KEEP_S:
                break
            path.unlink(missing_ok=True)
            total -= size
        for mark in self._touched.iterdir():
            if now - mark.stat().st_mtime > MARK_LIFE_S:
                mark.unlink(missing_ok=True)

    def _head(self, sha256: str) -> "ObjectMeta | None":
        try:
            return obstore.head(self._store, self._key(sha256))
        except FileNotFoundError:
            return None
        except BaseError as err:
            raise away(err) from err

    def _delete_there(self, sha256: str) -> None:
        try:
            obstore.delete(self._store, self._key(sha256))
        except FileNotFoundError:
            return
        except BaseError as err:
            raise away(err) from err

    def _key(self, sha256: str) -> str:
        return self._bucket.key(f"{sha256[:2]}/{sha256}")
