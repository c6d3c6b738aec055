from pathlib import Path

import pytest

from tools.benchmarks import stream_density
from tools.benchmarks.scripted_clip import Film
from tools.benchmarks.stream_density import CameraRun, Kind, Trial, most_cameras

FILM = Film(Path("film.mp4"), 10, "H.264", "none")


def trial(num_cameras: int, fps: float) -> Trial:
    return Trial(num_cameras, (CameraRun(15.0, 9.0, 0.1, 0.1), CameraRun(fps, 9.0, 0.1, 0.1)))


def test_one_slow_camera_loses_the_trial() -> None:
    assert trial(2, 14.95).is_kept
    assert not trial(2, 14.94).is_kept


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 5, 6, 7, 8])
def test_the_search_finds_the_limit(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: Path, __: Film, ___: float, num: int, ____: Kind) -> Trial:
        return trial(num, 15.0 if num <= limit else 10.0)

    monkeypatch.setattr(stream_density, "run_trial", run)
    trials = most_cameras(Path(), FILM, 1.0, "ours")
    assert max((t.num_cameras for t in trials if t.is_kept), default=0) == limit
