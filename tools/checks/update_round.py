"""The road of one bundle, with the real commands and processes; prints a transcript.

Flow: hubctl keys init -> hub -> edgectl enrol -> box -> publish, assign -> swapped -> revoked

`python -m tools.checks.update_round [--keep DIR]`; exit 0 when every step was seen. The new bundle
is the factory's under another version, so its golden frames are answered by real networks.
"""

import argparse
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.config import FACTORY_BUNDLE

STEP_LIMIT_S = 240.0
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
allow_without_shadow = true
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

    def wait(self, what: str, is_so: Callable[[], bool]) -> None:
        """Until it is so, or this check has failed."""
        began = time.monotonic()
        while time.monotonic() - began < STEP_LIMIT_S:
            if is_so():
                self.say(f"# {what} after {time.monotonic() - began:.0f} s")
                return
            time.sleep(1.0)
        sys.exit(f"not seen in {STEP_LIMIT_S:g} s: {what}")

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
    transcript.wait(
        "fetched, verified, tried, warmed, swapped between baskets: it serves",
        lambda: _serving(transcript) == bundle_id,
    )
    transcript.run(*state)


def prepare(folder: Path, port: int, kiosk: int) -> None:
    """Files of a small shop: a passphrase, two configurations, a clip, a newer bundle."""
    (folder / "passphrase").write_text("correct horse battery staple\n")
    (folder / "passphrase").chmod(0o600)
    (folder / "hub.toml").write_text(HUB_TOML.format(folder=folder, port=port))
    (folder / "edge.toml").write_text(BOX_TOML.format(port=port, kiosk=kiosk))
    writer = cv2.VideoWriter(
        str(folder / "counter.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 5.0, (640, 360)
    )
    noise = np.random.default_rng(1)
    for _ in range(20):
        writer.write(noise.integers(88, 92, (360, 640, 3), dtype=np.uint8))
    writer.release()
    shutil.copytree(FACTORY_BUNDLE, folder / "new-bundle")
    path = folder / "new-bundle" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["version"], manifest["generation"] = "1.0.1-round", manifest.get("generation", 1) + 1
    path.write_text(json.dumps(manifest))


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
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
