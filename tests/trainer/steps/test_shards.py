"""Shards: read back byte for byte, by us, by tar; split over files; the same twice."""

import hashlib
import tarfile
from pathlib import Path

import pytest

from trainer.dataset.shards import INDEX_NAME, ShardReader, ShardWriter
from trainer.errors import DatasetError

SAMPLES = [(f"pic{i:03d}", bytes([i]) * (300 + i), {"sku_id": f"sku{i % 3}"}) for i in range(20)]


def write(folder: Path, max_bytes: int = 4000) -> Path:
    with ShardWriter(folder, max_bytes) as writer:
        for number, (key, data, facts) in enumerate(SAMPLES):
            split = "train" if number % 4 else "test"
            writer.add(split, key, {"jpg": data, "txt": key.encode()}, facts)
    return folder


def test_every_member_is_read_back_from_its_place(tmp_path: Path) -> None:
    with ShardReader(write(tmp_path / "a")) as reader:
        found = [(s.key, reader.read(i, "jpg"), s.facts) for i, s in enumerate(reader.samples)]
        assert [reader.read(i, "txt").decode() for i in range(len(reader))] == [
            key for key, _, _ in SAMPLES
        ]
    assert found == SAMPLES
    assert len(ShardReader(tmp_path / "a", "test")) == 5


def test_tar_reads_them_in_the_order_a_webdataset_wants(tmp_path: Path) -> None:
    folder = write(tmp_path / "a")
    shards = sorted(folder.glob("train-*.tar"))
    assert len(shards) > 1
    with tarfile.open(shards[0]) as tar:
        names = tar.getnames()
    assert names[:4] == ["pic001.jpg", "pic001.txt", "pic002.jpg", "pic002.txt"]


def test_the_same_samples_make_the_same_bytes(tmp_path: Path) -> None:
    digests = [
        [hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(write(folder).iterdir())]
        for folder in (tmp_path / "a", tmp_path / "b")
    ]
    assert digests[0] == digests[1]


def test_a_shard_that_ends_early_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "a")
    shard = folder / "test-000000.tar"
    shard.write_bytes(shard.read_bytes()[:900])
    with ShardReader(folder, "test") as reader, pytest.raises(DatasetError, match="test-000000"):
        reader.read(1, "jpg")
    (folder / INDEX_NAME).write_text("{")
    with pytest.raises(DatasetError, match=INDEX_NAME):
        ShardReader(folder)
