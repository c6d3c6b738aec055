"""A calibrated camera: pixels to centimetres on the counter and back, and its file.

World: the counter's surface is z = 0, x right, y away from the shopper, z up, centimetres.
R and t take world to camera. The JSON form is shared with the renderer of test scenes; unknown
keys in a file are kept out of the way, not refused. Making one from pictures is calibration.py.
"""

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.errors import CalibrationError

FORMAT = 1
# A ray flatter than this against the counter meets it too far away to mean anything.
MIN_RAY_SLOPE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class CameraCalibration:
    """Intrinsics and the counter plane of one camera.

    Attributes:
        image_size: width and height in pixels that K and dist belong to.
        K: float64 (3, 3).
        dist: float64 (5,), OpenCV's k1 k2 p1 p2 k3.
        R: float64 (3, 3), rotation world -> camera.
        t: float64 (3,), cm, world -> camera.
        rms_px: reprojection error, root mean square.
    """

    camera_id: str
    image_size: tuple[int, int]
    K: NDArray[np.float64]
    dist: NDArray[np.float64]
    R: NDArray[np.float64]
    t: NDArray[np.float64]
    rms_px: float

    def __post_init__(self) -> None:
        if self.K.shape != (3, 3) or self.R.shape != (3, 3) or self.t.shape != (3,):
            raise ValueError(f"K {self.K.shape}, R {self.R.shape}, t {self.t.shape}")
        if self.dist.ndim != 1 or len(self.dist) not in (4, 5, 8, 12, 14):
            raise ValueError(f"dist {self.dist.shape}: 4, 5, 8, 12 or 14 numbers")

    @property
    def position_cm(self) -> NDArray[np.float64]:
        """Where the camera is in the world: float64 (3,)."""
        return -self.R.T @ self.t

    def pixel_to_counter_cm(
        self, xy_px: NDArray[np.float64], height_cm: float = 0.0
    ) -> NDArray[np.float64]:
        """Where pixels lie on the plane `height_cm` above the counter.

        Args:
            xy_px: (N, 2).

        Returns:
            float64 (N, 2); NaN where the pixel looks at or above the horizon.
        """
        points = np.asarray(xy_px, np.float64).reshape(-1, 1, 2)
        if len(points) == 0:
            return np.zeros((0, 2))
        flat = cv2.undistortPoints(points, self.K, self.dist).reshape(-1, 2)
        rays = np.column_stack([flat, np.ones(len(flat))]) @ self.R  # world directions
        eye = self.position_cm
        slope = np.where(np.abs(rays[:, 2]) < MIN_RAY_SLOPE, np.nan, rays[:, 2])
        distance = (height_cm - eye[2]) / slope
        distance = np.where(distance > 0, distance, np.nan)
        return np.asarray(eye[:2] + distance[:, None] * rays[:, :2], np.float64)

    def counter_cm_to_pixel(
        self, xy_cm: NDArray[np.float64], height_cm: float = 0.0
    ) -> NDArray[np.float64]:
        """Where points of the plane `height_cm` above the counter appear: (N, 2) to (N, 2)."""
        xy = np.asarray(xy_cm, np.float64).reshape(-1, 2)
        return self.world_cm_to_pixel(np.column_stack([xy, np.full(len(xy), height_cm)]))

    def world_cm_to_pixel(self, xyz_cm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points of the world appear: (N, 3) to (N, 2); NaN behind the camera."""
        xyz = np.asarray(xyz_cm, np.float64).reshape(-1, 3)
        if len(xyz) == 0:
            return np.zeros((0, 2))
        turn = cv2.Rodrigues(self.R)[0]
        xy_px, _ = cv2.projectPoints(xyz, turn, self.t, self.K, self.dist)
        depth = xyz @ self.R[2] + self.t[2]
        return np.where(depth[:, None] > 0, np.asarray(xy_px).reshape(-1, 2), np.nan)

    def scaled_to(self, width: int, height: int) -> "CameraCalibration":
        """The same camera at another resolution of the same shape.

        Raises:
            CalibrationError: the shape differs, so the picture was cropped.
        """
        across, down = width / self.image_size[0], height / self.image_size[1]
        if abs(across / down - 1.0) > 0.01:
            raise CalibrationError(
                f"camera {self.camera_id}: calibrated at {self.image_size[0]}x"
                f"{self.image_size[1]}, the picture is {width}x{height}",
                hint="calibrate again at the size the camera sends",
            )
        scale = np.array([[across], [down], [1.0]])
        # Pixel centres are whole numbers: the picture's edge is at -0.5.
        shift = np.array([[0, 0, (across - 1) / 2], [0, 0, (down - 1) / 2], [0, 0, 0]])
        return CameraCalibration(
            self.camera_id,
            (width, height),
            self.K * scale + shift,
            self.dist,
            self.R,
            self.t,
            self.rms_px * max(across, down),
        )


def save_calibration(calibration: CameraCalibration, path: Path) -> None:
    """Write the file whole or not at all."""
    values = {
        "format": FORMAT,
        "camera_id": calibration.camera_id,
        "image_size": list(calibration.image_size),
        "K": calibration.K.tolist(),
        "dist": calibration.dist.tolist(),
        "R": calibration.R.tolist(),
        "t": calibration.t.tolist(),
        "rms_px": calibration.rms_px,
    }
    _write_atomically(path, json.dumps(values, indent=2).encode() + b"\n")


def load_calibration(path: Path) -> CameraCalibration:
    """Read a calibration file.

    Raises:
        CalibrationError: missing, not JSON, another format, or numbers that are no camera.
    """
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError as err:
        raise _unusable(path, "no such file") from err
    except (OSError, ValueError) as err:
        raise _unusable(path, "cannot be read as JSON") from err
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise _unusable(path, f"format must be {FORMAT}")
    try:
        calibration = CameraCalibration(
            camera_id=str(values["camera_id"]),
            image_size=(int(values["image_size"][0]), int(values["image_size"][1])),
            K=np.array(values["K"], np.float64),
            dist=np.array(values["dist"], np.float64).reshape(-1),
            R=np.array(values["R"], np.float64),
            t=np.array(values["t"], np.float64).reshape(-1),
            rms_px=float(values["rms_px"]),
        )
    except (KeyError, IndexError, TypeError, ValueError) as err:
        raise _unusable(path, f"{type(err).__name__}: {err}") from err
    _check_numbers(calibration, path)
    return calibration


def _check_numbers(calibration: CameraCalibration, path: Path) -> None:
    numbers = [calibration.K, calibration.dist, calibration.R, calibration.t]
    if not all(np.isfinite(values).all() for values in numbers):
        raise _unusable(path, "a number is not finite")
    if min(calibration.image_size) <= 0 or min(calibration.K[0, 0], calibration.K[1, 1]) <= 0:
        raise _unusable(path, "image_size and focal length must be positive")
    if not np.allclose(calibration.R @ calibration.R.T, np.eye(3), atol=1e-3):
        raise _unusable(path, "R is no rotation")
    if np.linalg.det(calibration.R) < 0:
        raise _unusable(path, "R is a mirror image, not a rotation")


def _unusable(path: Path, why: str) -> CalibrationError:
    return CalibrationError(
        f"calibration {path}: {why}", hint="run edgectl calibrate for this camera again"
    )


def _write_atomically(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as err:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise CalibrationError(
            f"calibration {path} cannot be written: {err.strerror}",
            hint="check free space and permissions of the folder",
        ) from err
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
