"""The real hub as a process of its own, to be killed and started again while boxes speak to it.

Flow: folder -> hub.toml -> `python -m trainer.hub.serve` -> address

It listens on 127.0.0.1 in the clear, as behind a reverse proxy. What an operator would do (list the
keys of boxes, readmit one) is written to its database by the store's own functions.
"""

import contextlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import Engine

from trainer.store import enrolment
from trainer.store.database import open_database, reading, writing
from trainer.store.inbox import count_by_box

START_LIMIT_S = 600.0  # a busy machine takes its time
HUB_TOML = """schema = 1
state_dir = "{folder}"
port = {port}
public_url = "http://127.0.0.1:{port}"
is_behind_proxy = true
check_in_interval_s = {interval_s}
max_requests_per_s = {max_requests_per_s}
log_level = "error"
"""


class HubProcess:
    """One hub in one folder on one port, through as many starts as it takes."""

    def __init__(
        self, folder: Path, *, interval_s: int = 60, max_requests_per_s: int = 100_000
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.num_starts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._cpu_s = 0.0
        (folder / "hub.toml").write_text(
            HUB_TOML.format(
                folder=folder, port=self.port, interval_s=interval_s,
                max_requests_per_s=max_requests_per_s,
            )
        )  # fmt: skip

    @property
    def url(self) -> str:
        """Where it listens, whenever it runs."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; it answers when this returns.

        Raises:
            RuntimeError: it ended at once, or never answered; its log is in the folder.
        """
        with (self.folder / "hub.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "trainer.hub.serve", "--config",
                 str(self.folder / "hub.toml")],
                stdout=log, stderr=log,
            )  # fmt: skip
        self.num_starts += 1
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/health"):
                return
            time.sleep(0.1)
        raise RuntimeError(f"the hub did not start; see {self.folder / 'hub.log'}")

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, no goodbye."""
        if self._process is not None:
            self._cpu_s = self.cpu_s()
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def cpu_s(self) -> float:
        """CPU seconds of all its lives."""
        if self._process is None:
            return self._cpu_s
        times = psutil.Process(self._process.pid).cpu_times()
        return self._cpu_s + float(times.user) + float(times.system)

    def list_boxes(self, keys: Iterable[tuple[str, str]]) -> None:
        """Preauthorise (box id, public key) pairs; they enrol by themselves."""
        now = datetime.now(UTC)
        engine = self._database()
        with writing(engine) as connection:
            for box_id, key in keys:
                enrolment.preauthorise(connection, key, box_id, now=now, actor="factory")
        engine.dispose()

    def admit_boxes(self, keys: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Preauthorise and enrol (box id, public key) pairs at once; box id -> first nonce."""
        now = datetime.now(UTC)
        nonces = {}
        engine = self._database()
        with writing(engine) as connection:
            for box_id, key in keys:
                enrolment.preauthorise(connection, key, box_id, now=now, actor="factory")
                nonces[box_id] = enrolment.enrol(connection, box_id, key, "", now=now).nonce
        engine.dispose()
        return nonces

    def rows_per_box(self) -> dict[str, int]:
        """How many outbox rows of each box its database holds; box id -> count."""
        engine = self._database()
        with reading(engine) as connection:
            counts = count_by_box(connection)
        engine.dispose()
        return counts

    def readmit(self, box_id: str) -> None:
        """What `hubctl fleet readmit` does: a new chain of nonces for a quarantined box."""
        engine = self._database()
        with writing(engine) as connection:
            enrolment.set_status(
                connection, box_id, "enrolled", now=datetime.now(UTC), actor="op",
                reason="the copy is switched off",
            )  # fmt: skip
        engine.dispose()

    def _database(self) -> Engine:
        return open_database(f"sqlite:///{self.folder / 'hub.db'}")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
