"""edgectl calibrate: the sheet, and what it says when pictures are not enough."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge.edgectl.__main__ import app

RUNNER = CliRunner()


@pytest.mark.parametrize("name", ["board.pdf", "board.png"])
def test_the_sheet_is_written(tmp_path: Path, name: str) -> None:
    result = RUNNER.invoke(app, ["calibrate", "sheet", "--out", str(tmp_path / name)])
    assert result.exit_code == 0
    assert (tmp_path / name).stat().st_size > 1000


def test_too_few_pictures_are_named(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "counter.png"), np.zeros((480, 640, 3), np.uint8))
    arguments = ["calibrate", "compute", "cam-1", "--pictures", str(tmp_path)]
    result = RUNNER.invoke(app, [*arguments, "--out", str(tmp_path / "c.json"), "--json"])
    assert result.exit_code == 1
    assert "camera.calibration" in result.output
    assert not (tmp_path / "c.json").exists()


def test_every_command_explains_itself() -> None:
    for command in ("status", "doctor", "cameras", "replay"):
        result = RUNNER.invoke(app, [command, "--help"])
        assert result.exit_code == 0
        assert "--json" in result.output
