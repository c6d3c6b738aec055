"""A real box in a temporary folder: supervisor, bus, journal, kiosk; only its eyes are scripted."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edge.bus.commands import CommandClient, CommandTimeoutError
from edge.bus.sockets import Bus, Subscriber, wait_for
from edge.config import EdgeConfig
from edge.config_file import read_config
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import BasketCommand, Command, CommandReply
from edge.processes.process_table import PROCESSES
from edge.processes.supervisor import STATUS_NAME, Supervisor, plan_children
from edge.processes.worker import catch_signals, set_up_logging
from sync.bundle import MANIFEST_NAME, BundleManifest, Preprocess, describe_file
from sync.decision import DecisionParameters
from tests.fakes.small_shop import small_catalog, small_prices
from tests.system.scripted_perception import write_scene

ROOT = Path(__file__).resolve().parents[2]
LANE = "a"
PARAMETERS = DecisionParameters(
    temperature=0.05, accept_margin=1.0, family_margin=2.0,
    accept_similarity=0.5, unknown_similarity=0.3,
)  # fmt: skip
START_TIMEOUT_S = 60.0
CONFIG = """
schema = 1
box_id = "box"
log_level = "info"
[paths]
run_dir = "{run}"
state_dir = "{state}"
ring_dir = "{ring}"
bundle_dir = "{bundle}"
[kiosk]
port = {port}
[basket]
clear_s = 0.5
paid_screen_s = 0.0
[supervisor]
restart_cap_s = 0.3
[[lanes]]
lane_id = "a"
[[lanes.cameras]]
camera_id = "top"
url = "clip:{clip}?loop=true"
"""


class RunningBox:
    """Starts the box and looks at it as a screen does.

    Attributes:
        seen: every snapshot that was published and heard.
    """

    def __init__(self, folder: Path, eyes: str = "tests.system.scripted_perception") -> None:
        self.folder = folder
        self.config_path = folder / "edge.toml"
        self.config = make_config(folder)
        self.run_dir = self.config.paths.run_dir
        self.run_dir.mkdir()
        self._eyes = eyes
        self._items: list[dict[str, object]] = []
        self._number = 0
        write_scene(self.run_dir, [])
        self._bus = Bus(self.run_dir, "kiosk", "test")
        self.baskets: Subscriber[BasketSnapshot] = self._bus.subscriber(
            "basket", BasketSnapshot, LANE
        )
        self._client = CommandClient(self._bus, "command", LANE)
        self.seen: list[BasketSnapshot] = []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def journal_path(self) -> Path:
        return self.config.paths.state_dir / f"journal-{LANE}.db"

    def start(self) -> None:
        with (self.folder / "box.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.system.running_box", self.config_path, self._eyes],
                cwd=ROOT,
                stderr=log,
            )

    def stop(self) -> int:
        """End the box in order; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)

    def kill_supervisor(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._bus.close()

    def pids(self) -> dict[str, int]:
        status = json.loads((self.run_dir / STATUS_NAME).read_text())
        return {p["name"]: p["pid"] for p in status["processes"] if p["pid"]}

    def restarts(self) -> int:
        status = json.loads((self.run_dir / STATUS_NAME).read_text())
        return sum(p["restarts"] for p in status["processes"])

    def kill(self, name: str) -> None:
        """SIGKILL, without warning; nothing if it is just away."""
        pid = self.pids().get(name)
        if pid is not None:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def put(self, sku_id: str) -> None:
        column, row = self._number % 6, self._number // 6 % 3
        item = {
            "number": self._number, "sku_id": sku_id, "x": 20 + 200 * column, "y": 20 + 200 * row,
            "since_ns": time.monotonic_ns(),
        }  # fmt: skip
        self._number += 1
        self._items.append(item)
        write_scene(self.run_dir, self._items)

    def take_all(self) -> None:
        self._items = []
        write_scene(self.run_dir, [])

    def look(self, timeout_s: float = 0.05) -> BasketSnapshot | None:
        """What the lane published since the last look; the newest."""
        wait_for([self.baskets.socket], max(1, round(timeout_s * 1000)))
        heard = self.baskets.receive_all()
        self.seen += heard
        return heard[-1] if heard else None

    def look_until(self, is_so: "Wanted", timeout_s: float = START_TIMEOUT_S) -> BasketSnapshot:
        deadline = time.monotonic() + timeout_s
        last = None
        while time.monotonic() < deadline:
            snapshot = self.look()
            if snapshot is not None and is_so(snapshot):
                return snapshot
            last = snapshot or last
        raise AssertionError(f"never so; last: {last}\n{self.log_tail()}")

    def ask(self, command_id: str, body: BasketCommand, timeout_s: float = 60.0) -> CommandReply:
        """As a screen does: the same command until somebody answers."""
        command = Command(LANE, command_id, body)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                return self._client.ask(command, 0.3)
            except CommandTimeoutError:
                self.look(0.001)
        raise AssertionError(f"no answer to {command}\n{self.log_tail()}")

    def log_tail(self) -> str:
        return "\n".join((self.folder / "box.log").read_text().splitlines()[-40:])


class Wanted:
    """Compares a snapshot's lines with a multiset of SKUs."""

    def __init__(self, *sku_ids: str, phase: str = "shopping") -> None:
        self.lines = {sku_id: sku_ids.count(sku_id) for sku_id in sku_ids}
        self.phase = phase

    def __call__(self, snapshot: BasketSnapshot) -> bool:
        return snapshot.phase == self.phase and lines_of(snapshot) == self.lines


def lines_of(snapshot: BasketSnapshot) -> dict[str, int]:
    lines: dict[str, int] = {}
    for line in snapshot.lines:
        lines[line.sku_id] = lines.get(line.sku_id, 0) + line.quantity
    return lines


def make_config(folder: Path) -> EdgeConfig:
    make_bundle(folder / "bundle")
    make_clip(folder / "clip.mp4")
    names = {name: folder / name for name in ("run", "state", "ring", "bundle")}
    text = CONFIG.format(**names, port=free_port(), clip=folder / "clip.mp4")
    path = folder / "edge.toml"
    path.write_text(text)
    return read_config(path)


def make_bundle(folder: Path, version: str = "1") -> None:
    """A bundle that sells, without networks: the eyes are scripted."""
    folder.mkdir()
    (folder / "catalog.json").write_text(small_catalog().model_dump_json())
    (folder / "prices.json").write_text(small_prices().model_dump_json())
    (folder / "thresholds.json").write_text(PARAMETERS.model_dump_json())
    manifest = BundleManifest(
        name="small shop",
        version=version,
        created="2026-11-21T00:00:00Z",
        embedder_id="e" * 16,
        embedding_dim=256,
        preprocess=Preprocess(detector_px=320, crop_px=160),
        files=(
            describe_file(folder, folder / "catalog.json", "catalog"),
            describe_file(folder, folder / "prices.json", "prices"),
            describe_file(folder, folder / "thresholds.json", "thresholds"),
        ),
    )
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())


def make_clip(path: Path) -> None:
    """Two seconds of noise, 160 x 120."""
    rng = np.random.default_rng(1)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 15.0, (160, 120))
    for _ in range(30):
        writer.write(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8))
    writer.release()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def main() -> int:
    """Run a box whose perception is another module."""
    config_path, eyes = Path(sys.argv[1]), sys.argv[2]
    config = read_config(config_path)
    set_up_logging(config.log_level, "supervisor")
    stopping = threading.Event()
    catch_signals(stopping)
    table = {**PROCESSES, "perception": replace(PROCESSES["perception"], module=eyes)}
    plans = plan_children(config, config_path, table)
    Supervisor(plans, config.paths.run_dir, config.supervisor).run(stopping)
    return 0


if __name__ == "__main__":
    sys.exit(main())
