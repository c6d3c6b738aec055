"""Cameras around the counter: what they see and how they are written down."""

from pathlib import Path

import numpy as np
import pytest

from tools.lane_sim.camera_rig import (
    COUNTER_CM,
    counter_cameras,
    looking_at,
    read_calibration,
    write_calibration,
)

CORNERS = np.array(
    [[sx * COUNTER_CM[0] / 2, sy * COUNTER_CM[1] / 2, 0.0] for sx in (-1, 1) for sy in (-1, 1)]
)


@pytest.mark.parametrize("seed", range(12))
def test_every_camera_sees_the_whole_tray(seed: int) -> None:
    for view in counter_cameras(6, (1280, 720), np.random.default_rng(seed)):
        pixels, depth = view.project(CORNERS)
        assert (depth > 0).all()
        assert (pixels >= 0).all()
        assert (pixels <= [1279, 719]).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_pixel_leads_back_to_its_point_on_the_counter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for view in counter_cameras(3, (640, 360), rng):
        point = np.array([rng.uniform(-30, 30), rng.uniform(-20, 20), 0.0])
        pixels, _ = view.project(point[None])
        assert np.allclose(view.counter_point(pixels[0]), point[:2], atol=1e-6)


def test_a_calibration_survives_the_disk(tmp_path: Path) -> None:
    view = counter_cameras(1, (640, 360), np.random.default_rng(0))[0]
    write_calibration(view, tmp_path / "cam0_calibration.json")
    again = read_calibration(tmp_path / "cam0_calibration.json")
    assert np.allclose(view.project(CORNERS)[0], again.project(CORNERS)[0])
    assert (again.width_px, again.height_px, again.name) == (640, 360, "cam0")


def test_a_camera_looks_where_it_is_aimed_with_the_right_hand_to_the_right() -> None:
    view = looking_at("c", np.array([0.0, -60.0, 60.0]), np.zeros(3), (640, 360), 60.0)
    pixels, depth = view.project(np.array([[0.0, 0, 0], [5.0, 0, 0], [0, 0, 5.0]]))
    assert np.allclose(pixels[0], [319.5, 179.5])
    assert pixels[1, 0] > pixels[0, 0]
    assert pixels[2, 1] < pixels[0, 1]
    assert np.isclose(depth[0], np.hypot(60, 60))


def test_more_cameras_than_stands_are_refused() -> None:
    with pytest.raises(ValueError, match="allowed 1 to 6"):
        counter_cameras(7, (640, 360), np.random.default_rng(0))
