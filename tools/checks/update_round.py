"""The road of one bundle, with the real commands and processes; prints a transcript.

Flow: hubctl keys init -> hub -> edgectl enrol -> box -> publish, assign -> shadow -> swapped

`python -m tools.checks.update_round [--keep DIR]`; exit 0 when every step was seen. The new bundle
is the factory's under another version, so its golden frames are answered by real networks, and it
must price a dozen baskets of a looped clip like the old one: policy `lab`, beside production's.
"""

import argparse
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from edge.bus.sockets import Bus
from edge.config import FACTORY_BUNDLE
from tools.benchmarks.staged_box import Shopper
from tools.demo_run.clip_folder import ASSETS

STEP_LIMIT_S = 240.0
SHADOW_LIMIT_S = 900.0  # a dozen baskets of eight seconds; an idle-priority child on a busy box
CLIP = ASSETS / "clips" / "03_look_alikes"
NAMES = {"hubctl": "trainer.hubctl", "edgectl": "edge.edgectl"}
RING = "pilot"
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

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started = time.monotonic()

    def run(self, *words: str, is_shown: bool = True, may_fail: bool = False) -> str:
        """One command; what it said."""
        done = subprocess.run(
            [sys.executable, "-m", NAMES[words[0]], *words[1:]],
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=STEP_LIMIT_S,
        )  # fmt: skip
        if is_shown:
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


def main() -> int:
    """Run the road; 0 when all of it was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    keep = parser.parse_args().keep
    folder = keep or Path(tempfile.mkdtemp(prefix="ts-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        walk(Transcript(folder.absolute()))
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def walk(transcript: Transcript) -> None:
    """Every step in its order."""
    folder = transcript.folder
    port, kiosk = free_port(), free_port()
    prepare(folder, port, kiosk)
    offline = ["--online", "keys/online", "--offline", "keys/offline"]
    transcript.run("hubctl", "keys", "init", *REPO, *offline, *KEYS[4:])
    address = ["--hub", f"https://127.0.0.1:{port}", "--ca", "hub/tls/hub.crt"]
    address += ["--token-file", "hub/first-admin.token"]
    with running("trainer.hub.serve", folder, "hub.toml", "hub.log"):
        transcript.wait("the hub answers", lambda: is_open(port))
        claim = transcript.ask("hubctl", "fleet", "claim-code", "--ring", RING, *address)
        enrol = ["edgectl", "enrol", "-c", "edge.toml", "--claim-code", str(claim["claim_code"])]
        transcript.run(*enrol)
        with running("edge", folder, "edge.toml", "box.log"):
            install(transcript)
            transcript.run("hubctl", "fleet", "revoke", "box-1", *address, "--reason", "sold")
            wanted = "identity.not_enrolled"
            transcript.wait("the box is told so", lambda: _reason(transcript) == wanted)
            why = ["edgectl", "why-not-updated", "-c", "edge.toml"]
            transcript.run(*why, may_fail=True)
            transcript.run("edgectl", "bundles", "-c", "edge.toml")


def install(transcript: Transcript) -> None:
    """Publish, assign, and watch the box take it."""
    state = ["edgectl", "bundles", "-c", "edge.toml"]
    transcript.wait("the box serves its factory bundle", lambda: bool(_serving(transcript)))
    publish = ["hubctl", "bundle", "publish", "new-bundle", *REPO, *KEYS]
    transcript.run(*publish)
    bundle_id = str(transcript.ask("hubctl", "bundle", "list", *REPO)["bundles"][0])
    transcript.run("hubctl", "assign", RING, bundle_id[:12], *REPO, *KEYS)
    with _shopping(transcript.folder):
        shadow = ["edgectl", "shadow", "-c", "edge.toml"]
        transcript.wait(
            "fetched, verified, tried; baskets are compared",
            lambda: _compared(transcript),
            SHADOW_LIMIT_S,
        )
        transcript.run(*shadow)
        transcript.run("edgectl", "why-not-updated", "-c", "edge.toml", may_fail=True)
        transcript.wait(
            "it has priced enough baskets alike, is warm, swapped between baskets: it serves",
            lambda: _serving(transcript) == bundle_id,
            SHADOW_LIMIT_S,
        )
    transcript.run(*state)


def prepare(folder: Path, port: int, kiosk: int) -> None:
    """Files of a small shop: a passphrase, two configurations, a clip, a newer bundle."""
    (folder / "passphrase").write_text("correct horse battery staple\n")
    (folder / "passphrase").chmod(0o600)
    (folder / "hub.toml").write_text(HUB_TOML.format(folder=folder, port=port))
    box_toml = BOX_TOML.format(port=port, kiosk=kiosk) + "[basket]\npaid_screen_s = 0.0\n"
    (folder / "edge.toml").write_text(box_toml)
    shutil.copy(CLIP / "cam0.mp4", folder / "counter.mp4")
    shutil.copytree(FACTORY_BUNDLE, folder / "new-bundle")
    path = folder / "new-bundle" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["version"], manifest["generation"] = "1.0.1-round", manifest.get("generation", 1) + 1
    path.write_text(json.dumps(manifest))


@contextlib.contextmanager
def _shopping(folder: Path) -> Iterator[None]:
    """Somebody pays what lies on the counter, again and again."""
    stopping = threading.Event()

    def shop() -> None:
        bus = Bus(folder / "run", "edgectl", "shopper")  # sockets belong to this thread
        shopper = Shopper(bus)
        while not stopping.wait(0.1):
            shopper.step()
        bus.close()

    thread = threading.Thread(target=shop)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _compared(transcript: Transcript) -> bool:
    told = transcript.ask("edgectl", "shadow", "-c", "edge.toml").get("shadow") or {}
    return bool(dict(told.get("baskets", {})).get("same", 0))


def _serving(transcript: Transcript) -> str:
    return str(transcript.ask("edgectl", "bundles", "-c", "edge.toml").get("serving", ""))


def _reason(transcript: Transcript) -> str:
    return str(transcript.ask("edgectl", "why-not-updated", "-c", "edge.toml").get("reason", ""))


@contextlib.contextmanager
def running(module: str, folder: Path, config: str, log: str) -> Iterator[None]:
    """A process that lives as long as the block."""
    with (folder / log).open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--config", config], cwd=folder, stderr=stream,
            stdout=stream,
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def is_open(port: int) -> bool:
    """Whether somebody listens there on this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
