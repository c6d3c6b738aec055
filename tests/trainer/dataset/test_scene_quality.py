"""Scene folders with everything wrong that the issue names: told by code, the rest is packed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.bad_pictures import (
    CMYK_JPEG,
    cut_short,
    deep_png,
    jpeg,
    noise,
    of_100_megapixels,
    turned,
)
from trainer.dataset.coco_scenes import read_scene_folder
from trainer.dataset.region_cut import region_pixels
from trainer.dataset.scene_quality import told, usable_scenes
from trainer.dataset.scene_shards import Packed, pack_scenes
from trainer.dataset.shards import ShardReader, ShardWriter

GOOD = jpeg(noise())
Box = tuple[float, float, float, float]
BOX: Box = (5, 5, 12, 14)


def scene_folder(
    folder: Path, pictures: Mapping[str, bytes], labels: Mapping[str, Sequence[tuple[str, Box]]]
) -> Path:
    folder.mkdir()
    images, annotations = [], []
    for number, (name, data) in enumerate(pictures.items()):
        (folder / name).write_bytes(data)
        images.append({"id": number, "file_name": name})
        for sku, box in labels.get(name, [("tea", BOX)]):
            annotations.append(
                {"id": len(annotations), "image_id": number, "category_id": 1, "sku_id": sku,
                 "bbox": list(box)}
            )  # fmt: skip
    text = {"images": images, "annotations": annotations, "categories": []}
    (folder / "coco.json").write_text(json.dumps(text))
    return folder


def packed(folder: Path, out: Path, known: Sequence[str] = ()) -> Packed:
    with ShardWriter(out) as writer:
        return pack_scenes(read_scene_folder(folder), known, writer, "train")


def test_each_bad_picture_is_put_aside_by_its_code_and_the_unusual_ones_are_read(
    tmp_path: Path,
) -> None:
    pictures = {
        "good.jpg": GOOD,
        "cut.jpg": cut_short(GOOD),
        "cut.png": cut_short(deep_png(noise())),
        "zero.jpg": b"",
        "noise.jpg": b"\xff\xd8\xff nothing more",
        "huge.jpg": of_100_megapixels(GOOD),
        "dot.png": deep_png(noise(8, 8)),
        "cmyk.jpg": CMYK_JPEG,
        "deep.png": deep_png(noise()),
        "turned.jpg": turned(GOOD),
    }
    made = packed(scene_folder(tmp_path / "scenes", pictures, {}), tmp_path / "shards")
    assert {row.picture: row.code for row in made.aside} == {
        "cut.jpg": "photo.damaged", "cut.png": "photo.damaged", "zero.jpg": "photo.empty",
        "noise.jpg": "photo.damaged", "huge.jpg": "photo.large", "dot.png": "photo.small",
    }  # fmt: skip
    with ShardReader(tmp_path / "shards") as reader:
        shapes = [region_pixels(reader, number).shape for number in range(len(reader))]
    assert (made.num_regions, made.skus) == (4, ("tea",))
    # 4 px of margin, but for what the border of the CMYK picture cuts off
    assert shapes == [(22, 20, 3), (22, 19, 3), (22, 20, 3), (22, 20, 3)]


def test_labels_that_name_no_sku_and_a_class_with_one_picture_are_put_aside_by_name(
    tmp_path: Path,
) -> None:
    labels = {
        "a.jpg": [("tea", BOX), ("gone", BOX), ("lone", BOX)],
        "b.jpg": [("tea", BOX), ("", BOX)],
    }
    folder = scene_folder(tmp_path / "scenes", {"a.jpg": GOOD, "b.jpg": GOOD}, labels)
    made = packed(folder, tmp_path / "shards", ["tea", "lone", "never seen"])
    assert made.skus == ("tea",)  # an empty class is no class
    assert [(row.code, row.what) for row in made.aside] == [
        ("label.unknown", "gone"), ("label.single", "lone"), ("label.unknown", ""),
    ]  # fmt: skip
    assert told(made.aside)[0] == "put aside: 2 x label.unknown: a.jpg gone, b.jpg"


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((70, 5, 10, 10), id="beside the picture"),
        pytest.param((-30, 5, 10, 10), id="left of it"),
        pytest.param((5, 5, 0, 10), id="no area"),
        pytest.param((float("nan"), 5, 10, 10), id="no number"),
    ],
)
def test_a_box_outside_its_picture_is_put_aside_and_the_others_stay(
    tmp_path: Path, box: Box
) -> None:
    labels = {"a.jpg": [("tea", BOX), ("tea", box)]}
    scenes = read_scene_folder(scene_folder(tmp_path / "s", {"a.jpg": GOOD}, labels))
    (scene,), aside = usable_scenes(scenes)
    assert [row.code for row in aside] == ["label.box"]
    assert scene.boxes.tolist() == [[5, 5, 17, 19]]
    assert np.isfinite(scene.ignored).all()
