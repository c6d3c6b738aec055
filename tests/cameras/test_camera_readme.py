import dataclasses
from pathlib import Path

import pytest

import cameras
from cameras.condition import Condition
from cameras.config import CameraConfig
from cameras.frame import OutageReason

README = (Path(cameras.__file__).parent / "README.md").read_text()
NOT_KNOBS = {"camera_id", "lane_id", "url"}
KNOBS = [field.name for field in dataclasses.fields(CameraConfig) if field.name not in NOT_KNOBS]


@pytest.mark.parametrize("reason", OutageReason)
def test_every_reason_has_a_row_and_a_hint(reason: OutageReason) -> None:
    assert f"\n| `{reason.value}` |" in README
    assert len(reason.hint) > 20


@pytest.mark.parametrize("condition", Condition)
def test_every_condition_has_a_row(condition: Condition) -> None:
    assert f"\n| `{condition.value}` |" in README


@pytest.mark.parametrize("knob", KNOBS)
def test_every_knob_has_a_row(knob: str) -> None:
    assert f"`{knob}`" in README


@pytest.mark.parametrize("module", sorted(Path(cameras.__file__).parent.glob("[a-z]*.py")), ids=str)
def test_every_file_is_named(module: Path) -> None:
    assert module.name == "errors.py" or f"`{module.name}`" in README
