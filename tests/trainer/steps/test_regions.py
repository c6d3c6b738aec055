"""A region of a data set is cut as the box cuts the item: without what stands before it."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from sync.bundle import Preprocess, open_bundle
from sync.catalog import Catalog
from sync.golden import GOLDEN_NAME, GoldenFrame, GoldenItem, GoldenSet
from sync.preprocess import PAD_VALUE, Picture, crop_item, crop_square, normalise
from tests.fakes.small_dataset import BUNDLE
from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.dataset.manifest import DatasetItem, DatasetManifest, ItemBox
from trainer.dataset.region_cut import region_pixels
from trainer.dataset.scene_shards import pack_scenes
from trainer.dataset.shards import ShardReader, ShardWriter
from trainer.export.golden_answers import shipped_files
from trainer.steps import child_step, shards_step
from trainer.steps.champion import open_champion
from trainer.steps.dataset_folder import MANIFEST_NAME, load_dataset, picture_path
from trainer.steps.old_pictures import old_regions
from trainer.steps.regions import Region, read_regions
from trainer.steps.step_voice import StepVoice

FORM = Preprocess(
    detector_px=416, detector_strides=(8, 8), crop_px=96, crop_margin_percent=5, mean=127, scale=128
)
BAR, CAN, BESIDE = (60, 40, 220, 140), (100, 60, 150, 130), (200, 40, 290, 150)
NAMED = {"bar": BAR, "": CAN, "pack": BESIDE}  # nobody could name the can
EVERY = np.asarray(list(NAMED.values()), np.float32)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """One picture: a bar with a can before it, and a pack beside it."""
    drawn = np.full((200, 320, 3), 60, np.uint8)
    for (x1, y1, x2, y2), shade in ((BESIDE, 240), (BAR, 200), (CAN, 20)):
        drawn[y1:y2, x1:x2] = shade
    is_encoded, data = cv2.imencode(".jpg", drawn)
    assert is_encoded
    name = hashlib.sha256(data.tobytes()).hexdigest()
    (tmp_path / "pictures").mkdir()
    picture_path(tmp_path, name).write_bytes(data.tobytes())
    item = DatasetItem(
        picture=name, width=320, height=200, store_id="s", box_id="b", lane_id="l",
        camera_id="cam0", basket_id="k", day="2026-11-21", source="case", source_id="c",
        split="validation",
        boxes=tuple(ItemBox(xyxy, sku_id, "reviewer") for sku_id, xyxy in NAMED.items()),
    )  # fmt: skip
    manifest = DatasetManifest("one", {}, (item,))
    (tmp_path / MANIFEST_NAME).write_bytes(manifest.canonical())
    return tmp_path


def regions_of(dataset: Path) -> dict[str, Region]:
    shards = dataset / "shards"
    inputs = {"dataset": dataset, "snapshot": dataset}
    shards_step.run(inputs, shards_step.Parameters(), shards, StepVoice(io.StringIO()))
    return {region.sku_id: region for region in read_regions(shards, "validation")}


def picture_in(dataset: Path) -> Picture:
    (path,) = (dataset / "pictures").iterdir()
    return np.asarray(cv2.imread(str(path)), np.uint8)


def difference(first: Picture, second: Picture) -> int:
    return int(np.abs(first.astype(int) - second.astype(int)).max())


def test_a_region_is_cut_as_the_box_cuts_the_item(dataset: Path) -> None:
    regions, picture = regions_of(dataset), picture_in(dataset)
    assert sorted(regions) == ["bar", "pack"]
    bar, pack = (np.asarray(box, np.float32) for box in (BAR, BESIDE))
    as_box = crop_item(picture, bar, EVERY, FORM.crop_px)
    assert difference(regions["bar"].crop(FORM), as_box) <= 8  # one more JPEG, no more
    assert difference(crop_square(picture, bar, FORM.crop_px), as_box) > 80
    # what only overlaps it is no part of it: the bar before the pack stays
    beside = crop_square(picture, pack, FORM.crop_px)
    assert difference(regions["pack"].crop(FORM), beside) <= 8


def test_shards_from_before_neighbours_were_kept_are_read_as_they_are(dataset: Path) -> None:
    regions_of(dataset)
    index = dataset / "shards" / "index.jsonl"
    with ShardReader(dataset / "shards") as reader:
        assert (region_pixels(reader, 0) == PAD_VALUE).all(axis=2).sum() == 50 * 70
        assert "before" not in reader.samples[1].facts
    index.write_text(index.read_text().replace('"before"', '"unread"'))
    with ShardReader(dataset / "shards") as reader:
        assert (region_pixels(reader, 0) == PAD_VALUE).all(axis=2).sum() == 0


def test_regions_of_labelled_scenes_are_cut_so_too(dataset: Path) -> None:
    (path,) = (dataset / "pictures").iterdir()
    scene = ScenePicture(
        path, "s", "cam0", EVERY, ("bar", "bar", "bar"), ("1", "2", "3"),
        np.ones(3, np.float32), np.zeros((0, 4), np.float32),
    )  # fmt: skip
    with ShardWriter(dataset / "packed") as writer:
        assert pack_scenes([scene], ["bar"], writer, "train").num_regions == 3
    with ShardReader(dataset / "packed") as reader:
        grey = [(region_pixels(reader, n) == PAD_VALUE).all(axis=2).sum() for n in range(3)]
    assert grey == [50 * 70, 0, 0]


def test_replayed_pictures_show_an_item_without_what_stands_before_it(dataset: Path) -> None:
    (path,) = (dataset / "pictures").iterdir()
    items = tuple(GoldenItem(xyxy=box, sku_id="bar", is_sure=True) for box in NAMED.values())
    frame = GoldenFrame(
        picture=str(path.relative_to(dataset)), scene="s", camera="cam0", items=items
    )
    (dataset / GOLDEN_NAME).parent.mkdir()
    (dataset / GOLDEN_NAME).write_text(GoldenSet(frames=(frame,)).model_dump_json())
    champion = open_champion(BUNDLE)
    elsewhere = replace(
        champion, bundle=replace(champion.bundle, directory=dataset), catalog=Catalog(skus=())
    )
    grey = [(r.pixels == PAD_VALUE).all(axis=2).sum() for r in old_regions(elsewhere)]
    assert grey == [50 * 70, 0, 0]


class WatchedEmbedder:
    """An embedder that keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: list[np.ndarray] = []

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        self.shown += list(batch)
        return np.ones((len(batch), 256), np.float32)


def test_a_child_is_fitted_on_looks_cut_so(dataset: Path) -> None:
    watched = WatchedEmbedder()
    files = replace(shipped_files(open_bundle(BUNDLE)), embedder=watched)
    items = load_dataset(dataset).split("validation")
    voice = StepVoice(io.StringIO())
    looks = child_step.labelled(files, dataset, items, {"bar"}, voice)
    assert [look.sku_id for look in looks] == ["bar"]
    (path,) = (dataset / "pictures").iterdir()
    form = files.preprocess
    as_box = crop_item(read_picture(path), EVERY[0], EVERY, form.crop_px)
    (shown,) = watched.shown
    assert np.array_equal(shown, normalise([as_box], form.mean, form.scale)[0])
