"""The first and last lines of every process."""

import faulthandler
import logging
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import edge.__main__ as edge_main
from edge.bus.sockets import Bus
from edge.errors import JournalError
from edge.messages.command_messages import Health
from edge.processes.worker import EXIT_CONFIG, EXIT_FAILED, EXIT_OK, Work, run_process
from tests.edge.processes.lane_fixture import make_work, newest
from tests.system.running_box import make_config


@pytest.fixture(autouse=True)
def process_state() -> Iterator[None]:
    """`run_process` sets up logging and signals for a whole process; a test gives them back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    faulthandler.unregister(signal.SIGUSR1)
    for number, handler in signals.items():
        signal.signal(number, handler)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def config_path(tmp_path: Path) -> Path:
    make_config(tmp_path)
    return tmp_path / "edge.toml"


def _ok(work: Work) -> None:
    work.beat()


def _fails(work: Work) -> None:
    raise JournalError("disk is gone", hint="plug it in")


def _crashes(work: Work) -> None:
    raise ZeroDivisionError("a bug")


@pytest.mark.parametrize(
    ("run", "expected", "logged"),
    [
        pytest.param(_ok, EXIT_OK, "process ended", id="done"),
        pytest.param(_fails, EXIT_FAILED, "code=journal.unwritable: disk is gone", id="known"),
        pytest.param(_crashes, EXIT_FAILED, "ZeroDivisionError: a bug", id="unexpected"),
    ],
)
def test_how_a_process_ended_is_its_exit_code_and_in_its_log(
    config_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    run: Callable[[Work], None],
    expected: int,
    logged: str,
) -> None:
    caplog.set_level(logging.INFO)
    arguments = ["--config", str(config_path), "--lane", "a"]
    assert run_process("basket", run, arguments) == expected
    assert logged in caplog.text + capsys.readouterr().err


@pytest.mark.parametrize(
    ("process", "place", "message"),
    [
        pytest.param("basket", ["--lane", "b"], "no lane 'b'", id="no such lane"),
        pytest.param("basket", [], "no lane ''", id="lane missing"),
        pytest.param("capture", ["--lane", "a", "--camera", "x"], "no camera 'x'", id="no camera"),
    ],
)
def test_a_place_that_is_not_configured_is_a_mistake_of_the_caller(
    config_path: Path,
    capsys: pytest.CaptureFixture[str],
    process: str,
    place: list[str],
    message: str,
) -> None:
    assert run_process(process, _ok, ["--config", str(config_path), *place]) == EXIT_CONFIG
    assert message in capsys.readouterr().err


def test_a_bad_file_ends_the_start_with_key_and_line(
    config_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_path.write_text(config_path.read_text().replace("port =", "prot ="))
    assert edge_main.main(["--config", str(config_path)]) == EXIT_CONFIG
    errors = capsys.readouterr().err
    assert "kiosk.prot is no known key" in errors
    assert f"{config_path}:" in errors


def test_a_good_file_can_be_checked_without_a_start(config_path: Path) -> None:
    assert edge_main.main(["--config", str(config_path), "--check"]) == EXIT_OK


def test_health_is_told_with_a_beat_and_at_once_when_it_changes(tmp_path: Path) -> None:
    work = make_work(tmp_path, "basket", "a")
    bus = Bus(work.config.paths.run_dir, "kiosk")
    subscriber = bus.subscriber("health", Health, process="basket.a")
    for _ in range(200):
        work.report("failed" if _ % 2 else "ok", "journal.unwritable", "disk", {"n": 5})
        if subscriber.socket.poll(10):
            break
    health = newest(subscriber)
    assert isinstance(health, Health)
    assert (health.process, health.facts, health.boot_id) == ("basket.a", {"n": "5"}, work.boot_id)
    assert health.rss_mib > 1
    bus.close()
    work.close()
