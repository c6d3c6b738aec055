import json
from pathlib import Path

from tools.base_bundle.model_card import told_run


def a_run(folder: Path, *steps: int) -> Path:
    folder.mkdir()
    starts = [
        {
            "recipe": {"name": "detector_lite0", "num_steps": n, "batch_size": 16, "seed": 1},
            "code_state": "abc",
            "started": "2026-11-21T14:00:00+00:00",
            "host": {"device": "cpu"},
        }
        for n in steps
    ]
    (folder / "run.json").write_text(json.dumps(starts))
    return folder


def test_a_run_in_one_go_is_told_in_one_clause(tmp_path: Path) -> None:
    words = told_run(a_run(tmp_path / "detector", 1200))
    assert "1200 steps of 16, seed 1, code abc" in words
    assert ";" not in words


def test_a_run_that_was_stopped_and_shortened_says_so(tmp_path: Path) -> None:
    words = told_run(a_run(tmp_path / "detector", 1500, 950))
    assert words.startswith("recipe detector_lite0, 950 steps")
    assert "started 2 times, before with 1500 steps in view" in words


def test_weights_of_an_earlier_run_bring_their_own_history(tmp_path: Path) -> None:
    first = a_run(tmp_path / "first", 1200)
    words = told_run(a_run(tmp_path / "second", 950), first / "weights.pt")
    assert "from the weights of an earlier run (recipe detector_lite0, 1200 steps" in words
    assert "no record of it" in told_run(tmp_path / "second", tmp_path / "gone" / "weights.pt")
