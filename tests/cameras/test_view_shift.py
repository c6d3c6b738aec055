import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.condition import work_picture
from cameras.view_shift import LOST, ReferenceView
from tests.cameras.test_condition import counter, dimmed

Picture = NDArray[np.uint8]
SEEDS = [1, 2, 3]


def pushed(seed: int, x_px: float, y_px: float, turn_deg: float, scale: float = 1.0) -> Picture:
    matrix = cv2.getRotationMatrix2D((320, 180), turn_deg, scale)
    matrix[:, 2] += (x_px, y_px)
    return np.asarray(cv2.warpAffine(counter(seed), matrix, (640, 360)), np.uint8)


@pytest.fixture(scope="module")
def reference() -> ReferenceView:
    return ReferenceView(work_picture(counter(0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_other_goods_and_other_light_are_no_shift(reference: ReferenceView, seed: int) -> None:
    assert reference.shift_of(work_picture(counter(seed))) == pytest.approx(0, abs=0.003)
    assert reference.shift_of(work_picture(dimmed(seed))) == pytest.approx(0, abs=0.003)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("x_px", "y_px", "turn_deg", "share"),
    [(10, 0, 0, 10 / 640), (0, -14, 0, 14 / 640), (24, 10, 0, 26 / 640), (0, 0, 2, 0.0200)],
)
def test_a_push_is_measured(
    reference: ReferenceView, seed: int, x_px: float, y_px: float, turn_deg: float, share: float
) -> None:
    shift = reference.shift_of(work_picture(pushed(seed, x_px, y_px, turn_deg)))
    assert shift == pytest.approx(share, abs=0.004)


@pytest.mark.parametrize("seed", SEEDS)
def test_another_view_is_lost(reference: ReferenceView, seed: int) -> None:
    assert reference.shift_of(work_picture(pushed(seed, 250, 90, 25))) == LOST
    noise = np.random.default_rng(seed).integers(0, 256, (270, 480), np.uint8)
    assert reference.shift_of(noise) == LOST


def test_a_bare_view_or_another_size_cannot_be_told(reference: ReferenceView) -> None:
    bare = ReferenceView(np.full((270, 480), 130, np.uint8))
    assert bare.shift_of(work_picture(counter(1))) is None
    assert reference.shift_of(np.zeros((100, 100), np.uint8)) is None
