"""Real commands, a real hub and real boxes of one small shop, each as its own process.

Flow: words of a command line -> process -> what it said; module, file -> a process that runs

What the walks in tools/checks and the demo of the loop share. Keys and certificates are made at run
time by the product's own commands; nothing of a machine but one folder is touched.
"""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

STEP_LIMIT_S = 240.0
NAMES = {"hubctl": "trainer.hubctl", "edgectl": "edge.edgectl"}
KEYS = ["--keys", "keys/online", "--keys", "keys/offline", "--passphrase-file", "passphrase"]
REPO = ["--repo", "hub/updates"]
HUB_TOML = """schema = 1
state_dir = "{folder}/hub"
host = "127.0.0.1"
port = {port}
public_url = "https://127.0.0.1:{port}"
check_in_interval_s = 5
log_level = "warning"
"""
BOX_TOML = """schema = 1
box_id = "box-1"
log_level = "info"
[paths]
run_dir = "run"
state_dir = "state"
ring_dir = "ring"
[kiosk]
port = {kiosk}
[hub]
url = "https://127.0.0.1:{port}"
ca_file = "hub/tls/hub.crt"
swap_policy = "lab"
[[lanes]]
lane_id = "lane-1"
[[lanes.cameras]]
camera_id = "top"
url = "clip:counter.mp4?loop=true"
fps = 5
"""


class Transcript:
    """Runs commands in one folder and prints them as they would be typed there."""

    def __init__(self, folder: Path, *, is_quiet: bool = False) -> None:
        self.folder = folder
        self.started = time.monotonic()
        self._is_quiet = is_quiet

    def run(self, *words: str, is_shown: bool = True, may_fail: bool = False) -> str:
        """One command; what it said."""
        done = subprocess.run(
            [sys.executable, "-m", NAMES[words[0]], *words[1:]],
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=STEP_LIMIT_S,
        )  # fmt: skip
        if is_shown and not self._is_quiet:
            self.say(f"$ {' '.join(words)}\n{(done.stdout + done.stderr).rstrip()}")
        if done.returncode and not may_fail:
            sys.exit(f"exit {done.returncode}: {' '.join(words)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def wait(self, what: str, is_so: Callable[[], bool], limit_s: float = STEP_LIMIT_S) -> None:
        """Until it is so, or this check has failed."""
        began = time.monotonic()
        while time.monotonic() - began < limit_s:
            if is_so():
                self.say(f"# {what} after {time.monotonic() - began:.0f} s")
                return
            time.sleep(1.0)
        sys.exit(f"not seen in {limit_s:g} s: {what}")

    def ask(self, *words: str) -> dict[str, Any]:
        """JSON of a command that is not shown."""
        with contextlib.suppress(ValueError):
            return dict(json.loads(self.run(*words, "--json", is_shown=False, may_fail=True)))
        return {}

    @staticmethod
    def say(text: str) -> None:
        """A piece of the transcript."""
        print(text, flush=True)


@contextlib.contextmanager
def running_command(
    words: list[str], folder: Path, log: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that lives as long as the block, or until somebody kills it."""
    with (folder / log).open("ab") as stream:
        process = subprocess.Popen(words, cwd=folder, stderr=stream, stdout=stream)
        try:
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


@contextlib.contextmanager
def running(
    module: str, folder: Path, config: str, log: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """A module of ours with its configuration, as long as the block."""
    words = [sys.executable, "-m", module, "--config", config]
    with running_command(words, folder, log) as process:
        yield process


def is_open(port: int) -> bool:
    """Whether somebody listens there on this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def write_passphrase(folder: Path) -> None:
    """The passphrase of the keys that are made in this folder; for this run only."""
    path = folder / "passphrase"
    path.write_text("correct horse battery staple\n")
    path.chmod(0o600)
