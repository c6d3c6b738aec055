"""Rendered scenes at a tiny size: truth agrees with itself; a stopped run goes on."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mitsuba", reason="Mitsuba comes with the extra [sim]")

from tools.lane_sim.mitsuba_scene import CounterRenderer
from tools.lane_sim.pack_folder import Pack
from tools.lane_sim.render_scenes import SceneOptions, render_scenes
from tools.lane_sim.render_views import ViewOptions, render_views
from tools.lane_sim.truth import mask_box, rle_mask

TINY = SceneOptions(2, 2, 5, 96, 54, 1, 2, 4, "train", 2, 1.0)


@pytest.fixture(scope="module")
def renderer() -> CounterRenderer:
    return CounterRenderer("scalar")


def test_boxes_masks_and_baskets_agree(
    tmp_path: Path, packs: list[Pack], renderer: CounterRenderer
) -> None:
    assert list(render_scenes(packs, TINY, tmp_path, renderer)) == [1, 2]
    events = json.loads((tmp_path / "events.json").read_text())
    for camera in events["cameras"]:
        coco = json.loads((tmp_path / f"{camera}.json").read_text())
        assert len(coco["images"]) == 2
        for found in coco["annotations"]:
            mask = rle_mask(found["segmentation"]["counts"], 54, 96)
            assert list(mask_box(mask)) == found["bbox"]
            assert mask.sum() == found["area"]
            assert 0 < found["visible_fraction"] <= 1
    for scene in events["scenes"]:
        assert sum(scene["basket"].values()) == len(scene["items"])
        assert all(max(item["visible"].values()) > 0.2 for item in scene["items"])
    assert (tmp_path / "lanes/lane000/cam1_empty.jpg").is_file()
    before = (tmp_path / "scenes/00000/truth.json").stat().st_mtime_ns
    assert list(render_scenes(packs, TINY, tmp_path, renderer)) == [1, 2]
    assert (tmp_path / "scenes/00000/truth.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("stack", [0.0, 1.0])
def test_goods_lie_on_each_other_as_often_as_asked(
    stack: float, tmp_path: Path, packs: list[Pack], renderer: CounterRenderer
) -> None:
    options = replace(TINY, num_scenes=1, num_cameras=1, items_min=4, items_max=5, stack=stack)
    list(render_scenes(packs[:3], options, tmp_path, renderer))
    scenes = json.loads((tmp_path / "events.json").read_text())["scenes"]
    is_any_stacked = any(item["on"] for scene in scenes for item in scene["items"])
    assert is_any_stacked == (stack == 1.0)


def test_a_view_shows_its_product_whole_with_a_mask(
    tmp_path: Path, packs: list[Pack], renderer: CounterRenderer
) -> None:
    import cv2

    options = ViewOptions(2, 48, 1, 1, "train")
    assert list(render_views(packs[:1], options, tmp_path, renderer)) == [1]
    rows = [json.loads(line) for line in (tmp_path / "index.jsonl").read_text().splitlines()]
    assert [row["sku"] for row in rows] == ["sku0", "sku0"]
    for row in rows:
        mask = cv2.imread(str(tmp_path / row["mask"]), cv2.IMREAD_GRAYSCALE) > 127
        edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
        assert mask.mean() > 0.1
        assert edge.mean() < 0.1
