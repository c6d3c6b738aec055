"""First and last lines of every process: arguments, configuration, logs, signals, life, health.

Flow: python -m edge.processes.X --config F [--lane L] [--camera C] -> run(Work) -> exit code

A process is a function `run(work)` with a loop that calls `work.beat()` at least once per second
and ends when `work.is_stopping`. Here is the one broad except of the box: whatever a process did
not expect is logged, told as its last health, and ends it; the supervisor brings it back.
"""

import argparse
import ctypes
import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from edge.bus.sockets import Bus
from edge.config import CameraKnobs, EdgeConfig, LaneKnobs
from edge.config_file import read_config
from edge.errors import ConfigError, EdgeError
from edge.messages.command_messages import Health
from edge.processes.heartbeat import Heartbeat, beat_path
from edge.processes.process_table import PROCESSES
from sync.errors import SyncError

EXIT_OK, EXIT_FAILED, EXIT_CONFIG = 0, 1, 2
HEALTH_INTERVAL_NS = 1_000_000_000
LAST_WORDS_MS = 100  # for the last health to leave
PR_SET_PDEATHSIG = 1
STDERR = 2
LOG_FORMAT = "%(asctime)s %(levelname)s {instance} %(name)s: %(message)s"

logger = logging.getLogger(__name__)


class Work:
    """What a process is given.

    Attributes:
        instance: the process's name with `.lane` or `.lane.camera` behind it.
        boot_id: of this boot of the machine; times of another boot mean nothing.
        life: changes with every start of the box.
        stopping: set when the process should end; wait on it instead of sleeping.
    """

    def __init__(
        self,
        process: str,
        config: EdgeConfig,
        lane_id: str = "",
        camera_id: str = "",
        supervisor_pid: int = 0,
    ) -> None:
        self.process = process
        self.config = config
        self.lane_id = lane_id
        self.camera_id = camera_id
        self.instance = instance_name(process, lane_id, camera_id)
        self.boot_id = read_boot_id()
        self.life = f"{self.boot_id}/{supervisor_pid or os.getppid()}"
        self.stopping = threading.Event()
        self.bus = Bus(config.paths.run_dir, process, self.instance)
        self._health = self.bus.publisher("health", Health)
        self._heart = Heartbeat(beat_path(config.paths.run_dir, self.instance))
        self._state = Health(self.instance, os.getpid(), 0, self.boot_id)
        self._next_health_ns = 0

    @property
    def is_stopping(self) -> bool:
        """Whether the loop should end."""
        return self.stopping.is_set()

    @property
    def lane(self) -> LaneKnobs:
        """The lane this process works for."""
        return self.config.lane(self.lane_id)

    @property
    def camera(self) -> CameraKnobs:
        """The camera this process works for."""
        return self.config.camera(self.lane_id, self.camera_id)

    def beat(self) -> None:
        """Alive; publishes health once per second. Call it from the loop that does the work."""
        self._heart.beat()
        now_ns = time.monotonic_ns()
        if now_ns >= self._next_health_ns:
            self._next_health_ns = now_ns + HEALTH_INTERVAL_NS
            self._publish(now_ns)

    def report(
        self,
        verdict: str = "ok",
        reason: str = "",
        message: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """How this process does, published at once if the verdict changed, else with a beat.

        Args:
            reason: stable code where not ok.
            facts: small figures for `edgectl status`.
        """
        is_changed = (verdict, reason) != (self._state.verdict, self._state.reason)
        self._state = Health(
            self.instance, os.getpid(), 0, self.boot_id, verdict, reason, message, 0.0,
            {name: str(value) for name, value in (facts or {}).items()},
        )  # fmt: skip
        if is_changed:
            if verdict != "ok":
                logger.warning("health %s reason=%s %s", verdict, reason, message)
            else:
                logger.info("health ok")
            self._publish(time.monotonic_ns())

    def close(self) -> None:
        """Say the last words and let everything go."""
        self.bus.close(LAST_WORDS_MS)
        self._heart.close()

    def _publish(self, now_ns: int) -> None:
        state = self._state
        self._health.send(
            Health(
                state.process,
                state.pid,
                now_ns,
                state.boot_id,
                state.verdict,
                state.reason,
                state.message,
                resident_mib(),
                state.facts,
            )  # fmt: skip
        )


def run_process(process: str, run: Callable[[Work], None], argv: list[str] | None = None) -> int:
    """Run one process of the table to its end; the exit code."""
    arguments = _arguments(process, argv)
    try:
        config = read_config(arguments.config)
        _check_place(process, config, arguments.lane, arguments.camera)
    except ConfigError as err:
        print_config_error(err)
        return EXIT_CONFIG
    instance = instance_name(process, arguments.lane, arguments.camera)
    set_up_logging(config.log_level, instance)
    if arguments.supervisor_pid and not die_with(arguments.supervisor_pid):
        return EXIT_FAILED
    try:
        place = (arguments.lane, arguments.camera)
        work = Work(process, config, *place, arguments.supervisor_pid)
    except EdgeError as err:
        _log_failure(err.code, err, err.hint)
        return EXIT_FAILED
    catch_signals(work.stopping)
    faulthandler.register(signal.SIGUSR1, STDERR)  # the supervisor asks a hung process where it is
    return _run_to_its_end(work, run)


def instance_name(process: str, lane_id: str = "", camera_id: str = "") -> str:
    """`capture.lane-1.top`."""
    return ".".join(part for part in (process, lane_id, camera_id) if part)


def read_boot_id() -> str:
    """A text that changes with every boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def resident_mib() -> float:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def set_up_logging(level: str, instance: str) -> None:
    """Log lines go to stderr, where systemd or the terminal takes them."""
    logging.basicConfig(
        level=level.upper(), format=LOG_FORMAT.format(instance=instance), stream=sys.stderr
    )
    faulthandler.enable(STDERR)


def catch_signals(stopping: threading.Event) -> None:
    """SIGTERM and SIGINT end the loop."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def die_with(parent_pid: int) -> bool:
    """Let the kernel kill this process when its parent dies; False if it is dead already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return os.getppid() == parent_pid


def print_config_error(err: ConfigError) -> None:
    """The message as it is, without a log line's head: a person reads it."""
    sys.stderr.write(f"{err}\nhint: {err.hint}\n")


def _run_to_its_end(work: Work, run: Callable[[Work], None]) -> int:
    logger.info("process started pid=%d", os.getpid())
    try:
        run(work)
    except (EdgeError, SyncError) as err:
        _log_failure(err.code, err, err.hint)
        work.report("failed", err.code, str(err))
        return EXIT_FAILED
    except Exception as err:
        logger.exception("process failed")
        work.report("failed", "process.crashed", f"{type(err).__name__}: {err}")
        return EXIT_FAILED
    finally:
        work.close()
    logger.info("process ended")
    return EXIT_OK


def _log_failure(code: str, err: Exception, hint: str) -> None:
    logger.error("process failed code=%s: %s; hint: %s", code, err, hint)


def _arguments(process: str, argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {PROCESSES[process].module}")
    parser.add_argument("--config", type=Path, required=True, help="the box's TOML file")
    parser.add_argument("--lane", default="", help="lane_id, for a process per lane or camera")
    parser.add_argument("--camera", default="", help="camera_id, for a process per camera")
    parser.add_argument("--supervisor-pid", type=int, default=0, help="end when it ends")
    return parser.parse_args(argv)


def _check_place(process: str, config: EdgeConfig, lane_id: str, camera_id: str) -> None:
    scope = PROCESSES[process].scope
    try:
        if scope == "lane":
            config.lane(lane_id)
        elif scope == "camera":
            config.camera(lane_id, camera_id)
    except KeyError as err:
        raise ConfigError(
            f"{process}: {err.args[0]}", hint=f"--lane and --camera name the {scope}"
        ) from err
