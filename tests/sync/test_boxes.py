"""Boxes and the picture arithmetic both sides share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.boxes import areas, clip_to, from_xywh, iou_matrix, nms, standing_before
from sync.preprocess import PAD_VALUE, crop_item, crop_square, letterbox, normalise


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.asarray(rows, dtype=np.float32).reshape(-1, 4)


def test_iou_of_a_box_with_itself_and_with_a_stranger() -> None:
    pair = boxes((0, 0, 10, 10), (20, 20, 30, 30))
    assert iou_matrix(pair, pair).tolist() == [[1, 0], [0, 1]]


def test_half_overlap_is_a_third() -> None:
    assert iou_matrix(boxes((0, 0, 10, 10)), boxes((5, 0, 15, 10)))[0, 0] == pytest.approx(1 / 3)


def test_nms_keeps_the_best_of_a_heap_and_every_stranger() -> None:
    heap = boxes((0, 0, 10, 10), (1, 0, 11, 10), (50, 50, 60, 60))
    kept = nms(heap, np.asarray([0.5, 0.9, 0.2], np.float32), 0.5)
    assert kept.tolist() == [1, 2]


def test_no_boxes_are_no_error() -> None:
    none = boxes()
    assert nms(none, np.zeros(0, np.float32), 0.5).size == 0
    assert areas(none).size == 0


def test_coco_boxes_become_corners() -> None:
    assert from_xywh(boxes((1, 2, 3, 4))).tolist() == [[1, 2, 4, 6]]


def test_boxes_are_cut_at_the_border() -> None:
    assert clip_to(boxes((-5, -5, 200, 90)), 100, 80).tolist() == [[0, 0, 100, 80]]


@settings(max_examples=50, deadline=None)
@given(st.integers(20, 900), st.integers(20, 900))
def test_letterbox_and_back_is_the_same_box(width: int, height: int) -> None:
    square, placed = letterbox(np.zeros((height, width, 3), np.uint8), 320)
    box = boxes((2, 3, width - 1, height - 2))
    assert square.shape == (320, 320, 3)
    assert placed.to_picture(placed.to_input(box)) == pytest.approx(box, abs=1e-2)


@pytest.mark.parametrize("size", [24, 100, 700], ids=["enlarged", "about equal", "shrunk"])
def test_a_crop_shows_the_item_in_the_middle_and_grey_around(size: int) -> None:
    picture = np.zeros((800, 900, 3), np.uint8)
    picture[50 : 50 + size // 2, 60 : 60 + size] = (10, 200, 30)
    crop = crop_square(picture, boxes((60, 50, 60 + size, 50 + size // 2))[0], 96, 0.0)
    assert crop.shape == (96, 96, 3)
    assert crop[48, 48].tolist() == pytest.approx([10, 200, 30], abs=3)
    assert crop[5, 48].tolist() == [PAD_VALUE] * 3


def test_a_crop_over_the_border_is_grey_there() -> None:
    picture = np.full((100, 100, 3), 255, np.uint8)
    crop = crop_square(picture, boxes((80, 80, 140, 140))[0], 64, 0.0)
    assert crop[60, 60].tolist() == [PAD_VALUE] * 3
    assert crop[5, 5].tolist() == [255] * 3


def test_the_network_sees_rgb_around_zero() -> None:
    blue = np.zeros((4, 4, 3), np.uint8)
    blue[..., 0] = 255
    batch = normalise([blue, blue])
    assert batch.shape == (2, 3, 4, 4)
    assert batch[0, :, 0, 0].tolist() == pytest.approx([-127 / 128, -127 / 128, 1.0])


def test_what_lies_within_a_box_and_is_much_smaller_stands_before_it() -> None:
    bar, can, beside, nearly = (
        (0, 0, 100, 50), (30, 10, 60, 48), (90, 0, 140, 50), (2, 2, 98, 48),
    )  # fmt: skip
    all_boxes = boxes(bar, can, beside, nearly)
    assert standing_before(all_boxes[0], all_boxes).tolist() == [list(can)]
    assert len(standing_before(all_boxes[1], all_boxes)) == 0
    assert len(standing_before(all_boxes[0], boxes())) == 0


def test_an_item_is_shown_without_what_stands_before_it() -> None:
    picture = np.full((100, 100, 3), 200, dtype=np.uint8)
    picture[40:60, 40:60] = 10  # a dark can on a light bar
    bar, can = boxes((0, 0, 100, 100), (40, 40, 60, 60))
    shown = crop_item(picture, bar, boxes(tuple(bar), tuple(can)), 100, 0.0)
    assert (shown[45:55, 45:55] == PAD_VALUE).all()
    assert shown[20, 20, 0] == 200
    assert picture[50, 50, 0] == 10
    assert np.array_equal(
        crop_item(picture, can, boxes(tuple(bar)), 32, 0.0), crop_square(picture, can, 32, 0.0)
    )
