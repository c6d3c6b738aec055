"""The six words of a waiting box, from the installer's command to the screen."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.config import EdgeConfig
from edge.processes.enrol_notice import enrol_words, hide_enrol_words, show_enrol_words

WORDS = "apple bridge candle drift ember fossil"


def box_at(folder: Path) -> EdgeConfig:
    camera = {"camera_id": "top", "url": "rtsp://camera.example/1"}
    lane = {"lane_id": "1", "cameras": [camera]}
    config = EdgeConfig.model_validate({"schema": 1, "box_id": "b", "lanes": [lane]})
    paths = config.paths.model_copy(update={"run_dir": folder})
    return config.model_copy(update={"paths": paths})


def test_words_are_shown_until_the_box_is_let_in(tmp_path: Path) -> None:
    config, now = box_at(tmp_path), datetime.now(UTC)
    assert enrol_words(config, now) == ""
    show_enrol_words(config, WORDS)
    assert enrol_words(config, now) == WORDS
    hide_enrol_words(config)
    assert enrol_words(config, now) == ""


def test_words_that_nobody_renews_leave_the_screen(tmp_path: Path) -> None:
    config = box_at(tmp_path)
    show_enrol_words(config, WORDS)
    assert enrol_words(config, datetime.now(UTC) + timedelta(minutes=1)) == ""


def test_a_box_that_does_not_run_has_no_screen_to_show_them(tmp_path: Path) -> None:
    config = box_at(tmp_path / "absent")
    show_enrol_words(config, WORDS)
    hide_enrol_words(config)
    assert enrol_words(config, datetime.now(UTC)) == ""
