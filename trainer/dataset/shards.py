"""Samples in plain USTAR files with an index: read by position, by tar, or as a WebDataset.

Flow: samples -> <split>-000000.tar ... + index.jsonl -> ShardReader.read(number, extension)

One line of the index per sample: key, shard, byte range of each member, facts. Reading is `pread`
on open files: no lock, nothing shared, safe after a fork. Writing the same samples again gives the
same bytes. Which sample comes next is a sampler's affair.
"""

import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from trainer.errors import DatasetError

INDEX_NAME = "index.jsonl"
MAX_SHARD_BYTES = 256_000_000  # reference measurement: 256 to 512 MB stream best
HEADER_BYTES = 512  # of a USTAR member whose name is short


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of the index.

    Attributes:
        members: extension -> offset and size inside the shard.
        facts: what was said about the sample, such as its SKU.
    """

    key: str
    split: str
    shard: str
    members: Mapping[str, tuple[int, int]]
    facts: Mapping[str, Any]


class ShardWriter:
    """Writes shards below a folder; the index is there once the writer is closed."""

    def __init__(self, folder: Path, max_bytes: int = MAX_SHARD_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._max_bytes = folder, max_bytes
        self._open: dict[str, tarfile.TarFile] = {}
        self._count: dict[str, int] = {}
        self._lines: list[str] = []

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
            places[extension] = (tar.offset + HEADER_BYTES, len(data))
            tar.addfile(info, io.BytesIO(data))
        line = {
            "key": key, "split": split, "shard": name, "members": places, "facts": dict(facts)
        }  # fmt: skip
        self._lines.append(json.dumps(line, sort_keys=True))

    def close(self) -> None:
        """Finish the last shards and write the index."""
        for tar in self._open.values():
            tar.close()
        (self._folder / INDEX_NAME).write_text("".join(line + "\n" for line in self._lines))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _shard(self, split: str) -> tuple[tarfile.TarFile, str]:
        """The shard to write to now; a full one is closed first."""
        tar = self._open.get(split)
        if tar is not None and tar.offset >= self._max_bytes:
            tar.close()
            tar = None
        if tar is None:
            number = self._count.get(split, -1) + 1
            self._count[split] = number
            path = self._folder / f"{split}-{number:06d}.tar"
            tar = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
            self._open[split] = tar
        return tar, f"{split}-{self._count[split]:06d}.tar"


class ShardReader:
    """Samples by number."""

    def __init__(self, folder: Path, split: str = "") -> None:
        """Open shards.

        Args:
            split: only its samples; empty for all.

        Raises:
            DatasetError: no index, or it cannot be read.
        """
        self._folder = folder
        self.samples: Sequence[Sample] = tuple(
            sample for sample in _read_index(folder) if split in ("", sample.split)
        )
        self._files: dict[tuple[int, str], int] = {}

    def __len__(self) -> int:
        return len(self.samples)

    def read(self, number: int, extension: str) -> bytes:
        """Bytes of one member.

        Raises:
            DatasetError: the shard is shorter than the index says.
        """
        sample = self.samples[number]
        offset, size = sample.members[extension]
        data = os.pread(self._file(sample.shard), size, offset)
        if len(data) != size:
            raise DatasetError(f"{sample.shard} ends early", hint="run the step `shards` again")
        return data

    def close(self) -> None:
        """Close the shards."""
        for (process, _), handle in self._files.items():
            if process == os.getpid():
                os.close(handle)
        self._files.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _file(self, shard: str) -> int:
        key = (os.getpid(), shard)
        if key not in self._files:
            self._files[key] = os.open(self._folder / shard, os.O_RDONLY)
        return self._files[key]


def _read_index(folder: Path) -> Iterator[Sample]:
    try:
        with (folder / INDEX_NAME).open() as stream:
            for line in stream:
                said = json.loads(line)
                members = {name: (int(p[0]), int(p[1])) for name, p in said["members"].items()}
                yield Sample(said["key"], said["split"], said["shard"], members, said["facts"])
    except (OSError, ValueError, KeyError) as err:
        raise DatasetError(
            f"{folder.name}/{INDEX_NAME} cannot be read: {err}", hint="run the step `shards` again"
        ) from err
