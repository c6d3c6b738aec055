"""The box's code as a subprocess: its answer is read, its failures are told."""

from pathlib import Path

import pytest

from trainer.release.blind_replay import ReplayError, replay

ANSWER = '{"bundle_id": "b", "edge_version": "0.1.0", "provider": "cpu", "baskets": []}'


def command(folder: Path, script: str) -> str:
    path = folder / "edgectl"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("code", [0, 1])
def test_an_answer_counts_whether_every_basket_was_right_or_not(tmp_path: Path, code: int) -> None:
    edgectl = command(tmp_path, f"echo '{ANSWER}'; exit {code}")
    assert replay(edgectl, tmp_path, tmp_path).edge_version == "0.1.0"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("echo no models >&2; exit 4", "ended with 4: no models", id="failed"),
        pytest.param("echo hello", "another form", id="no answer"),
    ],
)
def test_a_failure_is_told(tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(ReplayError, match=message):
        replay(command(tmp_path, script), tmp_path, tmp_path)


def test_a_missing_command_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="gave no answer"):
        replay(str(tmp_path / "nothing"), tmp_path, tmp_path)
