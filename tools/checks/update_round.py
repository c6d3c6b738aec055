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
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from edge.bus.sockets import Bus
from edge.config import FACTORY_BUNDLE
from tools.benchmarks.staged_box import Shopper
from tools.demo_run.clip_folder import ASSETS
from tools.demo_run.real_processes import (
    BOX_TOML,
    HUB_TOML,
    KEYS,
    REPO,
    Transcript,
    free_port,
    is_open,
    running,
    write_passphrase,
)

SHADOW_LIMIT_S = 900.0  # a dozen baskets of eight seconds; an idle-priority child on a busy box
CLIP = ASSETS / "clips" / "03_look_alikes"
RING = "pilot"


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
    note = ["--note", "the factory bundle under another version"]
    transcript.run("hubctl", "bundle", "vouch", bundle_id[:12], *note, *REPO, *KEYS)
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
    write_passphrase(folder)
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


if __name__ == "__main__":
    sys.exit(main())
