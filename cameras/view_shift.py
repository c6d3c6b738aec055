"""How far a camera has been pushed, measured against a reference picture of the same counter.

Flow: grey picture -> shift of the picture's corners as a share of its width

Corner points, spread evenly so that goods do not get them all, are tracked forth and back; a
robust similarity explains those that belong to the counter, goods and hands are outliers.
Source: Lucas and Kanade 1981, pyramidal (Bouguet 2000); corners by Shi and Tomasi 1994.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

GRID_ROWS, GRID_COLUMNS, POINTS_PER_TILE = 8, 12, 4
POINT_DISTANCE_PX = 6
# Below this a view is too bare to tell anything.
MIN_POINTS = 60
# Share of the points that must agree on one shift. Other goods leave 30 to 50 %, a push of 5 % of
# the width 20 %, another view 1 % (test_view_shift.py).
MIN_AGREEING_SHARE = 0.04
# Two levels follow 10 % of the width; more get lost on a grained counter.
PYRAMID_LEVELS = 2
WINDOW_PX = (21, 21)
ROUND_TRIP_PX = 1.0
RANSAC_PX = 2.0
LOST = math.inf


class ReferenceView:
    """One picture of the view as it should be; its points are found once."""

    def __init__(self, grey: NDArray[np.uint8]) -> None:
        self._grey = _levelled(grey)
        self._points = _spread_corners(self._grey)

    @property
    def num_points(self) -> int:
        """How many points can be tracked."""
        return len(self._points)

    def shift_of(self, grey: NDArray[np.uint8]) -> float | None:
        """Largest shift of a corner of the picture, as a share of its width.

        Returns:
            `LOST` (infinite) if this is another view altogether; None if it cannot be told,
            because the reference is too bare or of another size.
        """
        if grey.shape != self._grey.shape or self.num_points < MIN_POINTS:
            return None
        before, after = self._track(_levelled(grey))
        least = MIN_AGREEING_SHARE * self.num_points
        if len(before) < least:
            return LOST
        # RANSAC draws from OpenCV's own generator; seeded, so the same pictures give one answer.
        cv2.setRNGSeed(0)
        matrix, inliers = cv2.estimateAffinePartial2D(
            before, after, method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PX
        )
        if matrix is None or np.count_nonzero(inliers) < least:
            return LOST
        height, width = grey.shape
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
        moved = corners @ matrix[:, :2].T + matrix[:, 2]
        return float(np.linalg.norm(moved - corners, axis=1).max() / width)

    def _track(self, after: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Points that come back to where they started, before and after."""
        there, is_there = _flow(self._grey, after, self._points)
        back, is_back = _flow(after, self._grey, there)
        is_true = np.linalg.norm(back - self._points, axis=1) < ROUND_TRIP_PX
        kept = is_there & is_back & is_true
        return self._points[kept], there[kept]


def _flow(
    first: NDArray[np.uint8], second: NDArray[np.uint8], points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    start = points.reshape(-1, 1, 2)
    guess = start.copy()
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        first, second, start, guess, winSize=WINDOW_PX, maxLevel=PYRAMID_LEVELS
    )
    return np.asarray(moved, np.float32).reshape(-1, 2), np.asarray(found).reshape(-1) == 1


def _levelled(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without noise, and with the same mean and contrast whatever the light."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)
    mean, deviation = cv2.meanStdDev(smooth)
    gain = 45.0 / (float(deviation[0, 0]) + 1.0)
    levelled = cv2.addWeighted(smooth, gain, smooth, 0.0, 128.0 - gain * float(mean[0, 0]))
    return levelled.astype(np.uint8, copy=False)


def _spread_corners(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The best corners of each tile: float32 (N, 2)."""
    height, width = grey.shape
    points = [np.zeros((0, 2), np.float32)]
    for row in range(GRID_ROWS):
        top, bottom = row * height // GRID_ROWS, (row + 1) * height // GRID_ROWS
        for column in range(GRID_COLUMNS):
            left, right = column * width // GRID_COLUMNS, (column + 1) * width // GRID_COLUMNS
            tile = np.ascontiguousarray(grey[top:bottom, left:right])
            found = cv2.goodFeaturesToTrack(tile, POINTS_PER_TILE, 0.05, POINT_DISTANCE_PX)
            if found is not None:
                points.append(np.asarray(found, np.float32).reshape(-1, 2) + [left, top])
    return np.concatenate(points).astype(np.float32)
