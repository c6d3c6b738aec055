"""The centre's demo, whole: real hub, worker and gate worker, a good model out, two refused."""

from pathlib import Path

import pytest
from rich.console import Console

from tools.demo_run.centre_play import play_centre


@pytest.mark.slow
def test_a_stores_cases_become_a_signed_model_and_two_others_do_not(tmp_path: Path) -> None:
    is_whole, timeline = play_centre(tmp_path, Console(stderr=True))
    assert is_whole, [step.problem for step in timeline.steps if step.problem]
    assert [step.number for step in timeline.steps] == [str(number) for number in range(10)]
    assert all(step.evidence for step in timeline.steps)
