"""From a camera's pixels to centimetres on the counter, and from a box to the shapes behind it.

Flow: box in pixels -> one upright shape per assumed span -> its box in every other camera

The world is the counter: centimetres, z = 0 on its surface, z upwards. A box alone does not tell
how high an item reaches, so every box stands for one shape per span of SPANS_CM; which span is
right is found where cameras agree (association.py). Knows no tracks and no time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_STANDING = [1.0, 2.5, 4.0, 6.0, 8.0, 10.0, 12.5, 15.0, 18.0, 21.0, 25.0, 30.0, 36.0]
_STACKED = [(low, low + tall) for low in (3.0, 6.0, 10.0, 15.0) for tall in (2.0, 5.0, 9.0, 16.0)]
SPANS_CM = np.array([(0.0, top) for top in _STANDING] + _STACKED)
"""Lower and upper height an item may have: on the counter, or on top of another item."""
BOTTOMS_CM, TOPS_CM = SPANS_CM[:, 0], SPANS_CM[:, 1]
MIDDLES_CM = SPANS_CM.mean(axis=1)
NUM_FIT_STEPS = 6  # the own box is met within 1 px after 4 on packs of 2 to 30 cm
MIN_SIDE_CM = 0.8
MAX_SIDE_CM = 60.0
MAX_ASPECT = 6.0
MIN_DEPTH_CM = 1.0  # nearer to the lens than this, a point is behind the picture

# Half-way between a can and a carton: an octagon, as multiples of the half sides.
_RING = np.array(
    [(1, 0.6), (0.6, 1), (-0.6, 1), (-1, 0.6), (-1, -0.6), (-0.6, -1), (0.6, -1), (1, -0.6)]
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class CounterMap:
    """One calibrated camera: pixel = K distort(R world + t).

    Attributes:
        image_size: width and height in pixels.
        matrix: K, float64 (3, 3).
        dist: k1, k2, p1, p2, k3 of OpenCV.
        rotation: R, float64 (3, 3), world to camera.
        translation: t, float64 (3,), centimetres.
    """

    camera_id: str
    image_size: tuple[int, int]
    matrix: FloatArray
    dist: FloatArray
    rotation: FloatArray
    translation: FloatArray

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "CounterMap":
        """A map from the form that a camera calibration is stored in.

        Raises:
            ValueError: the form is another one, or a number is missing.
        """
        if data.get("format") != 1:
            raise ValueError(f"calibration format {data.get('format')!r}, wanted 1")
        dist = np.zeros(5)
        given = np.asarray(data.get("dist", ()), float).ravel()[:5]
        dist[: len(given)] = given
        try:
            return cls(
                camera_id=str(data["camera_id"]),
                image_size=(int(data["image_size"][0]), int(data["image_size"][1])),
                matrix=np.asarray(data["K"], float).reshape(3, 3),
                dist=dist,
                rotation=np.asarray(data["R"], float).reshape(3, 3),
                translation=np.asarray(data["t"], float).reshape(3),
            )
        except (KeyError, IndexError, TypeError) as err:
            raise ValueError(f"calibration lacks {err}") from err

    def project(self, points: FloatArray) -> FloatArray:
        """World points (..., 3) in cm as pixels (..., 2)."""
        seen = points @ self.rotation.T + self.translation
        depth = np.maximum(seen[..., 2], MIN_DEPTH_CM)
        x, y = seen[..., 0] / depth, seen[..., 1] / depth
        k1, k2, p1, p2, k3 = self.dist
        r2 = np.minimum(x * x + y * y, 4.0)  # the lens model is void far outside the picture
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        xd = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
        yd = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        (fx, skew, cx), (_, fy, cy) = self.matrix[0], self.matrix[1]
        return np.stack([fx * xd + skew * yd + cx, fy * yd + cy], axis=-1)

    def on_plane(self, pixels: FloatArray, height_cm: FloatArray) -> FloatArray:
        """Where the rays of `pixels` (N, 2) meet z = `height_cm` (H,), float64 (N, H, 2)."""
        flat = cv2.undistortPoints(
            np.asarray(pixels, np.float64).reshape(-1, 1, 2), self.matrix, self.dist
        ).reshape(-1, 2)
        rays = np.concatenate([flat, np.ones((len(flat), 1))], axis=1) @ self.rotation  # (N, 3)
        centre = self.position
        down = np.where(np.abs(rays[:, 2]) < 1e-6, -1e-6, rays[:, 2])
        reach = (height_cm[None, :] - centre[2]) / down[:, None]  # (N, H)
        points = centre[None, None, :2] + reach[..., None] * rays[:, None, :2]
        return np.asarray(np.clip(points, -1e4, 1e4))

    @property
    def position(self) -> FloatArray:
        """Where the lens is, cm."""
        return np.asarray(-self.rotation.T @ self.translation)

    @property
    def axes(self) -> FloatArray:
        """Unit vectors on the counter along and across the picture's rows, float64 (2, 2)."""
        along = self.rotation[0, :2]
        if np.linalg.norm(along) < 1e-3:
            along = self.rotation[1, :2]
        along = along / max(float(np.linalg.norm(along)), 1e-9)
        return np.array([along, [-along[1], along[0]]])


@dataclass(frozen=True)
class Shapes:
    """What stands behind N boxes of one camera, for each of H spans.

    Attributes:
        centre_cm: float64 (N, H, 2).
        sides_cm: float64 (N, H, 2), along `axes`.
        axes: float64 (2, 2), of the camera that saw the boxes.
        own_iou: float64 (N, H); below 1 where the span cannot explain the box.
    """

    centre_cm: FloatArray
    sides_cm: FloatArray
    axes: FloatArray
    own_iou: FloatArray

    def boxes_in(self, other: CounterMap) -> FloatArray:
        """Boxes the shapes have in another camera, float64 (N, H, 4), not cut at its border."""
        return _boxes(other, self.centre_cm, self.sides_cm, self.axes)


def shapes_behind(camera: CounterMap, xyxy: FloatArray) -> Shapes:
    """Fit one upright shape per span to each box.

    Args:
        camera: that saw the boxes.
        xyxy: float64 (N, 4), pixels.
    """
    axes = camera.axes
    wanted_size = np.maximum(xyxy[:, 2:] - xyxy[:, :2], 1.0)[:, None, :]  # (N, 1, 2)
    wanted_mid = ((xyxy[:, 2:] + xyxy[:, :2]) / 2)[:, None, :]
    centre = camera.on_plane(wanted_mid[:, 0], MIDDLES_CM)  # (N, H, 2)
    scale = _pixels_per_cm(camera, centre, axes)  # (N, H, 2, 2): pixel move per cm along each axis
    width = wanted_size[..., 0] / np.maximum(np.abs(scale[..., 0, 0]), 1e-3)
    sides = np.stack([width, width], axis=-1)
    for _ in range(NUM_FIT_STEPS):
        boxes = _boxes(camera, centre, sides, axes)
        size = boxes[..., 2:] - boxes[..., :2]
        mid = (boxes[..., 2:] + boxes[..., :2]) / 2
        step = np.linalg.solve(np.swapaxes(scale, -1, -2), (wanted_mid - mid)[..., None])[..., 0]
        centre = centre + step[..., :1] * axes[0] + step[..., 1:] * axes[1]
        sides = _next_sides(sides, size, wanted_size, scale)
    own = iou(_boxes(camera, centre, sides, axes), xyxy[:, None, :])
    return Shapes(centre, sides, axes, own)


def box_of_place(
    camera: CounterMap, centre_cm: Sequence[float], size_cm: Sequence[float]
) -> FloatArray:
    """Box of an upright shape in a camera, float64 (4,), not cut at the border.

    Args:
        centre_cm: x and y on the counter.
        size_cm: width along x, depth along y, height.
    """
    ring = _RING * np.array(size_cm[:2]) / 2 + np.array(centre_cm)
    heights = np.array([0.0, size_cm[2]])
    points = np.concatenate([np.column_stack([ring, np.full(len(ring), z)]) for z in heights])
    pixels = camera.project(points)
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


def iou(first: FloatArray, second: FloatArray) -> FloatArray:
    """IoU of boxes (..., 4), broadcast."""
    shared, area_a, area_b = shared_and_areas(first, second)
    return np.asarray(shared / np.maximum(area_a + area_b - shared, 1e-9))


def shared_and_areas(
    first: FloatArray, second: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shared area and both areas of boxes (..., 4), broadcast."""
    low = np.maximum(first[..., :2], second[..., :2])
    sides = np.maximum(np.minimum(first[..., 2:], second[..., 2:]) - low, 0.0)
    area_a = np.prod(np.maximum(first[..., 2:] - first[..., :2], 0.0), axis=-1)
    area_b = np.prod(np.maximum(second[..., 2:] - second[..., :2], 0.0), axis=-1)
    return np.prod(sides, axis=-1), area_a, area_b


def _boxes(
    camera: CounterMap, centre: FloatArray, sides: FloatArray, axes: FloatArray
) -> FloatArray:
    """Pixel boxes of upright octagons of the spans of SPANS_CM, float64 (N, H, 4)."""
    half = sides[..., None, :] / 2 * _RING  # (N, H, 8, 2)
    ground = centre[..., None, :] + half @ axes  # (N, H, 8, 2)
    rims = [
        np.broadcast_to(heights[None, :, None, None], (*ground.shape[:3], 1))
        for heights in (BOTTOMS_CM, TOPS_CM)
    ]
    points = [np.concatenate([ground, rim], axis=-1) for rim in rims]
    pixels = camera.project(np.concatenate(points, axis=2))  # (N, H, 16, 2)
    return np.concatenate([pixels.min(axis=2), pixels.max(axis=2)], axis=-1)


def _pixels_per_cm(camera: CounterMap, centre: FloatArray, axes: FloatArray) -> FloatArray:
    """Pixel move per cm along each axis at half height; (N, H, axis, xy)."""
    middle = np.broadcast_to(MIDDLES_CM[None, :, None], (*centre.shape[:2], 1))
    here = np.concatenate([centre, middle], axis=-1)
    base = camera.project(here)
    moves = [camera.project(here + np.append(axis, 0.0)) - base for axis in axes]
    scale = np.stack(moves, axis=-2)
    flat = np.abs(np.linalg.det(scale)) < 1e-3  # a ray along the counter; keep it solvable
    scale[flat] += np.eye(2)
    return scale


def _next_sides(
    sides: FloatArray, size: FloatArray, wanted: FloatArray, scale: FloatArray
) -> FloatArray:
    """Sides that bring the box nearer to the wanted size."""
    width = sides[..., 0] * np.clip(wanted[..., 0] / np.maximum(size[..., 0], 1.0), 0.5, 2.0)
    per_cm = np.maximum(np.abs(scale[..., 1, 1]), 0.2)
    depth = sides[..., 1] + (wanted[..., 1] - size[..., 1]) / per_cm
    width = np.clip(width, MIN_SIDE_CM, MAX_SIDE_CM)
    depth = np.clip(depth, np.maximum(width / MAX_ASPECT, MIN_SIDE_CM), width * MAX_ASPECT)
    return np.stack([width, np.minimum(depth, MAX_SIDE_CM)], axis=-1)
