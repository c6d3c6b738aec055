import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.dataset.coco_scenes import read_coco, read_picture, read_scene_folder
from trainer.dataset.scene_folder import COCO_NAME, render_scene_folder
from trainer.errors import DatasetError


def write_coco(folder: Path, **image: object) -> Path:
    cv2.imwrite(str(folder / "a.jpg"), np.zeros((40, 60, 3), np.uint8))
    item = {"image_id": 1, "category_id": 1, "bbox": [5, 6, 10, 20]}
    data = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 60, "height": 40, **image}],
        "annotations": [
            item | {"id": 1, "sku_id": "tea", "visible_fraction": 0.9},
            item | {"id": 2, "sku_id": "tea", "visible_fraction": 0.1},
            item | {"id": 3, "iscrowd": 1},
        ],
        "categories": [{"id": 1, "name": "product"}],
    }
    (folder / "coco.json").write_text(json.dumps(data))
    return folder / "coco.json"


def test_boxes_become_corners_and_hidden_items_are_ignored(tmp_path: Path) -> None:
    (scene,) = read_coco(write_coco(tmp_path), tmp_path)
    assert scene.boxes.tolist() == [[5, 6, 15, 26]]
    assert scene.sku_ids == ("tea",)
    assert len(scene.ignored) == 2
    assert scene.is_complete


def test_a_partly_annotated_picture_says_so(tmp_path: Path) -> None:
    (scene,) = read_coco(write_coco(tmp_path, complete=False), tmp_path)
    assert not scene.is_complete


@pytest.mark.parametrize(
    "content", [pytest.param("{", id="no JSON"), pytest.param("{}", id="no pictures")]
)
def test_a_file_that_is_no_coco_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(DatasetError, match=r"x\.json is no COCO file"):
        read_coco(tmp_path / "x.json", tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"bbox": [1, 2, 3]}, id="three numbers"),
        pytest.param({"bbox": ["x", 0, 1, 1]}, id="no number"),
        pytest.param({"image_id": None}, id="no picture"),
    ],
)
def test_an_annotation_that_is_no_coco_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    file = write_coco(tmp_path)
    data = json.loads(file.read_text())
    data["annotations"][0] |= wrong
    file.write_text(json.dumps(data))
    with pytest.raises(DatasetError, match="no COCO"):
        read_coco(file, tmp_path)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    file = write_coco(tmp_path)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(DatasetError, match=r"a\.jpg"):
        read_coco(file, tmp_path)


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    with pytest.raises(DatasetError, match=r"broken\.jpg"):
        read_picture(tmp_path / "broken.jpg")


def test_quick_scenes_read_back_with_all_cameras(packs: Path, tmp_path: Path) -> None:
    out = tmp_path / "scenes"
    both = [(packs, "red_box"), (packs, "blue_box")]
    render_scene_folder(both, out, count=3, seed=4, num_cameras=2, size=(160, 96))
    scenes = read_scene_folder(out)
    assert len(scenes) == 6
    assert {s.camera for s in scenes} == {"camera0", "camera1"}
    assert sum(len(s.boxes) for s in scenes) > 0
    assert {sku for s in scenes for sku in s.sku_ids} <= {"red_box", "blue_box"}
    written = (out / COCO_NAME).stat().st_mtime_ns
    render_scene_folder(both, out, count=3, seed=4, num_cameras=2, size=(160, 96))
    assert (out / COCO_NAME).stat().st_mtime_ns == written


def test_a_red_box_is_red_where_its_label_says(packs: Path, tmp_path: Path) -> None:
    render_scene_folder([(packs, "red_box")], tmp_path / "s", count=4, seed=1, size=(160, 96))
    for scene in read_scene_folder(tmp_path / "s"):
        picture = read_picture(scene.path)
        for x1, y1, x2, y2 in scene.boxes.astype(int):
            middle = picture[(y1 + y2) // 2, (x1 + x2) // 2].astype(int)
            assert middle[2] > middle[0] or len(scene.boxes) > 1
