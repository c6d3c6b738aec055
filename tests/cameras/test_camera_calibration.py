import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cameras.camera_calibration import CameraCalibration, load_calibration, save_calibration
from cameras.errors import CalibrationError
from tests.fakes.plain_floats import plain_floats


def overhead(dist: float = -0.1) -> CameraCalibration:
    """80 cm above the point (10, 20), looking straight down, picture top away."""
    return CameraCalibration(
        camera_id="top",
        image_size=(640, 480),
        K=np.array([[600.0, 0, 319.5], [0, 600.0, 239.5], [0, 0, 1]]),
        dist=np.array([dist, 0.01, 0.0, 0.0, 0.0]),
        R=np.diag([1.0, -1.0, -1.0]),
        t=np.array([-10.0, 20.0, 80.0]),
        rms_px=0.3,
    )


def test_the_camera_is_where_r_and_t_say() -> None:
    assert overhead().position_cm == pytest.approx([10, 20, 80])


@given(plain_floats(0, 639), plain_floats(0, 479), plain_floats(0, 30))
def test_a_pixel_goes_to_the_counter_and_back(x: float, y: float, height_cm: float) -> None:
    camera = overhead()
    there = camera.pixel_to_counter_cm(np.array([[x, y]]), height_cm)
    assert camera.counter_cm_to_pixel(there, height_cm)[0] == pytest.approx([x, y], abs=0.05)


def test_a_pixel_above_the_horizon_has_no_place() -> None:
    level = CameraCalibration(
        "low",
        (640, 480),
        overhead().K,
        np.zeros(5),
        np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
        np.array([0.0, 30.0, 0.0]),
        0.2,
    )
    up, horizon, down = level.pixel_to_counter_cm(np.array([[320, 10], [320, 239.5], [320, 400.0]]))
    assert np.isnan(up).all()
    assert np.isnan(horizon).all()
    assert down[1] > 0
    assert np.isnan(level.world_cm_to_pixel(np.array([[0.0, -5.0, 10.0]]))).all()


def test_no_points_give_no_points() -> None:
    assert overhead().pixel_to_counter_cm(np.zeros((0, 2))).shape == (0, 2)
    assert overhead().counter_cm_to_pixel(np.zeros((0, 2))).shape == (0, 2)


def test_another_resolution_of_the_same_shape_is_scaled() -> None:
    camera = overhead()
    half = camera.scaled_to(320, 240)
    point = np.array([[25.0, 30.0]])
    expected = (camera.counter_cm_to_pixel(point) + 0.5) / 2 - 0.5
    assert half.counter_cm_to_pixel(point) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(CalibrationError, match="640x480, the picture is 640x360"):
        camera.scaled_to(640, 360)


def test_a_file_gives_back_what_was_saved(tmp_path: Path) -> None:
    save_calibration(overhead(), tmp_path / "top.json")
    loaded = load_calibration(tmp_path / "top.json")
    assert loaded.camera_id == "top"
    assert loaded.image_size == (640, 480)
    for name in ("K", "dist", "R", "t"):
        assert np.array_equal(getattr(loaded, name), getattr(overhead(), name))
    assert [path.name for path in tmp_path.iterdir()] == ["top.json"]


def test_unknown_keys_of_another_writer_are_ignored(tmp_path: Path) -> None:
    path = write(tmp_path, counter_cm=[1, 2, 3, 4])
    assert load_calibration(path).camera_id == "top"


def write(folder: Path, **changes: Any) -> Path:
    save_calibration(overhead(), folder / "top.json")
    values = json.loads((folder / "top.json").read_text()) | changes
    kept = {key: value for key, value in values.items() if value != "removed"}
    (folder / "top.json").write_text(json.dumps(kept))
    return folder / "top.json"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"format": 2}, "format must be 1", id="another format"),
        pytest.param({"K": "removed"}, "KeyError: 'K'", id="K is missing"),
        pytest.param({"K": [[1, 2], [3, 4]]}, r"K \(2, 2\)", id="K is too small"),
        pytest.param({"dist": [0, 0]}, "4, 5, 8, 12 or 14", id="dist too short"),
        pytest.param({"t": ["a", 0, 0]}, "ValueError", id="t is text"),
        pytest.param({"t": [float("nan"), 0, 0]}, "not finite", id="t is no number"),
        pytest.param({"R": [[1, 0, 0], [0, 1, 0], [0, 0, 2]]}, "no rotation", id="R stretches"),
        pytest.param({"R": [[1, 0, 0], [0, 1, 0], [0, 0, -1]]}, "mirror", id="R mirrors"),
        pytest.param({"image_size": [0, 480]}, "must be positive", id="no width"),
    ],
)
def test_an_impossible_file_is_refused_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(CalibrationError, match=why) as caught:
        load_calibration(write(tmp_path, **changes))
    assert "edgectl calibrate" in caught.value.hint


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="no such file"):
        load_calibration(tmp_path / "none.json")
    (tmp_path / "cut.json").write_text('{"format": 1, "K"')
    with pytest.raises(CalibrationError, match="cannot be read as JSON"):
        load_calibration(tmp_path / "cut.json")


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "top.json").mkdir()
    with pytest.raises(CalibrationError, match="cannot be written"):
        save_calibration(overhead(), tmp_path / "top.json")
    assert [path.name for path in tmp_path.iterdir()] == ["top.json"]
