"""Shards: read back byte for byte, by us, by tar; split over files; the same twice."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from trainer.dataset.shards import INDEX_NAME, ShardDamagedError, ShardReader, ShardWriter
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


def test_python_without_any_of_ours_reads_every_sample_from_the_tars(tmp_path: Path) -> None:
    folder = write(tmp_path / "a")
    found: dict[str, dict[str, bytes]] = {}
    for shard in sorted(folder.glob("*.tar")):
        with tarfile.open(shard, "r|") as tar:  # as a stream, without seeking
            for member in tar:
                assert (member.type, member.pax_headers) == (tarfile.REGTYPE, {})
                key, extension = member.name.split(".", 1)
                stream = tar.extractfile(member)
                assert stream is not None
                found.setdefault(key, {})[extension] = stream.read()
    assert found == {key: {"jpg": data, "txt": key.encode()} for key, data, _ in SAMPLES}


# It leaves the files open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_webdataset_package_reads_them_as_its_own(tmp_path: Path) -> None:
    wds = pytest.importorskip("webdataset", reason="pip install webdataset")
    shards = [str(path) for path in sorted(write(tmp_path / "a").glob("train-*.tar"))]
    samples = list(wds.WebDataset(shards, shardshuffle=False))
    wanted = [(key, data) for i, (key, data, _) in enumerate(SAMPLES) if i % 4]
    assert [(sample["__key__"], sample["jpg"]) for sample in samples] == wanted


def test_a_changed_byte_is_told_and_an_index_without_checksums_is_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "a")
    shard = folder / "test-000000.tar"
    data = bytearray(shard.read_bytes())
    data[600] ^= 1
    shard.write_bytes(data)
    with ShardReader(folder, "test") as reader:
        with pytest.raises(ShardDamagedError, match="other bytes") as told:
            reader.read(0, "jpg")
        assert told.value.code == "shard.damaged"
    lines = [json.loads(line) for line in (folder / INDEX_NAME).read_text().splitlines()]
    for line in lines:
        line["members"] = {name: place[:2] for name, place in line["members"].items()}
    (folder / INDEX_NAME).write_text("".join(json.dumps(line) + "\n" for line in lines))
    with ShardReader(folder, "test") as reader:
        assert len(reader.read(0, "jpg")) == 300


def test_shards_of_a_writer_that_failed_have_no_index(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), ShardWriter(tmp_path / "a") as writer:
        writer.add("train", "p0", {"jpg": b"x"}, {"n": 1 // 0})
    with pytest.raises(ShardDamagedError, match=INDEX_NAME):
        ShardReader(tmp_path / "a")


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
