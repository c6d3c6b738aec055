import cv2
import numpy as np
import pytest

from trainer.dataset.augment import (
    BoxPolicy,
    PhotoPolicy,
    jittered_box,
    occluded,
    photograph,
    turned,
    zoom_crop,
)


def picture_with_square() -> tuple[np.ndarray, np.ndarray]:
    picture = np.full((120, 200, 3), 30, dtype=np.uint8)
    picture[40:80, 60:110] = 255
    return picture, np.asarray([[60, 40, 110, 80]], dtype=np.float32)


@pytest.mark.parametrize("seed", range(8))
def test_boxes_follow_the_window(seed: int) -> None:
    picture, boxes = picture_with_square()
    random = np.random.default_rng(seed)
    window, moved, _ = zoom_crop(picture, boxes, 160, 96, random, scale_range=(0.8, 1.3))
    x, y, columns, rows = cv2.boundingRect((window[..., 0] > 180).astype(np.uint8))
    assert np.allclose(moved[0], (x, y, x + columns, y + rows), atol=2.5)


def test_no_boxes_stay_no_boxes() -> None:
    picture, _ = picture_with_square()
    none = np.zeros((0, 4), dtype=np.float32)
    _, moved, _ = zoom_crop(picture, none, 160, 96, np.random.default_rng(0))
    assert moved.shape == (0, 4)


def test_a_crop_for_the_recogniser_is_never_mirrored() -> None:
    # An L of three marks: turning keeps their sense of rotation, mirroring reverses it.
    picture = np.zeros((80, 80, 3), dtype=np.uint8)
    places = {0: (40, 20), 1: (40, 60), 2: (60, 20)}
    for channel, (y, x) in places.items():
        picture[y - 4 : y + 4, x - 4 : x + 4, channel] = 255
    gentle = BoxPolicy(perspective=0.05)
    senses = []
    for seed in range(20):
        out = turned(picture, gentle, np.random.default_rng(seed)).astype(float)
        corner, along, down = (np.argwhere(out[..., c] > 180).mean(axis=0) for c in range(3))
        first, second = along - corner, down - corner
        senses.append(first[0] * second[1] - first[1] * second[0])
    assert len({np.sign(s) for s in senses}) == 1


def test_photographs_keep_shape_and_repeat() -> None:
    picture, _ = picture_with_square()
    first = photograph(picture, PhotoPolicy(), np.random.default_rng(4))
    second = photograph(picture, PhotoPolicy(), np.random.default_rng(4))
    assert first.shape == picture.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)


def test_a_jittered_box_stays_near() -> None:
    box = np.asarray([10, 20, 110, 70], dtype=np.float32)
    moved = jittered_box(box, BoxPolicy(edge_jitter=0.1), np.random.default_rng(0))
    assert np.all(np.abs(moved - box) <= (10, 5, 10, 5))


def test_an_occlusion_covers_a_part_and_leaves_the_original() -> None:
    picture, _ = picture_with_square()
    original = picture.copy()
    covered = occluded(picture, BoxPolicy(occlusion_probability=1.0), np.random.default_rng(1))
    assert np.array_equal(picture, original)
    assert 0 < np.mean(np.any(covered != picture, axis=2)) < 0.3
