"""What a photo must be to become a row of a gallery."""

import cv2
import numpy as np
import pytest

from tests.fakes.product_photos import TABLE, Photo, busy_table, photo_of
from trainer.onboarding.photo_quality import check_photo


def codes(photo: Photo) -> list[str]:
    return [problem.code for problem in check_photo(photo).problems]


@pytest.mark.parametrize("seed", range(8))
def test_a_sharp_photo_on_a_plain_table_is_taken_and_the_product_found(seed: int) -> None:
    report = check_photo(photo_of(seed))
    assert report.is_usable
    assert report.problems == ()
    x1, y1, x2, y2 = report.xyxy
    assert (x2 - x1, y2 - y1) == pytest.approx((430, 580), abs=25)


EMPTY = np.full((600, 600, 3), TABLE, np.uint8)


def small_on_table() -> Photo:
    canvas = np.full((2400, 2400, 3), TABLE, np.uint8)
    canvas[600:690, 600:690] = cv2.resize(photo_of(3)[200:700, 260:620], (90, 90))
    return canvas


@pytest.mark.parametrize(
    ("photo", "code", "is_usable"),
    [
        pytest.param(
            np.asarray(cv2.GaussianBlur(photo_of(1), (0, 0), 25), np.uint8), "photo.blurred",
            False, id="blurred",
        ),
        pytest.param(EMPTY, "photo.no_product", False, id="empty"),
        pytest.param(small_on_table(), "photo.no_product", False, id="far away"),
        pytest.param((photo_of(1) // 9).astype(np.uint8), "photo.exposure", False, id="dark"),
        pytest.param(busy_table(photo_of(1)), "photo.background", False, id="busy background"),
        pytest.param(photo_of(1)[:700, :600], "photo.cut_off", True, id="cut off"),
    ],
)  # fmt: skip
def test_a_bad_photo_says_why(photo: Photo, code: str, is_usable: bool) -> None:
    assert code in codes(photo)
    assert check_photo(photo).is_usable is is_usable
