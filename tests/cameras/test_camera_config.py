from typing import Any

import pytest

from cameras.config import CameraConfig, rectangle_region
from cameras.errors import CameraConfigError


def config(**values: Any) -> CameraConfig:
    return CameraConfig(**{"camera_id": "left", "lane_id": "lane-1", "url": "usb:0"} | values)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        pytest.param({"camera_id": "a b"}, "camera_id", id="a blank in the id"),
        pytest.param({"lane_id": ""}, "lane_id", id="no lane"),
        pytest.param({"width": 640}, "height", id="width alone"),
        pytest.param({"width": 8, "height": 480}, "width", id="too narrow"),
        pytest.param({"fps": 0}, "fps", id="no rate"),
        pytest.param({"fps": float("nan")}, "fps", id="rate is no number"),
        pytest.param({"fps": True}, "fps", id="rate is a claim"),
        pytest.param({"read_timeout_s": 31}, "read_timeout_s", id="waits too long"),
        pytest.param({"identical_limit_s": 0.5}, "identical_limit_s", id="freezes at once"),
        pytest.param({"counter_region": ((0, 0), (1, 1))}, "counter_region", id="two points"),
        pytest.param(
            {"width": 640, "height": 480, "counter_region": ((0, 0), (641, 0), (0, 9))},
            "counter_region",
            id="region outside the picture",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(values: dict[str, Any], key: str) -> None:
    with pytest.raises(CameraConfigError, match=f"^{key} = .* allowed is ") as caught:
        config(**values)
    assert caught.value.key == key
    assert caught.value.code == "camera.config"


def test_the_password_is_in_no_repr_and_no_error() -> None:
    settings = config(url="rtsp://store:hunter2@cam/live")
    assert "hunter2" not in f"{settings!r} {settings} {settings.safe_url} {settings.address}"
    with pytest.raises(CameraConfigError) as caught:
        config(url="http://store:hunter2@cam/live")
    assert "hunter2" not in str(caught.value)


def test_a_slow_camera_is_silent_only_after_two_intervals() -> None:
    assert config(fps=15).silence_limit_s == 1.5
    assert config(fps=0.5).silence_limit_s == 4.0


def test_a_rectangle_is_a_region() -> None:
    assert rectangle_region(1, 2, 30, 40) == ((1, 2), (30, 2), (30, 40), (1, 40))
    with pytest.raises(CameraConfigError):
        rectangle_region(5, 5, 5, 9)
