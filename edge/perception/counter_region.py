"""Which part of a camera's picture shows the counter.

Flow: polygon + picture size -> cut-out, block mask, which boxes lie on the counter

What moves outside (the shopper, the floor) neither wakes the detector nor becomes an item.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.perception.change_gate import BlockGrid

LEAST_SIDE_PX = 16
BORDER_SHARE = 0.015  # of the cut-out's longer side: boxes of arms end a little before the border

FloatArray = NDArray[np.float32]


class CounterRegion:
    """A polygon in pixels of the full frame, cut at the picture; empty means all of it."""

    def __init__(self, polygon: Sequence[tuple[int, int]], width: int, height: int) -> None:
        corners = polygon or ((0, 0), (width, 0), (width, height), (0, height))
        limits = np.asarray([width, height], dtype=np.float32)
        points = np.clip(np.asarray(corners, dtype=np.float32), np.float32(0), limits)
        left, top = np.floor(points.min(axis=0)).astype(int)
        right, bottom = np.ceil(points.max(axis=0)).astype(int)
        if right - left < LEAST_SIDE_PX or bottom - top < LEAST_SIDE_PX:
            left, top, right, bottom = 0, 0, width, height  # it lies outside this picture size
            points = np.asarray(((0, 0), (width, 0), (width, height), (0, height)), np.float32)
        self._left, self._top, self._right, self._bottom = map(int, (left, top, right, bottom))
        self._points = points
        self._border_px = BORDER_SHARE * max(right - left, bottom - top)
        self._is_rectangle = _area(points) >= 0.999 * (right - left) * (bottom - top)

    @property
    def left(self) -> int:
        """X of the cut-out in the frame."""
        return self._left

    @property
    def top(self) -> int:
        """Y of the cut-out in the frame."""
        return self._top

    @property
    def area_px(self) -> float:
        """Area of the polygon."""
        return _area(self._points)

    def cut(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The polygon's bounding rectangle as a view of the frame."""
        return frame[self._top : self._bottom, self._left : self._right]

    def blocks(self, grid: BlockGrid) -> NDArray[np.bool_] | None:
        """Blocks on the counter; None where all of them are."""
        if self._is_rectangle:
            return None
        scale = np.asarray([grid.block_width, grid.block_height], dtype=np.float32)
        points = (self._points - np.asarray([grid.left, grid.top], dtype=np.float32)) / scale
        mask = np.zeros((grid.rows, grid.columns), dtype=np.uint8)
        cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1)
        return mask.astype(bool)

    def is_at_border(self, xyxy: FloatArray) -> bool:
        """A box (4,) reaches the border of the cut-out, where arms come from."""
        return bool(
            xyxy[0] <= self._left + self._border_px
            or xyxy[1] <= self._top + self._border_px
            or xyxy[2] >= self._right - self._border_px
            or xyxy[3] >= self._bottom - self._border_px
        )

    def is_left_by(self, xyxy: FloatArray, velocity: FloatArray) -> bool:
        """A box (4,) at the border of the cut-out that moves outwards."""
        outwards = (
            xyxy[0] <= self._left + self._border_px and velocity[0] < 0,
            xyxy[1] <= self._top + self._border_px and velocity[1] < 0,
            xyxy[2] >= self._right - self._border_px and velocity[0] > 0,
            xyxy[3] >= self._bottom - self._border_px and velocity[1] > 0,
        )
        return any(outwards)

    def holds(self, xyxy: FloatArray) -> NDArray[np.bool_]:
        """Which boxes (N, 4) have their centre on the counter."""
        if self._is_rectangle:
            return np.ones(len(xyxy), dtype=bool)
        centres = (xyxy[:, :2] + xyxy[:, 2:]) / 2
        inside = [
            cv2.pointPolygonTest(self._points, (float(x), float(y)), False) >= 0 for x, y in centres
        ]
        return np.asarray(inside, dtype=bool)


def _area(points: FloatArray) -> float:
    return float(abs(cv2.contourArea(points)))
