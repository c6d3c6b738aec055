"""The loop fed from shards in a real S3 server, through a cache smaller than the data."""

import dataclasses
import json
import logging
import re
from pathlib import Path

import cv2
import numpy as np
import obstore
import pytest
import torch
from torch import Tensor, nn

from tests.fakes.s3_server import ACCESS, SECRET
from trainer.dataset import shard_cache
from trainer.dataset.bucket_shards import open_bucket_shards
from trainer.dataset.shards import INDEX_NAME, LIST_NAME, ShardDamagedError, ShardReader
from trainer.errors import DatasetError
from trainer.s3_bucket import BucketError, open_bucket, read_bucket
from trainer.training.checkpoint import load_checkpoint
from trainer.training.recipes import Recipe, lite0_metric
from trainer.training.shard_run import SKUS_NAME, ShardsAt, for_steps, pack, train_from_shards
from trainer.training.tasks import Task
from trainer.training.train import Place

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard"),
]
MIB = 1024 * 1024


class MeanColours(Task):
    """The smallest thing that learns from crops and classes."""

    def __init__(self, recipe: Recipe, num_classes: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.exported = nn.Linear(3, num_classes)

    def forward(self, *batch: Tensor) -> Tensor:
        crops, labels = batch
        return nn.functional.cross_entropy(self.exported(crops.mean(dim=(2, 3))), labels)

    def layer_groups(self) -> list[nn.Module]:
        return [self.exported]


def tiny(num_steps: int) -> Recipe:
    recipe = for_steps(lite0_metric(), num_steps, seed=1)
    return dataclasses.replace(
        recipe, input_height_px=32, input_width_px=32, batch_size=4, num_frozen_groups=0
    )


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures of noise, which JPEG cannot make small; two SKUs, one twice only."""
    folder, random = tmp_path_factory.mktemp("scenes"), np.random.default_rng(0)
    images, annotations = [], []
    for number in range(12):
        picture = random.integers(0, 256, (600, 600, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number}.jpg"), picture)
        images.append({"id": number, "file_name": f"{number}.jpg"})
        annotations.append({
            "id": number, "image_id": number, "category_id": 1, "bbox": [60, 60, 480, 480],
            "sku_id": "tea" if number < 2 else "milk",
        })  # fmt: skip
    told = {"images": images, "annotations": annotations, "categories": []}
    (folder / "coco.json").write_text(json.dumps(told))
    return folder


@pytest.fixture(scope="module")
def secret(s3_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("secret") / "s3.toml"
    path.write_text(
        f'access_key_id = "{ACCESS}"\nsecret_access_key = "{SECRET}"\nendpoint = "{s3_endpoint}"\n'
    )
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def url(scenes: Path, secret: Path) -> str:
    where = "s3://tillsight/week-47"
    (made,) = pack({"train": [scenes]}, ShardsAt(where, secret), (), max_mb=1)
    assert (made.num_regions, made.skus, made.aside) == (12, ("milk", "tea"), ())
    return where


def test_the_loop_is_fed_from_s3_and_says_how_long_it_waited(
    scenes: Path, url: str, secret: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = tmp_path / "cache"
    far = ShardsAt(url, secret, cache, cache_mib=2)
    with caplog.at_level(logging.INFO):
        weights = train_from_shards(
            tiny(3), far, tmp_path / "far", Place(num_loaders=1), window=2, build=MeanColours
        )
    assert re.search(r"step 3/3 .*data_stall=\d+%", caplog.text)
    with ShardReader(far.opened()) as reader:
        assert len({sample.shard for sample in reader.samples}) > 2  # more than the cache holds
    assert sum(path.stat().st_size for path in cache.iterdir()) <= 2 * MIB
    assert json.loads((tmp_path / "far" / SKUS_NAME).read_text()) == ["milk", "tea"]
    (record,) = json.loads((tmp_path / "far" / "run.json").read_text())
    assert record["facts"]["augmentation"] == {"usual": ["milk", "tea"]}

    near = ShardsAt(str(tmp_path / "shards"))
    pack({"train": [scenes]}, near, (), max_mb=1)
    again = train_from_shards(
        tiny(3), near, tmp_path / "near", Place(), window=2, build=MeanColours
    )
    there, here = load_checkpoint(weights), load_checkpoint(again)
    assert all(torch.equal(there[name], here[name]) for name in there)


def test_the_pictures_of_each_sku_are_changed_as_their_number_and_errors_ask_and_it_is_recorded(
    scenes: Path, tmp_path: Path
) -> None:
    near = ShardsAt(str(tmp_path / "shards"))
    pack({"train": [scenes]}, near, (), max_mb=1)
    train_from_shards(
        tiny(1), near, tmp_path / "run", Place(), per_sku=True, errors={"milk": 0.5},
        build=MeanColours,
    )  # fmt: skip
    (record,) = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["facts"]["augmentation"] == {"confused": ["milk"], "few": ["tea"]}


def test_an_object_that_was_replaced_is_told_and_one_that_is_gone_is_named(
    url: str, secret: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bucket = read_bucket(url, secret)
    store = open_bucket(bucket)
    place = open_bucket_shards(bucket, tmp_path / "cache", 4 * MIB)
    key = bucket.key("train-000000.tar")
    whole = bytes(obstore.get(store, key).bytes())
    obstore.put(store, key, whole[: len(whole) // 2])
    with pytest.raises(ShardDamagedError, match=r"train-000000\.tar") as told:
        place.read("train-000000.tar", 0, 512)
    assert told.value.code == "shard.damaged"
    assert caplog.text.count("code=shard.damaged") == shard_cache.NUM_TRIES
    obstore.delete(store, key)
    with pytest.raises(BucketError, match="absent"):
        place.read("train-000000.tar", 0, 512)
    obstore.put(store, key, whole)
    assert place.read("train-000000.tar", 0, len(whole)) == whole


def test_a_prefix_without_shards_a_small_cache_and_missing_options_are_refused(
    url: str, secret: Path, tmp_path: Path
) -> None:
    bucket = read_bucket("s3://tillsight/nothing", secret)
    with pytest.raises(BucketError, match=LIST_NAME):
        open_bucket_shards(bucket, tmp_path / "cache", MIB)
    with pytest.raises(shard_cache.CacheSizeError):
        open_bucket_shards(read_bucket(url, secret), tmp_path / "cache", 1000)
    with pytest.raises(DatasetError, match="cache"):
        ShardsAt(url, secret).opened()
    with pytest.raises(DatasetError, match="credentials"):
        ShardsAt(url, cache=tmp_path).opened()
    with pytest.raises(DatasetError, match=INDEX_NAME):
        ShardReader(ShardsAt(str(tmp_path)).opened())


def test_scenes_without_a_box_that_may_teach_end_with_the_reasons(
    scenes: Path, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError) as told:
        pack({"train": [scenes]}, ShardsAt(str(tmp_path / "s")), ["coffee"], max_mb=1)
    assert told.value.hint == "12 x label.unknown"
    assert not (tmp_path / "s" / LIST_NAME).exists()
