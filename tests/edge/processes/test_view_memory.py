"""A camera that was covered or pushed while the box was off is noticed after the next start."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.condition import Condition, ConditionMonitor
from edge.processes.view_memory import KEEP_EVERY_NS, ViewMemory
from tests.cameras.test_condition import counter

SECOND = 1_000_000_000


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    path = tmp_path / "cam.json"
    path.write_text("{}")
    os.utime(path, ns=(0, 0))
    return path


@pytest.fixture
def memory(tmp_path: Path, calibration: Path) -> ViewMemory:
    return ViewMemory(tmp_path / "views" / "a-top.npz", calibration)


def watch(monitor: ConditionMonitor, pictures: list[NDArray[np.uint8]]) -> None:
    for second, picture in enumerate(pictures):
        monitor.check(picture, second * SECOND)


def learned() -> ConditionMonitor:
    monitor = ConditionMonitor()
    watch(monitor, [counter(seed) for seed in range(12)])
    return monitor


def begun_again(memory: ViewMemory) -> ConditionMonitor:
    baseline, view = memory.recall() or (None, None)
    return ConditionMonitor(baseline=baseline, reference=view)


def test_a_pushed_camera_is_noticed_after_a_restart_and_not_without_memory(
    memory: ViewMemory,
) -> None:
    assert memory.keep(learned(), 0)
    pushed = [np.ascontiguousarray(np.roll(counter(s), 60, axis=1)) for s in range(20, 36)]
    again, anew = begun_again(memory), ConditionMonitor()
    watch(again, pushed)
    watch(anew, pushed)
    assert (again.conditions, anew.conditions) == ((Condition.MOVED,), ())


def test_a_good_view_stays_good_after_a_restart(memory: ViewMemory) -> None:
    memory.keep(learned(), 0)
    again = begun_again(memory)
    watch(again, [counter(seed) for seed in range(30, 46)])
    assert again.conditions == ()


def test_it_is_written_every_ten_minutes_and_only_while_all_is_well(memory: ViewMemory) -> None:
    assert not memory.keep(ConditionMonitor(), 0)
    monitor = learned()
    assert memory.keep(monitor, 0)
    assert not memory.keep(monitor, KEEP_EVERY_NS - 1)
    assert memory.keep(monitor, KEEP_EVERY_NS)
    watch(monitor, [np.zeros_like(counter()) for _ in range(20)])
    assert monitor.conditions
    assert not memory.keep(monitor, 2 * KEEP_EVERY_NS)


def test_a_new_calibration_begins_a_new_view(memory: ViewMemory, calibration: Path) -> None:
    memory.keep(learned(), 0)
    assert memory.recall() is not None
    os.utime(calibration, ns=(2**62, 2**62))
    assert memory.recall() is None


@pytest.mark.parametrize(
    "content", [pytest.param(b"", id="empty"), pytest.param(b"PK\x03\x04torn", id="torn")]
)
def test_a_file_that_cannot_be_read_is_forgotten(
    tmp_path: Path, memory: ViewMemory, content: bytes
) -> None:
    (tmp_path / "views").mkdir()
    (tmp_path / "views/a-top.npz").write_bytes(content)
    assert memory.recall() is None
