"""Starts every process of the table, watches it, brings it back, and ends it in order.

Flow: EdgeConfig + PROCESSES -> children -> health.supervisor, supervisor.json

A dead child comes back after a short, growing, capped pause; there is no last attempt. A child
without a sign of life is killed. Children die with the supervisor, so nothing is left behind and
nothing runs twice. It reads no topic and decides nothing about a sale.
"""

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edge.bus.sockets import Bus, Publisher
from edge.config import EdgeConfig, SupervisorKnobs
from edge.errors import FatalError
from edge.file_claim import ClaimWords, claim_file
from edge.messages.command_messages import Health
from edge.processes.heartbeat import beat_path, last_beat_ns
from edge.processes.process_table import PROCESSES, Process
from edge.processes.restart_policy import NS, Deaths, RestartPolicy, is_hung
from edge.processes.worker import instance_name, read_boot_id, resident_mib

POLL_S = 0.05  # a dead child is noticed after this
STATUS_NAME = "supervisor.json"
HEALTH_INTERVAL_NS = 1_000_000_000
# Every process has its own share of the machine; a pool of threads in each would fight for it.
CHILD_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

logger = logging.getLogger(__name__)


class SupervisorError(FatalError):
    """The box runs already, or its folders cannot be written."""

    code = "supervisor.refused"


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """One process to run.

    Attributes:
        row: its name in the table; children of one row are stopped together.
        name: the row with `.lane` or `.lane.camera` behind it.
    """

    row: str
    name: str
    command: tuple[str, ...]
    watchdog_s: float
    restart: Literal["always", "on_failure"] = "always"


@dataclass(slots=True)
class _Child:
    plan: ChildPlan
    beat_path: Path
    process: subprocess.Popen[bytes] | None = None
    started_ns: int = 0
    start_at_ns: int = 0
    is_done: bool = False
    last_exit: str = ""
    deaths: Deaths = field(default_factory=Deaths)

    @property
    def state(self) -> str:
        if self.process is not None:
            return "running"
        return "done" if self.is_done else "waiting"


class Supervisor:
    """Keeps a list of processes running."""

    def __init__(self, plans: Sequence[ChildPlan], run_dir: Path, knobs: SupervisorKnobs) -> None:
        """Claim the run folder.

        Raises:
            SupervisorError: another supervisor has it, or it cannot be written.
        """
        self._run_dir = run_dir
        self._stop_timeout_s = knobs.stop_timeout_s
        self._policy = RestartPolicy(knobs.restart_cap_s, knobs.stable_after_s)
        self._lock = _lock(run_dir)
        self._children = [_Child(plan, beat_path(run_dir, plan.name)) for plan in plans]
        self._boot_id = read_boot_id()
        self._bus = Bus(run_dir, "supervisor")
        self._health: Publisher[Health] = self._bus.publisher("health", Health)
        self._next_health_ns = 0
        self._written = ""

    def run(self, stopping: threading.Event) -> None:
        """Start everything, keep it running until `stopping` is set, then end it."""
        notify_systemd("READY=1")
        try:
            while not stopping.is_set():
                self.step()
                stopping.wait(POLL_S)
        finally:
            notify_systemd("STOPPING=1")
            self.stop()

    def step(self) -> None:
        """Look after every child once."""
        now_ns = time.monotonic_ns()
        for child in self._children:
            self._look_after(child, now_ns)
        self._write_status()
        if now_ns >= self._next_health_ns:
            self._next_health_ns = now_ns + HEALTH_INTERVAL_NS
            self._health.send(self._own_health(now_ns))
            notify_systemd("WATCHDOG=1")

    def stop(self) -> None:
        """End the children, bottom row first, and let the run folder go."""
        for row in reversed(list(dict.fromkeys(child.plan.row for child in self._children))):
            self._stop_row([c for c in self._children if c.plan.row == row])
        self._write_status()
        self._bus.close()
        os.close(self._lock)
        logger.info("supervisor ended")

    def _look_after(self, child: _Child, now_ns: int) -> None:
        if child.process is None:
            if not child.is_done and now_ns >= child.start_at_ns:
                self._start(child, now_ns)
            return
        code = child.process.poll()
        if code is not None:
            self._bury(child, _exit_text(code), now_ns)
        elif is_hung(
            now_ns, child.started_ns, last_beat_ns(child.beat_path), child.plan.watchdog_s
        ):
            logger.error(
                "process hangs, killed name=%s pid=%d watchdog_s=%g",
                child.plan.name, child.process.pid, child.plan.watchdog_s,
            )  # fmt: skip
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(signal.SIGUSR1)  # it logs where it hangs, if it can
            time.sleep(POLL_S)
            child.process.kill()

    def _start(self, child: _Child, now_ns: int) -> None:
        child.started_ns = now_ns
        try:
            child.beat_path.unlink(missing_ok=True)
            child.process = subprocess.Popen(
                child.plan.command,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **CHILD_ENVIRONMENT},
                start_new_session=True,  # Ctrl-C reaches only us; we end the others in order
            )
        except OSError as err:  # no memory, no more processes: that may pass
            self._bury(child, f"cannot start: {err.strerror}", now_ns)
            return
        logger.info("process started name=%s pid=%d", child.plan.name, child.process.pid)

    def _bury(self, child: _Child, last_exit: str, now_ns: int) -> None:
        child.process = None
        child.last_exit = last_exit
        if last_exit == "0" and child.plan.restart == "on_failure":
            child.is_done = True
            return
        child.deaths = self._policy.after_death(child.deaths, now_ns - child.started_ns)
        pause_s = self._policy.pause_s(child.deaths)
        child.start_at_ns = now_ns + round(pause_s * NS)
        logger.warning(
            "process ended name=%s exit=%s restarts=%d pause_s=%.1f",
            child.plan.name, last_exit, child.deaths.total, pause_s,
        )  # fmt: skip

    def _stop_row(self, children: list[_Child]) -> None:
        running = [c for c in children if c.process is not None]
        for child in running:
            assert child.process is not None
            child.process.terminate()
        deadline = time.monotonic() + self._stop_timeout_s
        for child in running:
            assert child.process is not None
            try:
                code = child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.warning("process does not end, killed name=%s", child.plan.name)
                child.process.kill()
                code = child.process.wait()
            child.process, child.is_done, child.last_exit = None, True, _exit_text(code)

    def _own_health(self, now_ns: int) -> Health:
        away = [c.plan.name for c in self._children if c.state == "waiting"]
        return Health(
            "supervisor",
            os.getpid(),
            now_ns,
            self._boot_id,
            "degraded" if away else "ok",
            "process.restarting" if away else "",
            ", ".join(away),
            resident_mib(),
            {c.plan.name: f"{c.state} restarts={c.deaths.total}" for c in self._children},
        )

    def _write_status(self) -> None:
        """Who runs under which number, for `edgectl`; written when it changes."""
        text = json.dumps(
            {
                "pid": os.getpid(),
                "boot_id": self._boot_id,
                "processes": [_status(child) for child in self._children],
            },
            indent=1,
        )
        if text != self._written:
            self._written = text
            temporary = self._run_dir / f".{STATUS_NAME}"
            try:
                temporary.write_text(text, encoding="utf-8")
                temporary.rename(self._run_dir / STATUS_NAME)
            except OSError as err:  # the children matter more than who can read about them
                logger.warning("status not written: %s", err.strerror)


def plan_children(
    config: EdgeConfig, config_path: Path, table: dict[str, Process] | None = None
) -> list[ChildPlan]:
    """Every process of the table, once per box, lane or camera."""
    plans = []
    for row, process in (PROCESSES if table is None else table).items():
        if process.needs_hub and not config.hub.url:
            continue
        for lane_id, camera_id in _places(config, process.scope):
            if process.needs_scale and not config.lane(lane_id).scale:
                continue
            command = [sys.executable, "-m", process.module, "--config", str(config_path)]
            command += ["--supervisor-pid", str(os.getpid())]
            command += ["--lane", lane_id] if lane_id else []
            command += ["--camera", camera_id] if camera_id else []
            name = instance_name(row, lane_id, camera_id)
            plans.append(ChildPlan(row, name, tuple(command), process.watchdog_s, process.restart))
    return plans


def notify_systemd(state: str) -> None:
    """Tell systemd, where it started us (Type=notify)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
        notify.sendto(state.encode(), address)


def _places(config: EdgeConfig, scope: str) -> list[tuple[str, str]]:
    if scope == "box":
        return [("", "")]
    if scope == "lane":
        return [(lane.lane_id, "") for lane in config.lanes]
    return [(lane.lane_id, camera.camera_id) for lane in config.lanes for camera in lane.cameras]


def _status(child: _Child) -> dict[str, str | int]:
    return {
        "name": child.plan.name,
        "state": child.state,
        "pid": child.process.pid if child.process is not None else 0,
        "restarts": child.deaths.total,
        "last_exit": child.last_exit,
    }


def _exit_text(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else str(code)


def _lock(run_dir: Path) -> int:
    words = ClaimWords(
        error=SupervisorError,
        held=f"a box runs in {run_dir} already",
        held_hint="stop it first, or set another paths.run_dir",
        setting="paths.run_dir",
    )
    return claim_file(run_dir / "supervisor.lock", words)
