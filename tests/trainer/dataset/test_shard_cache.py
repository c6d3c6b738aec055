"""A cache of shards: never more than its bytes, damage told and fetched again, killed readers."""

import fcntl
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainer.dataset.shard_cache import CachedShards, CacheSizeError, Fetched, measured
from trainer.dataset.shard_order import ShardOrder
from trainer.dataset.shards import (
    LIST_NAME,
    ShardDamagedError,
    ShardReader,
    ShardWriter,
    StoredFile,
    read_list,
)

NUM_SAMPLES = 60
MEMBER = 5000
SHARD_BYTES = 40_960  # what 6 samples of that size and the end of a tar come to, at most


class Elsewhere:
    """Files of a folder as a bucket would hand them over; the first answers may be made bad."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.spoil: list[Callable[[bytes], bytes]] = []
        self.seen: list[int] = []

    def __call__(self, file: StoredFile, part: Path) -> Fetched:
        data = (self.folder / file.name).read_bytes()
        self.names.append(file.name)
        if self.spoil and file.name.endswith(".tar"):
            data = self.spoil.pop(0)(data)
        part.write_bytes(data[: file.size])
        self.seen.append(used_bytes(part.parent))
        return measured(data[: file.size + 1])


def used_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


@pytest.fixture
def far(tmp_path: Path) -> Elsewhere:
    random = np.random.default_rng(0)
    with ShardWriter(tmp_path / "far", max_bytes=30_000) as writer:
        for number in range(NUM_SAMPLES):
            writer.add("train", f"p{number:03d}", {"jpg": random.bytes(MEMBER)}, {"n": number})
    return Elsewhere(tmp_path / "far")


def opened(far: Elsewhere, cache: Path, num_shards: int = 3) -> ShardReader:
    files = read_list((far.folder / LIST_NAME).read_bytes())
    return ShardReader(CachedShards(cache, num_shards * SHARD_BYTES, files, far))


def all_right(far: Elsewhere, reader: ShardReader) -> bool:
    with ShardReader(far.folder) as straight:
        return all(reader.read(n, "jpg") == straight.read(n, "jpg") for n in range(NUM_SAMPLES))


def test_the_cache_never_holds_more_than_its_bytes(far: Elsewhere, tmp_path: Path) -> None:
    reader, cache = opened(far, tmp_path / "cache"), tmp_path / "cache"
    assert sum(p.stat().st_size for p in far.folder.iterdir()) > 9 * SHARD_BYTES
    for _ in range(2):
        assert all_right(far, reader)
    assert max(far.seen) <= 3 * SHARD_BYTES
    assert used_bytes(cache) <= 3 * SHARD_BYTES
    assert far.names.count("train-000000.tar") == 2  # thrown out in between: least lately used


def test_few_shards_at_a_time_are_each_fetched_once_an_epoch(
    far: Elsewhere, tmp_path: Path
) -> None:
    reader = opened(far, tmp_path / "cache")
    order = ShardOrder([sample.shard for sample in reader.samples], window=2)
    read = [order.sample_at(position, seed=1) for position in range(NUM_SAMPLES)]
    for number in read:
        reader.read(number, "jpg")
    assert sorted(read) == list(range(NUM_SAMPLES))
    assert read != sorted(read)
    assert len(far.names) == len(set(far.names)) == 1 + 10  # the index and ten shards


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="cut short"),
        pytest.param(lambda data: data + b"more", id="longer"),
        pytest.param(lambda data: b"?" + data[1:], id="one byte"),
        pytest.param(lambda data: b"", id="empty"),
    ],
)
def test_an_object_that_is_not_what_was_written_is_told_and_fetched_again(
    far: Elsewhere, tmp_path: Path, spoil: Callable[[bytes], bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    far.spoil = [spoil]
    with caplog.at_level(logging.WARNING):
        assert all_right(far, opened(far, tmp_path / "cache"))
    assert "code=shard.damaged shard=train-000000.tar" in caplog.text
    assert far.names.count("train-000000.tar") == 2


def test_an_object_that_stays_bad_ends_with_its_name_and_code(
    far: Elsewhere, tmp_path: Path
) -> None:
    far.spoil = [lambda data: data[:-1]] * 3
    reader = opened(far, tmp_path / "cache")
    with pytest.raises(ShardDamagedError, match=r"train-000000\.tar") as told:
        reader.read(0, "jpg")
    assert told.value.code == "shard.damaged"
    assert all_right(far, reader)  # and nothing of it was kept


@pytest.mark.parametrize("is_short", [True, False])
def test_a_copy_that_rots_on_this_disk_is_thrown_out_and_fetched_again(
    far: Elsewhere, tmp_path: Path, is_short: bool
) -> None:
    reader = opened(far, tmp_path / "cache", num_shards=20)
    assert all_right(far, reader)
    for kept in (tmp_path / "cache").glob("*.kept"):
        data = kept.read_bytes()
        kept.write_bytes(data[:2000] if is_short else data[:600] + b"rot" + data[603:])
    assert all_right(far, reader)


@pytest.mark.parametrize("at", ["half written", "whole and not yet named"])
def test_a_killed_reader_leaves_a_cache_that_is_right(
    far: Elsewhere, tmp_path: Path, at: str
) -> None:
    cache = tmp_path / "cache"
    opened(far, cache).read(0, "jpg")

    def dies(file: StoredFile, part: Path) -> Fetched:
        data = (far.folder / file.name).read_bytes()
        part.write_bytes(data[: len(data) // 2] if at == "half written" else data)
        os.kill(os.getpid(), signal.SIGKILL)
        return measured(b"")

    pid = os.fork()
    if pid == 0:
        files = read_list((far.folder / LIST_NAME).read_bytes())
        CachedShards(cache, 3 * SHARD_BYTES, files, dies).read("train-000004.tar", 0, 10)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    assert list(cache.glob("*.part"))
    assert all_right(far, opened(far, cache))
    assert not list(cache.glob("*.part"))
    assert max(far.seen) <= 3 * SHARD_BYTES


def test_a_file_is_not_thrown_out_while_somebody_reads_it(far: Elsewhere, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    files = read_list((far.folder / LIST_NAME).read_bytes())
    place = CachedShards(cache, 3 * SHARD_BYTES, files, far)
    with place.index() as stream, next(cache.glob("*.kept")).open("rb") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert stream.readline()


def test_a_cache_that_cannot_hold_one_shard_is_refused(far: Elsewhere, tmp_path: Path) -> None:
    with pytest.raises(CacheSizeError, match="train-") as told:
        opened(far, tmp_path / "cache", num_shards=0)
    assert told.value.code == "shard.cache"


def test_a_disk_without_room_for_a_shard_says_so_before_anything_is_fetched(
    far: Elsewhere, tmp_path: Path
) -> None:
    files = [
        replace(file, size=1 << 60) for file in read_list((far.folder / LIST_NAME).read_bytes())
    ]
    place = CachedShards(tmp_path / "cache", 1 << 62, files, far)
    with pytest.raises(CacheSizeError, match="no room"):
        place.read("train-000000.tar", 0, 10)
    assert (far.names, used_bytes(tmp_path / "cache")) == ([], 0)


def test_a_file_that_stands_in_no_list_is_refused(far: Elsewhere, tmp_path: Path) -> None:
    reader = opened(far, tmp_path / "cache")
    place = CachedShards(tmp_path / "cache", 3 * SHARD_BYTES, [], far)
    with pytest.raises(ShardDamagedError, match="no list"):
        place.read(reader.samples[0].shard, 0, 10)
    for bad in (b"[]", b"{", b'{"files": [{"name": "../x", "size": 1, "sha256": ""}]}'):
        with pytest.raises(ShardDamagedError):
            read_list(bad)
