"""One process or many: where a run finds its place, and how many processes are started for it.

Flow: python -m trainer.training ... --processes N -> torchrun -> N times the same command

The only file of the training code that reads the environment: torchrun tells ranks there.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import distributed

from trainer.errors import FatalError
from trainer.training.schedule import Shard
from trainer.training.train import Place

PID_NAME, LOG_NAME = "run.pid", "run.log"
GONE = "gone"


class RunActiveError(FatalError):
    """A run of this folder is at work."""

    code = "training.active"


@contextmanager
def joined_place(device: str = "auto", num_loaders: int = 0) -> Iterator[Place]:
    """This process's place; inside torchrun it joins the others (gloo on CPUs, NCCL on GPUs)."""
    rank, world_size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and world_size > 1:
        device = f"cuda:{int(os.environ['LOCAL_RANK'])}"
        torch.cuda.set_device(device)
    place = Place(device, Shard(rank, world_size), num_loaders)
    if world_size == 1:
        yield place
        return
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield place
    finally:
        distributed.destroy_process_group()


def torchrun_command(num_processes: int, module: str, arguments: Sequence[str]) -> list[str]:
    """The command that runs `module` in `num_processes` processes of this machine."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return [*launcher, f"--nproc-per-node={num_processes}", "-m", module, *arguments]


def start_detached(command: Sequence[str], run_dir: Path) -> int:
    """Start a run that outlives this terminal; its output goes to run.log. Returns its PID.

    Raises:
        RunActiveError: the last run of this folder still works.
    """
    running = active_pid(run_dir)
    if running is not None:
        raise RunActiveError(
            f"process {running} works on {run_dir}", hint="wait for it, or end it; it resumes"
        )
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / LOG_NAME).open("ab") as log, Path(os.devnull).open("rb") as nothing:
        files = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), 0)]
        files += [(os.POSIX_SPAWN_DUP2, log.fileno(), stream) for stream in (1, 2)]
        pid = os.posix_spawn(command[0], list(command), os.environ, file_actions=files, setsid=True)
    (run_dir / PID_NAME).write_text(f"{pid} {_started(pid)}\n")
    return pid


def active_pid(run_dir: Path) -> int | None:
    """The process that works on this folder, or None; a PID that was given anew does not count."""
    try:
        pid, started = (run_dir / PID_NAME).read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid) if started != GONE and _started(int(pid)) == started else None


def _started(pid: int) -> str:
    """When a living process started, in clock ticks since boot; "gone" otherwise."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return GONE
    return GONE if fields[0] == "Z" else fields[19]
