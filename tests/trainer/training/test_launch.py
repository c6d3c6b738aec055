import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trainer.training.launch import (
    LOG_NAME,
    PID_NAME,
    RunActiveError,
    active_pid,
    start_detached,
    torchrun_command,
)

pytestmark = pytest.mark.train

RANKS = """
import torch
from torch import distributed
from trainer.training.launch import joined_place
with joined_place(device="cpu") as place:
    told = torch.tensor([place.shard.rank + 1])
    distributed.all_reduce(told)
    print(f"rank {place.shard.rank} of {place.shard.world_size} sum {int(told)}", flush=True)
"""


@pytest.mark.slow
def test_two_processes_of_torchrun_find_their_places(tmp_path: Path) -> None:
    (tmp_path / "ranks_of_a_run.py").write_text(RANKS)
    done = subprocess.run(
        torchrun_command(2, "ranks_of_a_run", []), cwd=tmp_path, capture_output=True, text=True,
        timeout=100, check=False, env=_with_path(tmp_path),
    )  # fmt: skip
    told = sorted(re.findall(r"rank \d of \d sum \d", done.stdout))  # lines may run together
    assert told == ["rank 0 of 2 sum 3", "rank 1 of 2 sum 3"], done.stderr


def test_a_detached_run_writes_its_log_and_is_the_only_one(tmp_path: Path) -> None:
    script = "import sys, time; print('at work', flush=True); sys.stdin.read(); time.sleep(60)"
    pid = start_detached([sys.executable, "-c", script], tmp_path)
    try:
        assert active_pid(tmp_path) == pid
        with pytest.raises(RunActiveError, match=str(pid)):
            start_detached([sys.executable, "-c", script], tmp_path)
        deadline = time.monotonic() + 20
        while "at work" not in (tmp_path / LOG_NAME).read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "at work" in (tmp_path / LOG_NAME).read_text()
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_a_number_that_another_process_has_now_is_no_run(tmp_path: Path) -> None:
    (tmp_path / PID_NAME).write_text("1 12345\n")
    assert active_pid(tmp_path) is None
    (tmp_path / PID_NAME).write_text("4194303 gone\n")
    assert active_pid(tmp_path) is None


def _with_path(folder: Path) -> dict[str, str]:
    root = Path(__file__).resolve().parents[3]
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{root}:{folder}", "OMP_NUM_THREADS": "1"}
