"""Calibrated cameras around one counter: where they stand and what they see.

Flow: a seed -> CameraView per camera -> calibration JSON

World: centimetres, z up, the counter top is z = 0, x to the right and y away from the shopper,
origin in the middle of the counter. Camera: OpenCV's (x right, y down, z forward),
pixel centres at whole numbers. No lens distortion is rendered, so `dist` is zero.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COUNTER_CM = (65.0, 45.0)  # The tray region that every camera must see.
# name: distance cm, elevation degrees, azimuth degrees (0 = from the shopper's side, -y).
_STANDS: tuple[tuple[str, float, float, float], ...] = (
    ("overhead", 88.0, 84.0, 0.0),
    ("left", 92.0, 50.0, -38.0),
    ("right", 92.0, 48.0, 40.0),
    ("back", 88.0, 56.0, 180.0),
    ("front", 86.0, 58.0, 4.0),
    ("low", 92.0, 40.0, -14.0),
)
MAX_CAMERAS = len(_STANDS)
MARGIN = 1.04  # A little counter around the tray region, as a fitter would leave.


@dataclass(frozen=True)
class CameraView:
    """One pinhole camera.

    Attributes:
        matrix: K, float64 (3, 3).
        rotation: world to camera, float64 (3, 3).
        translation: world to camera, float64 (3,), centimetres.
    """

    name: str
    width_px: int
    height_px: int
    matrix: Floats
    rotation: Floats
    translation: Floats

    @property
    def position_cm(self) -> Floats:
        """The optical centre in the world, (3,)."""
        return np.asarray(-self.rotation.T @ self.translation)

    @property
    def fov_x_deg(self) -> float:
        """Horizontal field of view."""
        return float(np.degrees(2 * np.arctan(self.width_px / 2 / self.matrix[0, 0])))

    def project(self, points_cm: Floats) -> tuple[Floats, Floats]:
        """Pixels (N, 2) and depth in centimetres (N,) of world points (N, 3)."""
        seen = points_cm @ self.rotation.T + self.translation
        depth = np.where(np.abs(seen[:, 2]) < 1e-6, 1e-6, seen[:, 2])
        pixels = seen @ self.matrix.T
        return np.asarray(pixels[:, :2] / depth[:, None]), np.asarray(seen[:, 2])

    def counter_point(self, pixel: Floats) -> Floats:
        """Where on the counter plane (x, y in cm) a pixel (2,) looks at."""
        ray = self.rotation.T @ np.linalg.solve(self.matrix, np.array([pixel[0], pixel[1], 1.0]))
        origin = self.position_cm
        return np.asarray((origin - ray * (origin[2] / ray[2]))[:2])

    def calibration(self) -> dict[str, object]:
        """The form documented in this folder's README."""
        return {
            "format": 1,
            "camera_id": self.name,
            "image_size": [self.width_px, self.height_px],
            "rms_px": 0.0,
            "K": self.matrix.tolist(),
            "dist": [0.0] * 5,
            "R": self.rotation.tolist(),
            "t": self.translation.tolist(),
            "counter_cm": [
                -COUNTER_CM[0] / 2,
                -COUNTER_CM[1] / 2,
                COUNTER_CM[0] / 2,
                COUNTER_CM[1] / 2,
            ],
        }


def looking_at(
    name: str,
    position_cm: Floats,
    target_cm: Floats,
    size_px: tuple[int, int],
    fov_x_deg: float,
    roll_deg: float = 0.0,
) -> CameraView:
    """A camera at `position_cm` whose optical axis goes through `target_cm`."""
    forward = target_cm - position_cm
    forward = forward / np.linalg.norm(forward)
    up = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 0.96 else np.array([0.0, 1.0, 0.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    roll = np.radians(roll_deg)
    turned = right * np.cos(roll) + down * np.sin(roll)
    rotation = np.stack([turned, np.cross(forward, turned), forward])
    width, height = size_px
    focal = width / 2 / np.tan(np.radians(fov_x_deg) / 2)
    matrix = np.array([[focal, 0, width / 2 - 0.5], [0, focal, height / 2 - 0.5], [0, 0, 1.0]])
    return CameraView(name, width, height, matrix, rotation, -rotation @ position_cm)


def counter_cameras(
    num_cameras: int, size_px: tuple[int, int], rng: np.random.Generator
) -> list[CameraView]:
    """The first `num_cameras` stands, each a little off its nominal place as in a real shop.

    Raises:
        ValueError: not 1 to 6 cameras.
    """
    if not 1 <= num_cameras <= MAX_CAMERAS:
        raise ValueError(f"cameras: {num_cameras}, allowed 1 to {MAX_CAMERAS}")
    return [
        _placed(f"cam{i}", stand, size_px, rng) for i, stand in enumerate(_STANDS[:num_cameras])
    ]


def read_calibration(path: Path) -> CameraView:
    """A camera from its calibration JSON."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return CameraView(
        data["camera_id"], data["image_size"][0], data["image_size"][1],
        np.array(data["K"]), np.array(data["R"]), np.array(data["t"]),
    )  # fmt: skip


def write_calibration(view: CameraView, path: Path) -> None:
    """Write one camera's calibration JSON."""
    path.write_text(json.dumps(view.calibration(), indent=1) + "\n", encoding="utf-8")


def _placed(
    name: str,
    stand: tuple[str, float, float, float],
    size_px: tuple[int, int],
    rng: np.random.Generator,
) -> CameraView:
    _, distance, elevation, azimuth = stand
    distance *= rng.uniform(0.96, 1.06)
    high = np.radians(elevation + rng.uniform(-2.5, 2.5))
    turn = np.radians(azimuth + rng.uniform(-2.5, 2.5))
    position = distance * np.array(
        [np.sin(turn) * np.cos(high), -np.cos(turn) * np.cos(high), np.sin(high)]
    )
    target = np.array([rng.uniform(-1.5, 1.5), rng.uniform(-1.5, 1.5), 3.0])
    eye = position + target * [1, 1, 0]
    roll = rng.uniform(-1.5, 1.5)
    for _ in range(3):
        target = _aimed(eye, target, size_px, roll)
    return looking_at(name, eye, target, size_px, _fitting_fov(eye, target, size_px, roll), roll)


def _tray_corners() -> Floats:
    x, y = COUNTER_CM[0] / 2, COUNTER_CM[1] / 2
    return np.array([[sx * x, sy * y, z] for sx in (-1, 1) for sy in (-1, 1) for z in (0.0, 7.0)])


def _aimed(eye: Floats, target: Floats, size_px: tuple[int, int], roll_deg: float) -> Floats:
    """A target that puts the tray region in the middle of the picture, not the counter's centre."""
    wide = looking_at("", eye, target, size_px, 90.0, roll_deg)
    pixels, _ = wide.project(_tray_corners())
    point = wide.counter_point((pixels.min(axis=0) + pixels.max(axis=0)) / 2)
    return np.array([point[0], point[1], 0.0])


def _fitting_fov(eye: Floats, target: Floats, size_px: tuple[int, int], roll_deg: float) -> float:
    """The narrowest horizontal field of view that shows the whole tray region, and goods on it."""
    wide = looking_at("", eye, target, size_px, 90.0, roll_deg)
    pixels, _ = wide.project(_tray_corners())
    middle = np.array([size_px[0] / 2 - 0.5, size_px[1] / 2 - 0.5])
    share = (np.abs(pixels - middle) / middle).max() * MARGIN
    return float(np.degrees(2 * np.arctan(share)))
