"""Track any script in three lines; no torch, no server needed while it runs.

    from trainer.tracking import track
    with track("my idea", {"lr": 0.1}) as run:
        run.scalar("loss", step, loss)

Flow: script -> folder with run.json, scalars.jsonl, output.log, code.tar, files/ -> hubctl run push

Code, arguments, packages, machine, seed, output and load are captured by themselves.
`run.parameters` are the given ones with what a clone changed; `run.folder` is a place for
TensorBoard's events.
"""

import json
import os
import resource
import shutil
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from trainer.run_capture import capture_code, hardware
from trainer.steps.step_key import environment_lock
from trainer.steps.step_voice import StepVoice

RECORD, SCALARS, OUTPUT, CODE, FILES = (
    "run.json", "scalars.jsonl", "output.log", "code.tar", "files"
)  # fmt: skip
LOAD_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Attachment:
    """Where a worker wants a script's run to be, and what a clone changed."""

    run_id: str
    folder: Path
    values: Mapping[str, Any]


_attached: list[Attachment] = []


def attach(attachment: Attachment) -> None:
    """Let the next track() of this process belong to a run of the hub (tracked_script.py)."""
    _attached.append(attachment)


@dataclass
class TrackedRun:
    """A run at work."""

    run_id: str
    folder: Path
    parameters: dict[str, Any]
    voice: StepVoice | None
    result: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def scalar(self, name: str, step: int, value: float) -> None:
        """A figure of a curve."""
        line = json.dumps({"name": name[:80], "step": int(step), "value": float(value)})
        with self._lock, (self.folder / SCALARS).open("a") as stream:
            stream.write(line + "\n")
        if self.voice is not None:
            self.voice.scalar(name, int(step), float(value))

    def file(self, path: Path, name: str = "") -> None:
        """Keep a copy of a file with the run."""
        target = self.folder / FILES / (name or path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


@contextmanager
def track(
    name: str, parameters: Mapping[str, Any] | None = None, *, folder: Path = Path("runs"),
    seed: int | None = None,
) -> Iterator[TrackedRun]:  # fmt: skip
    """Track what happens inside the block; a run that raises has failed, and raises on."""
    attached = _attached.pop() if _attached else None
    run_id = attached.run_id if attached else uuid.uuid4().hex
    place = attached.folder if attached else folder / run_id
    place.mkdir(parents=True, exist_ok=True)
    chosen = {**(parameters or {}), **(attached.values if attached else {})}
    voice = StepVoice(sys.stdout) if attached else None
    run = TrackedRun(run_id, place, chosen, voice)
    record = _record(name, run, seed, is_attached=attached is not None)
    _write(place, record)
    stop, started = threading.Event(), time.monotonic()
    sampler = threading.Thread(target=_sample_load, args=(run, stop, started), daemon=True)
    sampler.start()
    status = "failed"
    try:
        with (place / OUTPUT).open("a") as log, _teed(log):
            yield run
        status = "done"
    finally:
        stop.set()
        sampler.join()
        now = datetime.now(UTC).isoformat()
        _write(place, {**record, "status": status, "result": run.result, "finished_at": now})


def _record(name: str, run: TrackedRun, seed: int | None, *, is_attached: bool) -> dict[str, Any]:
    script = Path(sys.argv[0])
    capture: dict[str, Any] = {
        "arguments": sys.argv[1:], "packages": environment_lock(), "hardware": hardware(),
        "seed": seed,
    }  # fmt: skip
    if script.is_file() and not is_attached:  # a worker's script came out of an archive
        code = capture_code(script)
        (run.folder / CODE).write_bytes(code.archive)
        capture |= {
            "commit": code.commit, "is_dirty": code.is_dirty, "left_out": list(code.left_out),
            "entry": script.resolve().relative_to(code.root).as_posix(),
        }  # fmt: skip
    return {
        "run_id": run.run_id, "name": name, "kind": "script", "status": "running",
        "values": run.parameters, "capture": capture,
        "started_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip


def _write(folder: Path, record: Mapping[str, Any]) -> None:
    temporary = folder / f"{RECORD}.tmp"
    temporary.write_text(json.dumps(record, indent=1, default=str))
    temporary.replace(folder / RECORD)


def _sample_load(run: TrackedRun, stop: threading.Event, started: float) -> None:
    while True:
        second = int(time.monotonic() - started)
        memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        run.scalar("system/load1", second, os.getloadavg()[0])
        run.scalar("system/memory_mib", second, memory_mib)
        if stop.wait(LOAD_EVERY_S):
            return


class _Tee:
    """Writes to the screen and to the run's log."""

    def __init__(self, screen: TextIO, log: TextIO) -> None:
        self._screen, self._log = screen, log

    def write(self, text: str) -> int:
        """Both, the screen first."""
        self._log.write(text)
        return self._screen.write(text)

    def flush(self) -> None:
        """Both."""
        self._log.flush()
        self._screen.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._screen, name)


@contextmanager
def _teed(log: TextIO) -> Iterator[None]:
    with (
        redirect_stdout(_Tee(sys.stdout, log)),
        redirect_stderr(_Tee(sys.stderr, log)),
    ):
        yield
