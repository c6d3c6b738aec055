"""Models change under baskets with the real networks; no basket is lost, doubled or repriced."""

from pathlib import Path

import pytest

from edge.edgectl.recordings import find_recordings
from tools.benchmarks.swap_rounds import SwapBench, SwapFigures, empty_and_goods
from tools.demo_run.clip_folder import ASSETS


def swapped(folder: Path, count: int, num_quiet: int) -> SwapFigures:
    clip = next(r for r in find_recordings(ASSETS / "clips") if r.name == "03_look_alikes")
    empty, goods = empty_and_goods(list(clip.open_frames()))
    return SwapBench(folder, empty, goods).run(count, num_quiet)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s")  # short: socket paths lie below it


def test_swaps_between_baskets_lose_and_double_nothing(folder: Path) -> None:
    found = swapped(folder, count=2, num_quiet=1)
    assert found.swaps == 2
    assert found.is_clean, found


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_fifty_swaps_lose_and_double_nothing(folder: Path) -> None:
    found = swapped(folder, count=50, num_quiet=5)
    assert found.swaps == 50
    assert found.is_clean, found
