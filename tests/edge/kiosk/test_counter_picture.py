"""Pictures for the screen: small, cut to the counter, boxes where they belong."""

import cv2
import numpy as np
import pytest

from edge.kiosk.counter_picture import encode_counter_picture, encode_item_crop
from edge.messages.perception_messages import TrackObservation

FRAME = np.full((1080, 1920, 3), 128, np.uint8)


def track(*xyxy: float) -> TrackObservation:
    x1, y1, x2, y2 = xyxy
    return TrackObservation(7, (x1, y1, x2, y2), 0.9, True, 1)


def size_of(jpeg: bytes) -> tuple[int, int]:
    height, width = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape[:2]
    return width, height


def test_a_large_frame_is_scaled_down_and_keeps_its_shape() -> None:
    picture = encode_counter_picture(FRAME, "top", 5, 99)
    assert (picture.width, picture.height) == (960, 540)
    assert size_of(picture.jpeg) == (960, 540)
    assert (picture.sequence, picture.captured_at_ns) == (5, 99)


def test_a_small_frame_is_never_scaled_up() -> None:
    assert encode_counter_picture(FRAME[:360, :640], "top", 1, 1).width == 640


def test_boxes_are_fractions_of_the_region_that_is_shown() -> None:
    region = (480, 270, 1440, 810)
    picture = encode_counter_picture(FRAME, "top", 1, 1, [track(480, 270, 960, 540)], region)
    assert picture.boxes[0].xyxy == pytest.approx((0.0, 0.0, 0.5, 0.5))


def test_a_box_outside_the_region_is_left_out_and_one_across_its_edge_is_cut() -> None:
    region = (480, 270, 1440, 810)
    tracks = [track(0, 0, 100, 100), track(0, 270, 960, 810)]
    picture = encode_counter_picture(FRAME, "top", 1, 1, tracks, region)
    assert [box.xyxy for box in picture.boxes] == [pytest.approx((0.0, 0.0, 0.5, 1.0))]


def test_a_region_larger_than_the_frame_shows_the_frame() -> None:
    picture = encode_counter_picture(FRAME, "top", 1, 1, region=(-50, -50, 4000, 4000))
    assert (picture.width, picture.height) == (960, 540)


def test_the_crop_of_an_item_has_a_margin_and_stays_inside() -> None:
    crop = encode_item_crop(FRAME, (0.0, 0.0, 100.0, 100.0))
    assert crop is not None
    assert size_of(crop.content) == (112, 112)


def test_an_empty_box_has_no_crop() -> None:
    assert encode_item_crop(FRAME, (5000.0, 10.0, 5000.0, 10.0)) is None
