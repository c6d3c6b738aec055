"""Calibration of a camera that does not exist: boards drawn by projecting each pixel through it."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.calibration import (
    BoardPlacement,
    calibrate_camera,
    calibrate_lens,
    place_on_counter,
)
from cameras.camera_calibration import CameraCalibration
from cameras.charuco_board import BoardCorners, BoardSpec, board_picture, detect_board
from cameras.errors import CalibrationError

BOARD = BoardSpec()
SIZE_PX = (640, 480)
DIST = np.array([-0.12, 0.05, 0.001, -0.0008, 0.0])
K = np.array([[547.0, 0, 313.0], [0, 550.0, 243.0], [0, 0, 1]])
PX_PER_CM = 40.0


def facing(
    tilt_deg: float, spin_deg: float, distance_cm: float, at: tuple[float, float] = (0.5, 0.5)
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """World -> camera of a camera above the sheet whose optical axis meets it near its middle."""
    width, height = (side / 10 for side in BOARD.size_mm)
    target = np.array([width * at[0], height * at[1], 0.0])
    tilt, spin = math.radians(tilt_deg), math.radians(spin_deg)
    away = [math.sin(tilt) * math.sin(spin), -math.sin(tilt) * math.cos(spin), math.cos(tilt)]
    eye = target + distance_cm * np.array(away)
    forward = (target - eye) / distance_cm
    right = np.cross(forward, [0.0, 1.0, 0.01])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return rotation, -rotation @ eye


def camera(rotation: NDArray[np.float64], t: NDArray[np.float64]) -> CameraCalibration:
    return CameraCalibration("true", SIZE_PX, K, DIST, rotation, t, 0.0)


def photo(rotation: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.uint8]:
    """What that camera sees of a sheet whose bottom left corner is the world's origin."""
    sheet = board_picture(BOARD, PX_PER_CM / 10, margin_mm=20.0)
    across, down = np.meshgrid(np.arange(SIZE_PX[0]), np.arange(SIZE_PX[1]))
    pixels = np.stack([across.ravel(), down.ravel()], axis=1).astype(np.float64)
    on_sheet = camera(rotation, t).pixel_to_counter_cm(pixels)
    height_cm = BOARD.size_mm[1] / 10
    x = (on_sheet[:, 0] + 2.0) * PX_PER_CM - 0.5
    y = (height_cm - on_sheet[:, 1] + 2.0) * PX_PER_CM - 0.5
    maps = [np.nan_to_num(m, nan=-1e4).reshape(across.shape).astype(np.float32) for m in (x, y)]
    smooth = cv2.GaussianBlur(sheet, (0, 0), 0.8)
    seen = cv2.remap(smooth, maps[0], maps[1], cv2.INTER_LINEAR, borderValue=(120,))
    noise = np.random.default_rng(5).normal(0, 2, seen.shape)
    return np.clip(seen + noise, 0, 255).astype(np.uint8)


VIEWS = [
    facing(8, 0, 36, (0.2, 0.3)),
    facing(35, 0, 40, (0.8, 0.6)),
    facing(35, 90, 40, (0.3, 0.8)),
    facing(35, 180, 40, (0.7, 0.3)),
    facing(35, 270, 42, (0.5, 0.5)),
    facing(28, 45, 34, (0.9, 0.9)),
    facing(28, 225, 34, (0.1, 0.1)),
]
ON_COUNTER = facing(30, 20, 55)


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    return [photo(*view) for view in VIEWS]


@pytest.fixture(scope="module")
def calibration(pictures: list[NDArray[np.uint8]]) -> CameraCalibration:
    return calibrate_camera("left", pictures, photo(*ON_COUNTER))


def test_the_lens_is_recovered(calibration: CameraCalibration) -> None:
    assert calibration.K[0, 0] == pytest.approx(547, rel=0.01)
    assert calibration.K[1, 1] == pytest.approx(550, rel=0.01)
    assert calibration.K[:2, 2] == pytest.approx([313, 243], abs=5)
    assert calibration.rms_px < 0.4


def test_the_camera_stands_where_it_stands(calibration: CameraCalibration) -> None:
    assert calibration.position_cm == pytest.approx(camera(*ON_COUNTER).position_cm, abs=0.6)


def test_pixels_become_centimetres_on_the_counter(calibration: CameraCalibration) -> None:
    true = camera(*ON_COUNTER)
    grid = np.stack(np.meshgrid(np.linspace(60, 580, 9), np.linspace(60, 420, 7)), -1)
    pixels = grid.reshape(-1, 2)
    errors = calibration.pixel_to_counter_cm(pixels) - true.pixel_to_counter_cm(pixels)
    assert np.linalg.norm(errors, axis=1).max() < 0.15


def test_x_is_right_y_is_away_and_z_is_up(calibration: CameraCalibration) -> None:
    here, right, away = calibration.counter_cm_to_pixel(np.array([[5, 5], [15, 5], [5, 15.0]]))
    raised = calibration.counter_cm_to_pixel(np.array([[5.0, 5.0]]), height_cm=5.0)[0]
    assert right[0] > here[0] + 30
    assert away[1] < here[1] - 30
    assert raised[1] < here[1]


def test_the_board_may_lie_anywhere_on_the_counter(
    calibration: CameraCalibration, pictures: list[NDArray[np.uint8]]
) -> None:
    placed = BoardPlacement(x_cm=30.0, y_cm=-12.0, rotation_deg=90.0, thickness_cm=0.5)
    turned = calibrate_camera("left", pictures, photo(*ON_COUNTER), placement=placed)
    pixel = calibration.counter_cm_to_pixel(np.array([[10.0, 4.0]]))
    # 10 right and 4 up on the sheet is 4 left and 10 away once it is turned by 90 degrees.
    expected = pytest.approx([30.0 - 4.0, -12.0 + 10.0], abs=0.05)
    assert turned.pixel_to_counter_cm(pixel, height_cm=0.5)[0] == expected


def test_too_few_pictures_say_how_many_are_needed(pictures: list[NDArray[np.uint8]]) -> None:
    with pytest.raises(CalibrationError, match="4 of 4 views .* 6 are needed") as caught:
        calibrate_camera("left", pictures[:4], photo(*ON_COUNTER))
    assert "more pictures" in caught.value.hint


def test_pictures_without_tilt_are_refused() -> None:
    flat = [facing(2, spin, 38, (x, y)) for spin, x, y in _AROUND]
    with pytest.raises(CalibrationError, match="degrees of tilt") as caught:
        calibrate_lens([corners_of(*view) for view in flat], BOARD)
    assert "tilt the board" in caught.value.hint


def test_a_board_only_in_the_middle_is_refused() -> None:
    far = [facing(35, spin, 110) for spin, _, _ in _AROUND]
    with pytest.raises(CalibrationError, match="covered .* of the picture") as caught:
        calibrate_lens([corners_of(*view) for view in far], BOARD)
    assert "closer" in caught.value.hint


def test_a_bent_board_is_refused() -> None:
    bent = [shaken(corners_of(*view), 4.0) for view in VIEWS]
    with pytest.raises(CalibrationError, match="rms, at most 1") as caught:
        calibrate_lens(bent, BOARD)
    assert "rigid" in caught.value.hint


def test_pictures_of_two_sizes_are_refused() -> None:
    views = [corners_of(*view) for view in VIEWS]
    views[0] = BoardCorners(views[0].ids, views[0].xy_px, (960, 720))
    with pytest.raises(CalibrationError, match="different sizes"):
        calibrate_lens(views, BOARD)


def test_an_empty_counter_picture_is_refused(pictures: list[NDArray[np.uint8]]) -> None:
    blank = np.full((SIZE_PX[1], SIZE_PX[0], 3), 120, np.uint8)
    with pytest.raises(CalibrationError, match="not seen in the picture of the counter"):
        calibrate_camera("left", pictures, blank)


def test_a_mirrored_camera_is_refused() -> None:
    lens = calibrate_lens([corners_of(*view) for view in VIEWS], BOARD)
    seen = corners_of(*ON_COUNTER)
    mirrored = seen.xy_px * [-1, 1] + [SIZE_PX[0] - 1, 0]
    corners = BoardCorners(seen.ids, mirrored.astype(np.float32), SIZE_PX)
    with pytest.raises(CalibrationError, match="below the counter|fit of the counter"):
        place_on_counter("left", lens, corners, BOARD, BoardPlacement())


def test_a_board_seen_in_part_is_still_detected() -> None:
    half = photo(*ON_COUNTER)
    half[:, 320:] = 120
    found = detect_board(half, BOARD)
    assert found is not None
    assert 4 <= len(found.ids) < BOARD.num_corners


_AROUND = [(0, 0.1, 0.1), (60, 0.9, 0.1), (120, 0.1, 0.9), (180, 0.9, 0.9), (240, 0.5, 0.5)] + [
    (300, 0.4, 0.6),
    (20, 0.6, 0.2),
]


def corners_of(rotation: NDArray[np.float64], t: NDArray[np.float64]) -> BoardCorners:
    """Exact corners, where they are inside the picture."""
    ids = np.arange(BOARD.num_corners, dtype=np.int32)
    xy = camera(rotation, t).counter_cm_to_pixel(BOARD.corner_xy_cm(ids))
    is_inside = ((xy >= 0) & (xy < SIZE_PX)).all(axis=1)
    return BoardCorners(ids[is_inside], xy[is_inside].astype(np.float32), SIZE_PX)


def shaken(view: BoardCorners, by_px: float) -> BoardCorners:
    noise = np.random.default_rng(1).normal(0, by_px, view.xy_px.shape)
    return BoardCorners(view.ids, (view.xy_px + noise).astype(np.float32), view.size_px)
