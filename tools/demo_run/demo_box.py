"""One box of the demo: its configuration on free ports, its processes, its end.

Flow: clip -> edge.toml -> python -m edge -> BoxView

Everything lies below `.demo/` of the checkout; nothing of the machine is touched.
"""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.config import EdgeConfig
from edge.config_file import read_config
from edge.kiosk.tokens import hash_pin
from edge.processes.box_view import BoxView, BoxWatch
from edge.processes.kiosk_address import kiosk_url
from tools.demo_run.clip_folder import ClipFolder

LANE_ID = "lane-1"
DEMO_PIN = "2580"  # of the demo's staff mode; a box has none until somebody sets one
MAX_RUN_DIR_CHARS = 50  # socket paths below it must stay under 100 characters
START_LIMIT_S = 60.0


@dataclass(frozen=True)
class DemoBox:
    """A box that runs."""

    config_path: Path
    config: EdgeConfig
    process: subprocess.Popen[bytes]
    log_path: Path
    watch: BoxWatch

    @property
    def kiosk_url(self) -> str:
        """Address of the shopper's page with this boot's token, once the kiosk has written it."""
        return kiosk_url(self.config)

    def look(self, timeout_s: float = 1.5) -> BoxView:
        """The newest message of every topic, heard since the box was started."""
        return self.watch.listen(timeout_s)


@contextmanager
def running_box(
    root: Path,
    clip: ClipFolder,
    *,
    is_looped: bool,
    extra_toml: str = "",
    prices_file: Path | None = None,
) -> Iterator[DemoBox]:
    """Start a box on a clip; stop it and remove its sockets and frames at the end."""
    home = root / clip.name
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    run_dir = run_dir_for(home)
    ring_dir = Path(tempfile.mkdtemp(prefix="tillsight-demo-", dir=_memory_folder()))
    config_path = home / "edge.toml"
    config_path.write_text(
        _toml(clip, run_dir, ring_dir, home / "state", free_port(), is_looped, prices_file)
        + extra_toml
    )
    log_path = home / "box.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "edge", "--config", str(config_path)],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    config = read_config(config_path)
    watch = BoxWatch(config)
    try:
        yield DemoBox(config_path, config, process, log_path, watch)
    finally:
        watch.close()
        stop(process)
        shutil.rmtree(ring_dir, ignore_errors=True)
        if not run_dir.is_relative_to(home):
            shutil.rmtree(run_dir, ignore_errors=True)


def wait_until_ready(box: DemoBox) -> BoxView:
    """Wait until the box has loaded its bundle and every camera has spoken.

    Raises:
        RuntimeError: it did not come up; the message ends with its log.
    """
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if box.process.poll() is not None:
            raise RuntimeError(f"the box ended by itself:\n{tail(box.log_path)}")
        view = box.look(0.5)
        is_loaded = view.perception is not None and bool(view.perception.bundle_id)
        if is_loaded and len(view.cameras) == len(box.config.lanes[0].cameras):
            return view
    raise RuntimeError(f"the box was not ready in {START_LIMIT_S:.0f} s:\n{tail(box.log_path)}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the box as a service manager would, by force if it does not listen."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(path: Path, num_lines: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-num_lines:])


def run_dir_for(home: Path) -> Path:
    """A folder for sockets: below `home` where their paths stay short enough."""
    inside = home / "run"
    if len(str(inside.absolute())) <= MAX_RUN_DIR_CHARS:
        return inside.absolute()
    return Path(tempfile.mkdtemp(prefix="tillsight-"))


def _memory_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _toml(
    clip: ClipFolder,
    run_dir: Path,
    ring_dir: Path,
    state_dir: Path,
    port: int,
    is_looped: bool,
    prices_file: Path | None,
) -> str:
    loop = f"&loop=true&loop_s={clip.duration_s:g}" if is_looped else ""
    lines = [
        "schema = 1",
        'box_id = "demo-box"',
        "[paths]",
        f'run_dir = "{run_dir}"',
        f'state_dir = "{state_dir.absolute()}"',
        f'ring_dir = "{ring_dir}"',
        *([f'prices_file = "{prices_file.absolute()}"'] if prices_file else []),
        "[kiosk]",
        f"port = {port}",
        'store = "Tillsight demo"',
        f'attendant_pin_hash = "{hash_pin(DEMO_PIN)}"',
        "[[lanes]]",
        f'lane_id = "{LANE_ID}"',
    ]
    for name, video in clip.videos.items():
        lines += [
            "[[lanes.cameras]]",
            f'camera_id = "{name}"',
            f'url = "clip:{video.absolute()}?pace=real{loop}"',
        ]
        if name in clip.calibrations:
            lines.append(f'calibration = "{clip.calibrations[name].absolute()}"')
    return "\n".join(lines) + "\n"
