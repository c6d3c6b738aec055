from pathlib import Path

import numpy as np

from sync.boxes import FloatArray
from trainer.dataset.coco_scenes import ScenePicture
from trainer.dataset.detector_samples import with_stacks_again

NONE = np.zeros((0, 4), np.float32)


def scene(*boxes: tuple[float, ...]) -> ScenePicture:
    rows: FloatArray = np.asarray(boxes, np.float32).reshape(-1, 4)
    names = tuple(str(i) for i in range(len(rows)))
    return ScenePicture(
        Path("a.jpg"), "s", "cam0", rows, names, names, np.ones(len(rows), np.float32), NONE
    )


def test_a_picture_with_a_pack_on_a_larger_one_is_shown_once_more() -> None:
    stack = scene((0, 0, 90, 60), (20, 10, 60, 50))
    apart, alone, empty = scene((0, 0, 40, 40), (30, 30, 80, 80)), scene((0, 0, 9, 9)), scene()
    assert with_stacks_again([apart, stack, alone, empty]) == [apart, stack, alone, empty, stack]


def test_two_boxes_at_the_same_place_are_no_stack() -> None:
    twice = scene((0, 0, 40, 40), (0, 0, 40, 40))
    assert len(with_stacks_again([twice])) == 1
