"""Real little programs under a real supervisor: killed, hanging, dying in a loop, stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.bus.sockets import Bus
from edge.config import SupervisorKnobs
from edge.config_file import read_config
from edge.messages.command_messages import Health
from edge.processes.process_table import PROCESSES
from edge.processes.supervisor import (
    STATUS_NAME,
    ChildPlan,
    Supervisor,
    SupervisorError,
    plan_children,
)
from edge.topics import TOPICS

ROOT = Path(__file__).resolve().parents[3]
BEATING = (
    "import sys, time\nfrom pathlib import Path\n"
    "from edge.processes.heartbeat import Heartbeat\n"
    "heart = Heartbeat(Path(sys.argv[1]))\n"
)
ALIVE = BEATING + "while True:\n    heart.beat()\n    time.sleep(0.05)\n"
HANGING = BEATING + "time.sleep(600)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ALIVE
KNOBS = SupervisorKnobs(restart_cap_s=0.3, stable_after_s=5.0, stop_timeout_s=0.5)


def _plan(run_dir: Path, name: str, program: str, watchdog_s: float = 30.0) -> ChildPlan:
    beat = run_dir / f"{name}.beat"
    command = (sys.executable, "-c", program, str(beat), str(run_dir / f"{name}.log"))
    return ChildPlan(name.partition(".")[0], name, command, watchdog_s)


class Running:
    """A supervisor in a thread of its own."""

    def __init__(self, run_dir: Path, plans: list[ChildPlan]) -> None:
        self.run_dir = run_dir
        self.supervisor = Supervisor(plans, run_dir, KNOBS)
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self.supervisor.run, args=(self.stopping,))
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self._thread.join()

    def status(self, name: str) -> dict[str, str | int]:
        try:
            text = (self.run_dir / STATUS_NAME).read_text()
        except FileNotFoundError:
            return {}
        found = [p for p in json.loads(text)["processes"] if p["name"] == name]
        return dict(found[0])

    def wait_for(self, name: str, is_true: Callable[[dict[str, str | int]], bool]) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            status = self.status(name)
            if status and is_true(status):
                return
            time.sleep(0.02)
        raise AssertionError(f"never so: {self.status(name)}")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def make(*plans: ChildPlan) -> Running:
        started.append(Running(tmp_path, list(plans)))
        return started[-1]

    yield make
    for running in started:
        running.stop()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_process_comes_back_alone(tmp_path: Path, start: Callable[..., Running]) -> None:
    running = start(_plan(tmp_path, "a", ALIVE), _plan(tmp_path, "b", ALIVE))
    running.wait_for("a", lambda s: s["state"] == "running")
    running.wait_for("b", lambda s: s["state"] == "running")
    before, other = running.status("a")["pid"], running.status("b")["pid"]
    os.kill(int(before), signal.SIGKILL)
    running.wait_for("a", lambda s: s["restarts"] == 1 and s["state"] == "running")
    after = running.status("a")
    assert after["pid"] != before
    assert after["last_exit"] == "SIGKILL"
    assert running.status("b")["pid"] == other


def test_a_process_that_hangs_is_killed_and_comes_back(
    tmp_path: Path, start: Callable[..., Running]
) -> None:
    running = start(_plan(tmp_path, "a", HANGING, watchdog_s=0.3))
    running.wait_for("a", lambda s: int(s["restarts"]) >= 2)


def test_a_process_that_dies_in_a_loop_is_started_again_and_again_with_pauses(
    tmp_path: Path, start: Callable[..., Running]
) -> None:
    program = (
        "import sys, time\nopen(sys.argv[2], 'a').write(f'{time.monotonic()}\\n')\nsys.exit(3)\n"
    )
    running = start(_plan(tmp_path, "a", program))
    running.wait_for("a", lambda s: int(s["restarts"]) >= 6)
    running.stop()
    times = [float(line) for line in (tmp_path / "a.log").read_text().split()]
    pauses = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert running.status("a")["last_exit"] == "3"
    assert pauses[-1] > 0.25
    assert max(pauses) < 30.0


def test_a_program_that_cannot_be_started_is_tried_again(
    tmp_path: Path, start: Callable[..., Running]
) -> None:
    running = start(ChildPlan("a", "a", (str(tmp_path / "nothing"),), 5.0))
    running.wait_for("a", lambda s: int(s["restarts"]) >= 3)
    assert "cannot start" in str(running.status("a")["last_exit"])


def test_a_process_that_is_done_is_left_alone(
    tmp_path: Path, start: Callable[..., Running]
) -> None:
    running = start(ChildPlan("a", "a", (sys.executable, "-c", ""), 5.0, "on_failure"))
    running.wait_for("a", lambda s: s["state"] == "done")
    assert running.status("a")["restarts"] == 0


def test_processes_stop_bottom_row_first_and_a_stubborn_one_is_killed(
    tmp_path: Path, start: Callable[..., Running]
) -> None:
    polite = (
        "import signal, sys, time\n"
        "def end(*_):\n    open(sys.argv[2], 'w').write(f'{time.monotonic()}')\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
    ) + ALIVE
    running = start(
        _plan(tmp_path, "top", polite),
        _plan(tmp_path, "low.1", polite),
        _plan(tmp_path, "lower", STUBBORN),
    )
    for name in ("top", "low.1", "lower"):
        running.wait_for(name, lambda _: (tmp_path / f"{name}.beat").exists())  # noqa: B023
    running.stop()
    assert running.status("lower")["last_exit"] == "SIGKILL"
    assert running.status("top")["last_exit"] == "0"
    assert float((tmp_path / "low.1.log").read_text()) < float((tmp_path / "top.log").read_text())


def test_the_supervisor_says_how_often_it_restarted_whom(
    tmp_path: Path, start: Callable[..., Running]
) -> None:
    start(_plan(tmp_path, "a", "raise SystemExit(1)"))
    bus = Bus(tmp_path, "kiosk")
    subscriber = bus.subscriber("health", Health, process="supervisor")
    deadline, facts = time.monotonic() + 60, ""
    while "restarts=0" in facts or not facts:
        assert time.monotonic() < deadline
        subscriber.socket.poll(1000)
        facts = "".join(m.facts["a"] for m in subscriber.receive_all()[-1:])
    bus.close()


def test_a_second_box_in_the_same_folder_is_refused(
    tmp_path: Path, start: Callable[..., Running]
) -> None:
    start()
    with pytest.raises(SupervisorError, match="runs in .* already"):
        Supervisor([], tmp_path, KNOBS)


def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    child = (
        "import os, sys, time\nfrom edge.processes.worker import die_with\n"
        "assert die_with(os.getppid())\nopen(sys.argv[1], 'w').write(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    program = (
        "import sys, threading\nfrom pathlib import Path\n"
        "from edge.config import SupervisorKnobs\n"
        "from edge.processes.supervisor import ChildPlan, Supervisor\n"
        "run_dir = Path(sys.argv[1])\n"
        f"command = (sys.executable, '-c', {child!r}, str(run_dir / 'pid'))\n"
        "plans = [ChildPlan('a', 'a', command, 60.0)]\n"
        "Supervisor(plans, run_dir, SupervisorKnobs()).run(threading.Event())\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    pid_file = tmp_path / "pid"
    deadline = time.monotonic() + 60
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    pid = int(pid_file.read_text())
    supervisor.kill()
    supervisor.wait()
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_alive(pid)


def test_the_table_is_planned_once_per_box_lane_and_camera() -> None:
    example = ROOT / "deploy" / "edge.example.toml"
    names = [plan.name for plan in plan_children(read_config(example), example)]
    cameras = [f"capture.lane-1.{camera}" for camera in ("top", "left", "right")]
    assert names == ["basket.lane-1", "kiosk", "perception", *cameras]


def test_systemd_is_told_that_the_box_is_up_alive_and_going(
    tmp_path: Path, start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        running = start()
        heard = [systemd.recv(100) for _ in range(2)]
        running.stop()
        while heard[-1] != b"STOPPING=1":
            heard.append(systemd.recv(100))
    assert heard[:2] == [b"READY=1", b"WATCHDOG=1"]


@pytest.mark.parametrize(
    ("readme", "names"),
    [
        pytest.param("edge/processes/README.md", list(PROCESSES), id="processes"),
        pytest.param("edge/bus/README.md", list(TOPICS), id="topics"),
    ],
)
def test_the_readme_names_every_row_of_the_table(readme: str, names: list[str]) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_every_publisher_of_a_topic_is_a_process() -> None:
    assert {row.publisher for row in TOPICS.values()} - set(PROCESSES) == {"*"}


def test_every_module_of_the_table_can_be_started() -> None:
    assert all((ROOT / f"{p.module.replace('.', '/')}.py").is_file() for p in PROCESSES.values())
