"""A worker: leases a job, does it in a child, reports, and takes the next one.

Flow: hub -> lease -> do_job() -> finish

It holds no database and shares no disk: everything comes over HTTPS and lies below its own folder.
It loads no torch; its children do. Killed at any moment, its job runs again elsewhere once the
lease has run out, and what it had made stays in its cache.
"""

import contextlib
import logging
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trainer
from sync.errors import SyncError, TransportError
from trainer.errors import TrainerError
from trainer.worker_child import Child, ChildFailedError
from trainer.worker_environment import python_for, unpack_code
from trainer.worker_hub import HubRefusal, WorkerHub
from trainer.worker_jobs import KINDS, Desk, do_job
from trainer.worker_pulse import Pulse

logger = logging.getLogger(__name__)

CODE_ROOT = Path(trainer.__file__).parent.parent
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How one worker works.

    Attributes:
        gpus: device numbers that belong to this worker; a job gets as many as it asked for.
        lease_s: how long the hub waits for a sign of life before another worker gets the job.
        poll_s: between two looks at an empty queue.
        idle_s: leave after so long without a job; 0 stays for ever.
        max_jobs, max_work_s: leave after so many jobs, or so much time at work; 0 is no limit.
        threads: of each child.
        index: where `packages` of a job are installed from; uv's default where empty.
    """

    name: str
    kinds: tuple[str, ...] = KINDS
    gpus: tuple[int, ...] = ()
    lease_s: int = 30
    poll_s: float = 2.0
    idle_s: float = 0.0
    max_jobs: int = 0
    max_work_s: float = 0.0
    threads: int = 1
    index: str = ""


class Worker:
    """One job at a time."""

    def __init__(self, hub: WorkerHub, folder: Path, options: WorkerOptions) -> None:
        self.num_done, self.num_lost = 0, 0
        self._hub, self._folder, self._options = hub, folder, options
        self._leaving = threading.Event()
        self._child = Child()
        self._worked_s = 0.0

    def leave(self) -> None:
        """Finish nothing more: the job at work is given up and runs elsewhere."""
        self._leaving.set()
        self._child.stop()

    def run(self) -> str:
        """Work until told otherwise; why it ended.

        Raises:
            HubRefusal: the hub does not want this worker.
        """
        idle_since = time.monotonic()
        dice = random.Random()
        while not self._leaving.is_set():
            over = self._is_over(time.monotonic() - idle_since)
            if over:
                return over
            job = self._lease()
            if job is None:
                self._leaving.wait(self._options.poll_s * dice.uniform(0.5, 1.5))
                continue
            started = time.monotonic()
            self._do(job)
            self._worked_s += time.monotonic() - started
            idle_since = time.monotonic()
        return "told to leave"

    def _is_over(self, idle_s: float) -> str:
        limits = self._options
        if limits.max_jobs and self.num_done >= limits.max_jobs:
            return f"{self.num_done} jobs done"
        if limits.max_work_s and self._worked_s >= limits.max_work_s:
            return f"worked for {self._worked_s:.0f} s"
        if limits.idle_s and idle_s >= limits.idle_s:
            return f"nothing to do for {idle_s:.0f} s"
        return ""

    def _lease(self) -> dict[str, Any] | None:
        body = {
            "worker": self._options.name, "kinds": list(self._options.kinds),
            "num_gpus": len(self._options.gpus), "lease_s": self._options.lease_s,
        }  # fmt: skip
        try:
            job: dict[str, Any] | None = self._hub.call("POST", "/jobs-lease", body, tries=1)
        except TransportError as err:
            logger.warning("hub away %s", err.code)
            return None
        return job

    def _do(self, job: dict[str, Any]) -> None:
        """One job from lease to finish; whatever goes wrong, the hub hears of it once."""
        logger.info("job begins job=%s kind=%s", job["job_id"][:8], job["kind"])
        self._child = Child()
        place = self._folder / "work" / job["job_id"]
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        pulse = Pulse(self._hub, job, self._options.lease_s, self._child.stop)
        desk = Desk(
            job, self._hub, pulse, self._child, place, self._folder / "cache",
            lambda packages, code: self._command(packages, code, int(job["num_gpus"])),
        )  # fmt: skip
        try:
            with pulse:
                status, message, result = self._outcome(desk)
            if not pulse.is_lost and not self._leaving.is_set():
                self._finish(pulse, status, message, result)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _outcome(self, desk: Desk) -> tuple[str, str, dict[str, Any]]:
        try:
            result = do_job(desk)
        except ChildFailedError as err:
            if desk.pulse.is_cancelled:
                return "cancelled", "cancelled while at work", {}
            return "failed", str(err), {}
        except (TrainerError, SyncError) as err:
            return "failed", f"{err.code}: {err}", {"hint": err.hint}
        except Exception as err:  # the job has failed, the worker goes on
            logger.exception("job failed job=%s", desk.job["job_id"][:8])
            return "failed", f"{type(err).__name__}: {err}", {}
        return "done", "", result

    def _finish(self, pulse: Pulse, status: str, message: str, result: dict[str, Any]) -> None:
        body = pulse.body(status=status, message=message[:2000].replace("\x00", ""), result=result)
        try:
            pulse.flush()
            self._hub.call("POST", f"/jobs/{pulse.job_id}/finish", body)
        except HubRefusal as err:
            if not err.is_lease_lost:
                raise
            self.num_lost += 1
            logger.warning("result thrown away job=%s %s", pulse.job_id[:8], err)
        except TransportError as err:
            self.num_lost += 1
            logger.warning("result not told job=%s %s", pulse.job_id[:8], err.code)
        else:
            self.num_done += 1
            logger.info("job ends job=%s status=%s", pulse.job_id[:8], status)

    def _command(
        self, packages: Sequence[str], code: str, num_gpus: int
    ) -> tuple[Path, Mapping[str, str]]:
        """Interpreter and environment variables of a child."""
        python = python_for(list(packages), self._folder / "environments", self._options.index)
        roots = [str(CODE_ROOT)]
        if code:
            archive = self._hub.fetch_artifact(code)
            roots.insert(0, str(unpack_code(archive, code, self._folder / "code")))
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        devices = ",".join(str(number) for number in self._options.gpus[:num_gpus])
        return python, {
            **kept,
            "PYTHONPATH": os.pathsep.join(roots),
            "PYTHONUNBUFFERED": "1",  # lines are heard when they are said
            "OMP_NUM_THREADS": str(self._options.threads),
            "CUDA_VISIBLE_DEVICES": devices,
        }


@contextlib.contextmanager
def leaving_on_signals(worker: Worker) -> Iterator[None]:
    """SIGTERM and SIGINT end the worker; its job runs elsewhere."""
    before: dict[signal.Signals, Any] = {}

    def leave(number: int, frame: object) -> None:
        threading.Thread(target=worker.leave, daemon=True).start()

    handler: Callable[[int, object], None] = leave
    for number in (signal.SIGTERM, signal.SIGINT):
        before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
