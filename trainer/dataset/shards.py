"""Samples in plain USTAR files with an index: read by position, by tar, or as a WebDataset.

Flow: samples -> <split>-000000.tar ... + index.jsonl + shards.json -> ShardReader.read(number, ext)

One line of the index per sample: key, shard, place and checksum of each member, facts; shards.json
names every file with size and digest, and is written last. Reading is `pread`: nothing shared, safe
after a fork. Writing the same samples again gives the same bytes. Where shards lie (a folder here,
or a bucket behind a cache, shard_cache.py) and which sample comes next are others' affairs.
"""

import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Protocol, Self

from trainer.errors import DatasetError

INDEX_NAME = "index.jsonl"
LIST_NAME = "shards.json"
MAX_SHARD_BYTES = 256_000_000  # reference measurement: 256 to 512 MB stream best
HEADER_BYTES = 512  # of a USTAR member whose name is short
READ_AHEAD_BYTES = 128 * 1024  # Linux cuts what is asked for at a device's limit, often this
NO_CHECKSUM = -1  # of an index that an earlier version wrote


class ShardDamagedError(DatasetError):
    """A shard or its index holds other bytes than were written."""

    code = "shard.damaged"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member lies inside its shard, and the CRC-32 of its bytes."""

    offset: int
    size: int
    crc32: int = NO_CHECKSUM

    def holds(self, data: bytes) -> bool:
        """Whether these are the bytes that were written."""
        return len(data) == self.size and self.crc32 in (NO_CHECKSUM, zlib.crc32(data))


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of the index.

    Attributes:
        members: extension -> place inside the shard.
        facts: what was said about the sample, such as its SKU.
    """

    key: str
    split: str
    shard: str
    members: Mapping[str, Place]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A shard, or the index, as it was written."""

    name: str
    size: int
    sha256: str


class ShardPlace(Protocol):
    """Where shards lie."""

    def index(self) -> IO[bytes]:
        """The index, open for reading; whoever asks closes it."""

    def read(self, shard: str, offset: int, size: int) -> bytes:
        """So many bytes, or fewer where the shard ends."""

    def forget(self, shard: str) -> bool:
        """What was read is not what was written: True if reading again may help."""

    def close(self) -> None:
        """Let go of files."""


class ShardSink(Protocol):
    """Where finished files go."""

    def put(self, file: Path) -> None:
        """Take a file; the writer deletes its own copy afterwards."""


class ShardWriter:
    """Writes shards below a folder; index and list are there once the writer is closed.

    Args:
        sink: takes every file as soon as it is whole, so the folder holds one shard per split.
    """

    def __init__(
        self, folder: Path, max_bytes: int = MAX_SHARD_BYTES, sink: ShardSink | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._max_bytes, self._sink = folder, max_bytes, sink
        self._open: dict[str, tarfile.TarFile] = {}
        self._count: dict[str, int] = {}
        self._lines: list[str] = []
        self._files: list[StoredFile] = []

    def add(
        self, split: str, key: str, members: Mapping[str, bytes], facts: Mapping[str, Any]
    ) -> None:
        """Append a sample; members are named `<key>.<extension>`."""
        tar, name = self._shard(split)
        places = {}
        for extension in sorted(members):
            data = members[extension]
            info = tarfile.TarInfo(f"{key}.{extension}")
            info.size, info.mode = len(data), 0o644
            places[extension] = (tar.offset + HEADER_BYTES, len(data), zlib.crc32(data))
            tar.addfile(info, io.BytesIO(data))
        line = {
            "key": key, "split": split, "shard": name, "members": places, "facts": dict(facts)
        }  # fmt: skip
        self._lines.append(json.dumps(line, sort_keys=True))

    def close(self) -> None:
        """Finish the last shards, write the index, and last the list that names them all."""
        for split, tar in self._open.items():
            tar.close()
            self._finish(self._name(split))
        (self._folder / INDEX_NAME).write_text("".join(line + "\n" for line in self._lines))
        self._finish(INDEX_NAME)
        told = {"format": 1, "files": [asdict(f) for f in sorted(self._files, key=_name)]}
        path = self._folder / LIST_NAME
        path.write_text(json.dumps(told, indent=1, sort_keys=True))
        if self._sink is not None:
            self._sink.put(path)
            path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        for tar in self._open.values():
            tar.close()  # of a writer that failed: without an index nothing of it counts

    def _shard(self, split: str) -> tuple[tarfile.TarFile, str]:
        """The shard to write to now; a full one is closed first."""
        tar = self._open.get(split)
        if tar is not None and tar.offset >= self._max_bytes:
            tar.close()
            self._finish(self._name(split))
            tar = None
        if tar is None:
            self._count[split] = self._count.get(split, -1) + 1
            path = self._folder / self._name(split)
            tar = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
            self._open[split] = tar
        return tar, self._name(split)

    def _name(self, split: str) -> str:
        return f"{split}-{self._count[split]:06d}.tar"

    def _finish(self, name: str) -> None:
        path = self._folder / name
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        self._files.append(StoredFile(name, path.stat().st_size, digest))
        if self._sink is not None:
            self._sink.put(path)
            path.unlink()


class FolderShards:
    """Shards in a folder of this machine; files stay open, one handle per process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[tuple[int, str], int] = {}

    def index(self) -> IO[bytes]:
        """The index."""
        return (self._folder / INDEX_NAME).open("rb")

    def read(self, shard: str, offset: int, size: int) -> bytes:
        """By position, without moving anything."""
        key = (os.getpid(), shard)
        if key not in self._files:
            handle = os.open(self._folder / shard, os.O_RDONLY)
            for at in range(0, os.fstat(handle).st_size, READ_AHEAD_BYTES):
                os.posix_fadvise(handle, at, READ_AHEAD_BYTES, os.POSIX_FADV_WILLNEED)
            self._files[key] = handle  # the whole of it is on its way, in one sweep of a disk
        return os.pread(self._files[key], size, offset)

    def forget(self, shard: str) -> bool:
        """There is no other copy."""
        return False

    def close(self) -> None:
        """Close what this process opened."""
        for (process, _), handle in self._files.items():
            if process == os.getpid():
                os.close(handle)
        self._files.clear()


class ShardReader:
    """Samples by number."""

    def __init__(self, place: Path | ShardPlace, split: str = "") -> None:
        """Open shards.

        Args:
            place: a folder, or shards that lie elsewhere.
            split: only its samples; empty for all.

        Raises:
            ShardDamagedError: no index, or it cannot be read.
        """
        self._place = FolderShards(place) if isinstance(place, Path) else place
        self.samples: Sequence[Sample] = tuple(
            sample for sample in _read_index(self._place) if split in ("", sample.split)
        )

    def __len__(self) -> int:
        return len(self.samples)

    def read(self, number: int, extension: str) -> bytes:
        """Bytes of one member.

        Raises:
            ShardDamagedError: the shard holds other bytes than the index says, or ends early.
        """
        sample = self.samples[number]
        place = sample.members[extension]
        data = self._place.read(sample.shard, place.offset, place.size)
        if not place.holds(data) and self._place.forget(sample.shard):
            data = self._place.read(sample.shard, place.offset, place.size)
        if not place.holds(data):
            what = "ends early" if len(data) < place.size else "holds other bytes than written"
            raise ShardDamagedError(
                f"{sample.shard} {what} at sample {sample.key}", hint="write the shards again"
            )
        return data

    def close(self) -> None:
        """Close the shards."""
        self._place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_list(data: bytes) -> tuple[StoredFile, ...]:
    """The files that shards.json names.

    Raises:
        ShardDamagedError: it is no such list.
    """
    try:
        files = tuple(
            StoredFile(str(f["name"]), int(f["size"]), str(f["sha256"]))
            for f in json.loads(data)["files"]
        )
    except (ValueError, KeyError, TypeError) as err:
        raise ShardDamagedError(
            f"{LIST_NAME} cannot be read: {err}", hint="write the shards again"
        ) from err
    if any("/" in f.name or f.name.startswith(".") for f in files):
        raise ShardDamagedError(f"{LIST_NAME} names files elsewhere", hint="write the shards again")
    return files


def _name(file: StoredFile) -> str:
    return file.name


def _read_index(place: ShardPlace) -> Iterator[Sample]:
    try:
        with place.index() as stream:
            for line in stream:
                said = json.loads(line)
                members = {name: Place(*map(int, p)) for name, p in said["members"].items()}
                yield Sample(said["key"], said["split"], said["shard"], members, said["facts"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise ShardDamagedError(
            f"{INDEX_NAME} cannot be read: {err}", hint="write the shards again"
        ) from err
