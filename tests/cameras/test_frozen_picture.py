import numpy as np
import pytest

from cameras.frozen_picture import FreezeDetector

SECOND = 1_000_000_000


def picture(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (120, 160, 3), np.uint8)


def test_one_changed_byte_off_the_sample_grid_is_life() -> None:
    detector = FreezeDetector(2 * SECOND)
    detector.is_frozen(picture(1), 0)
    touched = picture(1)
    touched[7, 9, 1] ^= 1
    assert not detector.is_frozen(touched, 3 * SECOND)


@pytest.mark.parametrize(("at_s", "is_frozen"), [(1, False), (2, True), (9, True)])
def test_equal_pictures_freeze_at_the_limit(at_s: int, is_frozen: bool) -> None:
    detector = FreezeDetector(2 * SECOND)
    detector.is_frozen(picture(1), 0)
    assert detector.is_frozen(picture(1), at_s * SECOND) is is_frozen


def test_zero_switches_it_off() -> None:
    detector = FreezeDetector(0)
    detector.is_frozen(picture(1), 0)
    assert not detector.is_frozen(picture(1), 10**18)


def test_another_size_is_another_picture() -> None:
    detector = FreezeDetector(SECOND)
    detector.is_frozen(picture(1), 0)
    assert not detector.is_frozen(picture(1)[:60], 5 * SECOND)
