"""Calibrates a camera from pictures of a ChArUco board: lens first, then the counter plane.

Flow: pictures -> BoardCorners -> CameraCalibration

Several pictures of the tilted board give the lens; one of the board lying flat on the counter gives
the plane. Leave the board where it lies until every camera of the lane has taken that picture: it
is the common origin. Refusals say what to do. The result and its file are camera_calibration.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.camera_calibration import CameraCalibration
from cameras.charuco_board import BoardCorners, BoardSpec, detect_board
from cameras.errors import CalibrationError

MIN_VIEWS = 6
# Per view: fewer corners than this pin down neither pose nor lens.
MIN_CORNERS = 8
# Between the two most different views; fronto-parallel views alone cannot tell focal length.
MIN_TILT_SPREAD_DEG = 20.0
# Share of the picture's area that the corners of all views span together.
MIN_COVERAGE = 0.35
MAX_RMS_PX = 1.0
MAX_COUNTER_RMS_PX = 1.5
# Below 10 views a sixth-order radial term fits noise.
VIEWS_FOR_K3 = 10


@dataclass(frozen=True, slots=True)
class BoardPlacement:
    """Where the flat board lies: its bottom left corner in the world, turned counter-clockwise.

    `thickness_cm` is how far the print is above the counter.
    """

    x_cm: float = 0.0
    y_cm: float = 0.0
    rotation_deg: float = 0.0
    thickness_cm: float = 0.0

    def to_world_cm(self, xy_cm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the sheet, (N, 2) cm, in the world: float64 (N, 3)."""
        turn = math.radians(self.rotation_deg)
        rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        moved = xy_cm @ rotation.T + [self.x_cm, self.y_cm]
        return np.column_stack([moved, np.full(len(moved), self.thickness_cm)])


@dataclass(frozen=True, slots=True, eq=False)
class LensCalibration:
    """K, dist and how well they explain the views."""

    K: NDArray[np.float64]
    dist: NDArray[np.float64]
    rms_px: float
    size_px: tuple[int, int]


def calibrate_camera(
    camera_id: str,
    pictures: Sequence[NDArray[np.uint8]],
    counter_picture: NDArray[np.uint8],
    board: BoardSpec | None = None,
    placement: BoardPlacement | None = None,
) -> CameraCalibration:
    """Lens from `pictures`, plane from `counter_picture`.

    Raises:
        CalibrationError: too few corners or views, too little tilt or coverage, or a poor fit.
    """
    board = board or BoardSpec()
    found = [detect_board(picture, board) for picture in pictures]
    views = [view for view in found if view is not None]
    on_counter = detect_board(counter_picture, board)
    if on_counter is None:
        raise CalibrationError(
            f"camera {camera_id}: the board is not seen in the picture of the counter",
            hint="lay the board flat on the counter, wholly in view, without glare",
        )
    lens = calibrate_lens(views, board)
    return place_on_counter(camera_id, lens, on_counter, board, placement or BoardPlacement())


def calibrate_lens(views: Sequence[BoardCorners], board: BoardSpec) -> LensCalibration:
    """K and dist.

    Raises:
        CalibrationError: see `calibrate_camera`.
    """
    good = [view for view in views if len(view.ids) >= MIN_CORNERS]
    if len(good) < MIN_VIEWS:
        raise CalibrationError(
            f"{len(good)} of {len(views)} views show {MIN_CORNERS} or more corners, "
            f"{MIN_VIEWS} are needed",
            hint="take more pictures with most of the board sharp and in view",
        )
    size_px = _common_size(good)
    coverage = _coverage(good)
    if coverage < MIN_COVERAGE:
        raise CalibrationError(
            f"the board covered {coverage:.0%} of the picture, {MIN_COVERAGE:.0%} is needed",
            hint="bring the board closer, and into every corner of the picture once",
        )
    world = [_sheet_xyz(view, board) for view in good]
    pixels = [view.xy_px.reshape(-1, 1, 2) for view in good]
    flags = 0 if len(good) >= VIEWS_FOR_K3 else cv2.CALIB_FIX_K3
    start = np.zeros((3, 3)), np.zeros(5)
    rms_px, matrix, dist, turns, _ = cv2.calibrateCamera(
        world, pixels, size_px, start[0], start[1], flags=flags
    )
    spread_deg = _tilt_spread_deg(turns)
    if spread_deg < MIN_TILT_SPREAD_DEG:
        raise CalibrationError(
            f"the views differ by {spread_deg:.0f} degrees of tilt, "
            f"{MIN_TILT_SPREAD_DEG:.0f} are needed",
            hint="tilt the board 30 to 45 degrees, left, right, towards and away from the camera",
        )
    _check_fit(rms_px, MAX_RMS_PX, "views")
    lens = np.asarray(matrix, np.float64), np.asarray(dist, np.float64).reshape(-1)[:5]
    return LensCalibration(*lens, rms_px, size_px)


def place_on_counter(
    camera_id: str,
    lens: LensCalibration,
    on_counter: BoardCorners,
    board: BoardSpec,
    placement: BoardPlacement,
) -> CameraCalibration:
    """R and t from the board lying flat on the counter.

    Raises:
        CalibrationError: too few corners, another picture size, or a poor fit.
    """
    if on_counter.size_px != lens.size_px:
        raise CalibrationError(
            f"counter picture is {on_counter.size_px}, the views are {lens.size_px}",
            hint="take all pictures at the size the camera sends in service",
        )
    if len(on_counter.ids) < MIN_CORNERS:
        raise CalibrationError(
            f"{len(on_counter.ids)} corners on the counter, {MIN_CORNERS} are needed",
            hint="lay the board flat, wholly in view, without glare",
        )
    world = placement.to_world_cm(board.corner_xy_cm(on_counter.ids))
    pixels = on_counter.xy_px.astype(np.float64)
    turn, shift = _pose(world, pixels, lens)
    projected, _ = cv2.projectPoints(world, turn, shift, lens.K, lens.dist)
    errors = np.linalg.norm(projected.reshape(-1, 2) - pixels, axis=1)
    rms_px = float(np.sqrt(np.mean(errors**2)))
    _check_fit(rms_px, MAX_COUNTER_RMS_PX, "counter")
    rotation = np.asarray(cv2.Rodrigues(turn)[0], np.float64)
    calibration = CameraCalibration(
        camera_id, lens.size_px, lens.K, lens.dist, rotation, shift.reshape(3), lens.rms_px
    )
    if calibration.position_cm[2] <= placement.thickness_cm:
        raise CalibrationError(
            f"camera {camera_id} would be below the counter",
            hint="turn the board face up; a mirrored picture must be switched off in the camera",
        )
    return calibration


def _pose(
    world: NDArray[np.float64], pixels: NDArray[np.float64], lens: LensCalibration
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # IPPE gives both poses that explain a plane; the one with the smaller error comes first.
    is_found, turn, shift = cv2.solvePnP(world, pixels, lens.K, lens.dist, flags=cv2.SOLVEPNP_IPPE)
    if not is_found:
        raise CalibrationError(
            "no pose explains the board on the counter", hint="take that picture again"
        )
    turn, shift = cv2.solvePnPRefineLM(world, pixels, lens.K, lens.dist, turn, shift)
    return np.asarray(turn, np.float64), np.asarray(shift, np.float64)


def _sheet_xyz(view: BoardCorners, board: BoardSpec) -> NDArray[np.float32]:
    xy = board.corner_xy_cm(view.ids)
    return np.column_stack([xy, np.zeros(len(xy))]).astype(np.float32)


def _common_size(views: Sequence[BoardCorners]) -> tuple[int, int]:
    sizes = {view.size_px for view in views}
    if len(sizes) > 1:
        raise CalibrationError(
            f"pictures of different sizes: {sorted(sizes)}",
            hint="take all pictures at the size the camera sends in service",
        )
    return sizes.pop()


def _coverage(views: Sequence[BoardCorners]) -> float:
    points = np.concatenate([view.xy_px for view in views])
    width, height = views[0].size_px
    return float(cv2.contourArea(cv2.convexHull(points))) / (width * height)


def _tilt_spread_deg(turns: Sequence[Any]) -> float:
    normals = np.stack([cv2.Rodrigues(turn)[0][:, 2] for turn in turns])
    return float(np.degrees(np.arccos(np.clip((normals @ normals.T).min(), -1.0, 1.0))))


def _check_fit(rms_px: float, most_px: float, what: str) -> None:
    if not rms_px <= most_px:
        raise CalibrationError(
            f"the fit of the {what} is {rms_px:.2f} px rms, at most {most_px:g} is good enough",
            hint="use a flat, rigid board, hold it still, measure square_mm, more light",
        )
