"""A whole box on clips whose centre is a file: a candidate is staged, goods are paid.

Flow: clip -> python -m tools.benchmarks.staged_box -> supervisor with every process but the uplink

The uplink is replaced by this module, which says what `wanted.json` says; everything else is the
product, among it the bundles process, the shadow and its verdict.
"""

import contextlib
import json
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from edge.bundles.store import BundleStore
from edge.bus.commands import CommandClient, CommandTimeoutError
from edge.bus.sockets import Bus
from edge.config import FACTORY_BUNDLE, EdgeConfig
from edge.config_file import read_config
from edge.messages.basket_messages import BasketSnapshot, Phase
from edge.messages.bundle_messages import BundlesState, BundleStaged
from edge.messages.command_messages import (
    AnswerAsk,
    BasketCommand,
    BundleAction,
    Command,
    Finish,
    PaymentResult,
)
from edge.messages.perception_messages import Observations
from edge.messages.shadow_messages import ShadowReport
from edge.processes.hub_road import bundles_folder, updates_folder
from edge.processes.process_table import PROCESSES
from edge.processes.supervisor import Supervisor, plan_children
from edge.processes.worker import Work, catch_signals, run_process, set_up_logging
from sync.update_state import InstallReceipt, save_receipt
from tools.demo_run.clip_folder import ClipFolder
from tools.demo_run.demo_box import free_port

LANE = "lane-1"
WANTED_NAME = "wanted.json"
CALM_S = 2.5  # the shopper pays when nothing has changed for so long


class Shopper:
    """Pays whatever lies on the counter; answers questions with the first button.

    Attributes:
        num_paid: baskets paid.
    """

    def __init__(self, bus: Bus) -> None:
        self.num_paid = 0
        self._baskets = bus.subscriber("basket", BasketSnapshot, LANE)
        self._client = CommandClient(bus, "command", LANE)
        self._seen: tuple[str, int] = ("", 0)
        self._since = 0.0

    def step(self) -> BasketSnapshot | None:
        """Look, and do the next thing; the newest snapshot."""
        snapshots = self._baskets.receive_all()
        if not snapshots:
            return None
        snapshot, now = snapshots[-1], time.monotonic()
        if (snapshot.basket_id, snapshot.revision) != self._seen:
            self._seen, self._since = (snapshot.basket_id, snapshot.revision), now
        is_calm = now - self._since >= CALM_S
        if snapshot.phase is Phase.PAYING:
            self.num_paid += self._ask(PaymentResult("approved", "bench"))
        elif snapshot.phase is Phase.SHOPPING and snapshot.asks and is_calm:
            ask = snapshot.asks[0]
            self._ask(AnswerAsk(ask.ask_id, ask.options[0].sku_id if ask.options else ""))
        elif snapshot.can_pay and is_calm:
            self._ask(Finish())
        return snapshot

    def _ask(self, body: BasketCommand) -> bool:
        with contextlib.suppress(CommandTimeoutError):
            return self._client.ask(Command(LANE, secrets.token_hex(8), body), 2.0).is_done
        return False


class StagedBox:
    """A running box, what it says, and a shopper."""

    def __init__(self, config: EdgeConfig) -> None:
        self.config = config
        self.bus = Bus(config.paths.run_dir, "edgectl", "bench")
        self.shopper = Shopper(self.bus)
        self.bundles: BundlesState | None = None
        self.shadow: ShadowReport | None = None
        self.latencies_ms: list[float] = []  # capture to observations, every frame
        self._keeper = CommandClient(self.bus, "bundle_command", "")
        self._bundles = self.bus.subscriber("bundles", BundlesState)
        self._shadow = self.bus.subscriber("shadow", ShadowReport)
        self._observed = self.bus.subscriber("observations", Observations, LANE)

    def step(self, pause_s: float = 0.1) -> None:
        """Listen and shop for a moment."""
        time.sleep(pause_s)
        self.shopper.step()
        self.bundles = self._bundles.receive() or self.bundles
        self.shadow = self._shadow.receive() or self.shadow
        self.latencies_ms += [
            seen.latency_ms for seen in self._observed.receive_all() if seen.bundle_id
        ]

    def stage(self, bundle_id: str, generation: int) -> None:
        """The centre's wish; empty text takes it back."""
        self.shadow = None
        path = self.config.paths.run_dir / WANTED_NAME
        path.with_suffix(".new").write_text(json.dumps([bundle_id, generation]))
        path.with_suffix(".new").rename(path)

    def drop_candidate(self) -> None:
        """The candidate leaves, as `edgectl rollback` would say it."""
        body = BundleAction("drop_candidate", "bench")
        with contextlib.suppress(CommandTimeoutError):
            self._keeper.ask(Command("", secrets.token_hex(8), body), 5.0)

    def install_twin(self, version: str) -> str:
        """The factory bundle under another version: another digest, the same answers."""
        with tempfile.TemporaryDirectory() as folder:
            twin = Path(folder) / "twin"
            shutil.copytree(FACTORY_BUNDLE, twin)
            manifest = json.loads((twin / "manifest.json").read_text())
            manifest["version"] = version
            (twin / "manifest.json").write_text(json.dumps(manifest))
            bundle = BundleStore(bundles_folder(self.config)).import_directory(twin)
        receipt = InstallReceipt(
            bundle_id=bundle.bundle_id, bundle_generation=1, assignment_generation=1, versions={},
            verified_at=datetime.now(UTC), clock_source="system",
        )  # fmt: skip
        save_receipt(updates_folder(self.config) / "receipts", receipt)
        return bundle.bundle_id


@contextlib.contextmanager
def staged_box(clip: ClipFolder, folder: Path, cameras: int = 3) -> Iterator[StagedBox]:
    """Start it; stop it at the end."""
    ring = Path(tempfile.mkdtemp(prefix="tillsight-staged-", dir="/dev/shm"))
    config_path = folder / "edge.toml"
    config_path.write_text(_toml(clip, folder, ring, cameras))
    config = read_config(config_path)
    config.paths.run_dir.mkdir(parents=True, exist_ok=True)
    with (folder / "box.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.benchmarks.staged_box", "box", str(config_path)],
            stdout=log, stderr=log,
        )  # fmt: skip
    box = StagedBox(config)
    try:
        yield box
    finally:
        box.bus.close()
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        shutil.rmtree(ring, ignore_errors=True)


def run_uplink(work: Work) -> None:
    """Say what the file says."""
    staged = work.bus.publisher("bundle_staged", BundleStaged)
    path = work.config.paths.run_dir / WANTED_NAME
    while not work.stopping.wait(0.5):
        work.beat()
        with contextlib.suppress(OSError, ValueError):
            bundle_id, generation = json.loads(path.read_bytes())
            staged.send(BundleStaged(bundle_id, generation, "", time.monotonic_ns()))


def run_box(config_path: Path) -> None:
    """The supervisor with this module in the place of the uplink."""
    config = read_config(config_path)
    set_up_logging(config.log_level, "supervisor")
    stopping = threading.Event()
    catch_signals(stopping)
    row = replace(PROCESSES["uplink"], module="tools.benchmarks.staged_box")
    plans = plan_children(config, config_path, {**PROCESSES, "uplink": row})
    Supervisor(plans, config.paths.run_dir, config.supervisor).run(stopping)


def _toml(clip: ClipFolder, folder: Path, ring: Path, cameras: int) -> str:
    lines = [
        "schema = 1", 'box_id = "bench-box"', "[paths]",
        f'run_dir = "{folder / "run"}"', f'state_dir = "{folder / "state"}"',
        f'ring_dir = "{ring}"', "[kiosk]", f"port = {free_port()}", "[basket]",
        "paid_screen_s = 0.0", "clear_s = 20.0", "[hub]", 'url = "http://127.0.0.1:9"',
        'swap_policy = "production"', "[[lanes]]", f'lane_id = "{LANE}"',
    ]  # fmt: skip
    for name, video in list(clip.videos.items())[:cameras]:
        url = f"clip:{video.absolute()}?pace=real&loop=true&loop_s={clip.duration_s:g}"
        lines += ["[[lanes.cameras]]", f'camera_id = "{name}"', f'url = "{url}"']
        if name in clip.calibrations:
            lines.append(f'calibration = "{clip.calibrations[name].absolute()}"')
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["box"]:
        run_box(Path(sys.argv[2]))
        sys.exit(0)
    sys.exit(run_process("uplink", run_uplink))
