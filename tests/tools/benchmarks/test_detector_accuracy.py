import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.benchmarks.detector_accuracy import Detect, figures, measure, read_coco
from tools.benchmarks.errors import BenchInputError


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((40, 60, 3), np.uint8))
    annotations = [
        {"image_id": 1, "bbox": [10, 10, 20, 20]},
        {"image_id": 1, "bbox": [40, 0, 10, 10], "iscrowd": 1},
    ]
    data = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": annotations}
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(data))
    return path


def always(*boxes: list[float]) -> Detect:
    xyxy = np.asarray(boxes, dtype=np.float32).reshape(-1, 4)
    return lambda _: (xyxy, np.linspace(0.9, 0.5, len(xyxy)).astype(np.float32))


def test_boxes_are_read_as_corners_and_crowds_set_aside(coco: Path) -> None:
    (picture,) = read_coco(coco, coco.parent)
    assert picture.truth.tolist() == [[10, 10, 30, 30]]
    assert picture.ignored.tolist() == [[40, 0, 50, 10]]


def test_each_detector_gets_its_own_figures(coco: Path) -> None:
    detectors = {"right": always([10, 10, 30, 30], [40, 0, 50, 10]), "blind": always()}
    metrics = measure(read_coco(coco, coco.parent), detectors, show=False)
    assert metrics["right"].ap50 == pytest.approx(1.0)
    assert metrics["blind"].recall_at_100 == 0.0
    assert len(figures(metrics)) == 8


def test_a_picture_that_is_not_there_is_named(coco: Path) -> None:
    (coco.parent / "a.png").unlink()
    with pytest.raises(BenchInputError, match=r"1 of 1 pictures are not there, first .*a\.png"):
        read_coco(coco, coco.parent)


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[]")
    with pytest.raises(BenchInputError, match="is no COCO file"):
        read_coco(path, tmp_path)
