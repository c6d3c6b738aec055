"""The small shop of the loop: one real hub, two real boxes, a line that can be cut, two shoppers.

Flow: empty folder -> keys, hub (TLS), accounts, first bundle -> enrolled boxes that sell

Everything is the product's own: commands as typed, HTTP with tokens of one duty each, boxes as
`python -m edge`. Keys, passphrase and certificate are made at run time and stay in the folder.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from edge.config import EdgeConfig
from edge.config_file import read_config
from edge.processes.box_view import BoxView, look_at_box
from edge.processes.kiosk_address import kiosk_url
from edge.processes.supervisor import STATUS_NAME
from sync.catalog import load_catalog
from tools.demo_run.counter_film import (
    BASKET,
    CAMERA,
    CLIP,
    DUSK,
    FPS,
    NEW_SKU,
    write_empty_film,
    write_film,
)
from tools.demo_run.demo_box import free_port, run_dir_for
from tools.demo_run.kiosk_shopper import KioskShopper
from tools.demo_run.link_relay import LinkRelay
from tools.demo_run.real_processes import (
    HUB_TOML,
    KEYS,
    REPO,
    Transcript,
    is_open,
    running,
    write_passphrase,
)
from tools.demo_run.store_bundles import store_bundle
from trainer.hubctl.hub_session import HubSession

RINGS = ("lab-1", "lab-2")  # each is ring 0 of the releases that it tries
CHANNEL = "main"
LANE = "lane-1"
DUTIES = {"reviewer": "reviewer", "second": "reviewer", "trainer": "trainer",
          "approver": "approver", "operator": "operator", "gate": "gate"}  # fmt: skip
LIMIT_S = 300.0  # for one thing to happen on a busy machine
POLL_S = 0.25


class NotSeenError(RuntimeError):
    """Something that should have happened did not, in time."""


@dataclass
class LoopBox:
    """One counter: its configuration, its processes, its shopper."""

    box_id: str
    ring: str
    folder: Path
    config: EdgeConfig
    shopper: KioskShopper
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def page(self) -> str:
        """The kiosk's address with its token."""
        return kiosk_url(self.config)

    def look(self, seconds: float = 1.2) -> BoxView:
        """The newest message of every topic."""
        return look_at_box(self.config, seconds)

    def send_in_shoppers(self) -> None:
        """New shoppers, after the others went home."""
        self.shopper = KioskShopper(self.config, BASKET)
        self.shopper.start()

    def show(self, film: str) -> None:
        """Another film before the camera, which is plugged out and in."""
        target = self.folder / "counter.mp4"
        shutil.copy(self.folder.parent / film, target.with_suffix(".new"))
        target.with_suffix(".new").rename(target)
        status = json.loads((self.config.paths.run_dir / STATUS_NAME).read_bytes())
        for child in status["processes"]:
            if child["name"].startswith("capture") and child["pid"]:
                os.kill(child["pid"], signal.SIGKILL)


@dataclass
class LoopShop:
    """Everything that runs.

    Attributes:
        sessions: duty -> HTTP with a token of that duty.
        base_id: the bundle that the boxes begin with.
        round_s: how long a film lasts.
    """

    folder: Path
    transcript: Transcript
    stack: ExitStack
    hub_port: int = 0
    relay: LinkRelay | None = None
    hub: "subprocess.Popen[bytes] | None" = None
    boxes: list[LoopBox] = field(default_factory=list)
    sessions: dict[str, HubSession] = field(default_factory=dict)
    base_id: str = ""
    round_s: float = 0.0
    password: str = ""

    @property
    def hub_url(self) -> str:
        """Where people reach the hub."""
        return f"https://127.0.0.1:{self.hub_port}"

    def start_hub(self) -> None:
        """Start it, or start it again after it was killed."""
        self.hub = self.stack.enter_context(
            running("trainer.hub.serve", self.folder, "hub.toml", "hub.log")
        )
        wait_until("the hub answers", lambda: is_open(self.hub_port))

    def kill_hub(self) -> None:
        """SIGKILL, as when the power goes."""
        assert self.hub is not None
        self.hub.kill()
        self.hub.wait()

    def as_(self, duty: str) -> HubSession:
        """The hub over HTTP, with a token that may do one duty only."""
        return self.sessions[duty]


def wait_until(
    what: str, is_so: Callable[[], object], limit_s: float = LIMIT_S, since: float | None = None
) -> float:
    """Seconds from `since`, or from now, until it was so.

    Raises:
        NotSeenError: it was not so in time.
    """
    began, deadline = since or time.monotonic(), time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if is_so():
            return time.monotonic() - began
        time.sleep(POLL_S)
    raise NotSeenError(f"not seen in {limit_s:g} s: {what}")


def open_shop(folder: Path, stack: ExitStack) -> LoopShop:
    """Make it in an empty folder and open it; the stack closes everything."""
    shop = LoopShop(folder, Transcript(folder, is_quiet=True), stack)
    shop.hub_port = free_port()
    shop.relay = LinkRelay(free_port(), shop.hub_port)
    stack.callback(shop.relay.cut)
    write_passphrase(folder)
    text = HUB_TOML.format(folder=folder, port=shop.hub_port)
    text += f'catalogue_keys = "{folder}/keys/online"\n'
    text += f'catalogue_passphrase_file = "{folder}/passphrase"\n'
    (folder / "hub.toml").write_text(text)
    shop.round_s = write_film(folder / "day.mp4").seconds
    write_film(folder / "dusk.mp4", DUSK)
    write_empty_film(folder / "empty.mp4")
    shop.base_id = store_bundle(folder / "store-bundle", NEW_SKU).bundle_id
    offline = ["--online", "keys/online", "--offline", "keys/offline"]
    shop.transcript.run("hubctl", "keys", "init", *REPO, *offline, *KEYS[4:])
    shop.start_hub()
    _let_people_in(shop)
    _release_first_bundle(shop)
    for number, ring in enumerate(RINGS, start=1):
        shop.boxes.append(_enrolled_box(shop, f"box-{number}", ring))
    for box in shop.boxes:
        box.process = stack.enter_context(running("edge", box.folder, "edge.toml", "box.log"))
    for box in shop.boxes:
        wait_until(f"{box.box_id} sees its counter", partial(_is_ready, box))
        stack.callback(box.shopper.stop)
    return shop


def run_hubctl(shop: LoopShop, *words: str) -> str:
    """A command of the keepers, on the repository with the keys at hand."""
    return shop.transcript.run("hubctl", *words, *REPO, *KEYS)


def _is_ready(box: LoopBox) -> bool:
    view = box.look()
    return bool(view.perception and view.perception.bundle_id and view.cameras and view.baskets)


def _let_people_in(shop: LoopShop) -> None:
    """A token per duty, an account for the pages, the catalogue of what is sold."""
    trust = shop.folder / "hub" / "tls" / "hub.crt"
    admin = HubSession(shop.hub_url, shop.folder / "hub" / "first-admin.token", trust)
    shop.sessions["admin"] = admin
    for duty, role in DUTIES.items():
        made = admin.call("POST", "/tokens", {"name": f"demo-{duty}", "role": role})
        path = shop.folder / f"{duty}.token"
        path.touch(mode=0o600)
        path.write_text(made["token"] + "\n")
        shop.sessions[duty] = HubSession(shop.hub_url, path, trust)
    shop.password = secrets.token_urlsafe(12)
    account: dict[str, Any] = {"name": "demo", "roles": ["admin"], "display_name": "Demo"}
    admin.api("POST", "/accounts", {**account, "password": shop.password})
    skus = load_catalog(shop.folder / "store-bundle" / "catalog.json").skus
    rows = [sku.model_dump(mode="json", exclude={"picture"}) for sku in skus]
    told = admin.send("POST", "/skus-import?format=json&preview=false", json.dumps(rows).encode())
    if told["errors"]:
        raise NotSeenError(f"the catalogue was not taken: {told['errors'][:2]}")


def _release_first_bundle(shop: LoopShop) -> None:
    """What the boxes run already, so that the hub can make new SKUs fit it."""
    run_hubctl(shop, "bundle", "publish", "store-bundle")
    note = "the store's first bundle, made at installation"
    run_hubctl(shop, "bundle", "vouch", shop.base_id[:12], "--note", note)
    for ring in RINGS:
        run_hubctl(shop, "assign", ring, shop.base_id[:12], "--channel", CHANNEL)


def _enrolled_box(shop: LoopShop, box_id: str, ring: str) -> LoopBox:
    home = shop.folder / box_id
    home.mkdir()
    shutil.copy(shop.folder / "empty.mp4", home / "counter.mp4")
    ring_dir = Path(tempfile.mkdtemp(prefix="tillsight-loop-", dir="/dev/shm"))
    shop.stack.callback(shutil.rmtree, ring_dir, ignore_errors=True)
    run_dir = run_dir_for(home)
    shop.stack.callback(shutil.rmtree, run_dir, ignore_errors=True)
    (home / "edge.toml").write_text(_toml(shop, box_id, run_dir, ring_dir))
    body = {"box_id": box_id, "ring": ring}
    code = shop.as_("operator").call("POST", "/claim-codes", body)["claim_code"]
    config_path = str(home / "edge.toml")
    shop.transcript.run("edgectl", "enrol", "-c", config_path, "--claim-code", str(code))
    config = read_config(home / "edge.toml")
    return LoopBox(box_id, ring, home, config, KioskShopper(config, BASKET))


def _toml(shop: LoopShop, box_id: str, run_dir: Path, ring_dir: Path) -> str:
    assert shop.relay is not None
    lines = [
        "schema = 1", f'box_id = "{box_id}"', 'log_level = "info"', "[paths]",
        f'run_dir = "{run_dir}"', 'state_dir = "state"', f'ring_dir = "{ring_dir}"',
        f'bundle_dir = "{shop.folder / "store-bundle"}"',
        "[kiosk]", f"port = {free_port()}", f'store = "Tillsight demo, {box_id}"',
        "[basket]", "paid_screen_s = 0.0",
        "[hub]", f'url = "https://127.0.0.1:{shop.relay.port}"',
        f'ca_file = "{shop.folder}/hub/tls/hub.crt"', 'swap_policy = "lab"',
        "[[lanes]]", f'lane_id = "{LANE}"', "[[lanes.cameras]]", f'camera_id = "{CAMERA}"',
        'url = "clip:counter.mp4?loop=true"', f"fps = {FPS}",
        f'calibration = "{CLIP / f"{CAMERA}_calibration.json"}"',
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
