"""Prices, a new SKU and a hard case between a real hub and a real box; prints a transcript.

Flow: hub (TLS) + box (real networks, three cameras) -> case through a cut -> new SKU -> new price

`python -m tools.checks.catalogue_round [--keep DIR]`; exit 0 when every step was seen. The box's
bundle is the factory's without crackers; the film shows crackers, which are asked about first, then
published as a segment and sold. Counts seconds from a command's end to its effect at the counter.
"""

import argparse
import json
import secrets
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from edge.config import FACTORY_BUNDLE
from edge.config_file import read_config
from edge.errors import DegradedError
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import (
    AddLine,
    AnswerAsk,
    BasketCommand,
    CancelBasket,
    Command,
    Finish,
    PaymentResult,
)
from edge.processes.box_view import ask_lane, look_at_box
from sync.bundle import MANIFEST_NAME, describe_file, read_manifest
from sync.catalog import Catalog, load_catalog
from sync.gallery import load_gallery
from sync.price_list import load_price_list
from sync.sealing import unseal
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
from tools.demo_run.store_bundles import rows_of

SKU = "crackers_200"
OTHER = "rice_1kg"  # its price changes
LANE = "lane-1"
CLIPS = Path(__file__).resolve().parents[1] / "demo_run" / "assets" / "clips" / "02_put_back"
CAMERAS = ("cam0", "cam1", "cam2")
FILM_FPS = 5
EMPTY_S, LYING_S = 16, 14
NUM_REASONS = 2  # asked about, and answered
LIMIT_S = 400.0  # the machine may be busy with other work
CAMERA_TOML = """[[lanes.cameras]]
camera_id = "{name}"
url = "clip:{name}.mp4?loop=true"
fps = 5
calibration = "{name}_calibration.json"
"""


class Counter:
    """The lane as a shopper and an attendant use it."""

    def __init__(self, config_path: Path) -> None:
        self._config = read_config(config_path)

    def ask(self, body: BasketCommand) -> tuple[bool, str]:
        """One command; whether it was done, and the code where not."""
        command = Command(LANE, secrets.token_hex(8), body, "attendant")
        try:
            reply = ask_lane(self._config, command)
        except DegradedError as err:
            return False, err.code
        return reply.is_done, reply.code

    def basket(self) -> BasketSnapshot | None:
        """The basket as it stands."""
        return look_at_box(self._config, 1.0).baskets.get(LANE)

    def fact(self, process: str, name: str) -> str:
        """A figure of a process's health."""
        health = look_at_box(self._config, 1.5).health.get(process)
        return health.facts.get(name, "") if health else ""

    def price_of(self, sku_id: str) -> int:
        """Sell one piece in a basket of its own and give it back; -1 where it cannot be sold."""
        self.ask(CancelBasket())
        is_done, _ = self.ask(AddLine(sku_id))
        basket = self.basket() if is_done else None
        self.ask(CancelBasket())
        lines = basket.lines if basket is not None else ()
        return next((line.unit_amount_minor for line in lines if line.sku_id == sku_id), -1)


class Round:
    """The whole road, step by step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.transcript = Transcript(folder)
        self.port = free_port()
        prepare(folder, self.port)
        self.counter = Counter(folder / "edge.toml")
        self.address = ["--hub", f"https://127.0.0.1:{self.port}", "--ca", "hub/tls/hub.crt"]
        self.address += ["--token-file", "hub/first-admin.token"]

    def walk(self) -> None:
        """Every step in its order."""
        run = self.transcript.run
        run("hubctl", "keys", "init", *REPO, "--online", "keys/online", "--offline",
            "keys/offline", *KEYS[4:])  # fmt: skip
        with running("trainer.hub.serve", self.folder, "hub.toml", "hub.log"):
            self.until("the hub answers", lambda: is_open(self.port))
            claim = self.transcript.ask("hubctl", "fleet", "claim-code", *self.address)
            run("edgectl", "enrol", "-c", "edge.toml", "--claim-code", str(claim["claim_code"]))
        self.transcript.say("# the hub goes away, the box starts without it")
        with running("edge", self.folder, "edge.toml", "box.log"):
            self.case_through_a_cut()
            with running("trainer.hub.serve", self.folder, "hub.toml", "hub-2.log"):
                self.case_arrived()
                self.new_sku()
                self.new_price()
                self.take_out()

    def case_through_a_cut(self) -> None:
        """A question and its answer while the hub is away; their pictures open there later."""
        self.until("crackers are asked about, answered, and two cases wait", self.has_cases)

    def has_cases(self) -> bool:
        """Whether two hard cases were made; a shopper answers, those who left are sent on."""
        basket = self.leave_if_empty()
        num_made = int(self.counter.fact("uplink", "cases") or 0)
        if num_made and basket is not None and basket.asks:
            self.counter.ask(AnswerAsk(basket.asks[0].ask_id, OTHER))
        return num_made >= NUM_REASONS

    def leave_if_empty(self) -> BasketSnapshot | None:
        """The film begins anew: nobody stands at the counter. The basket otherwise."""
        basket = self.counter.basket()
        if basket is not None and basket.basket_id and not basket.items:
            self.counter.ask(CancelBasket())
        return basket

    def case_arrived(self) -> None:
        """Rows, blobs, and nothing left behind."""
        self.until("cases of two reasons are in the hub's table", self.have_reasons)
        made, rows = self.counter.fact("uplink", "cases"), self.cases()
        for row in rows:
            self.transcript.say(f"# a picture opens: {open_picture(self.folder, row)}")
        self.transcript.say(f"# {len(rows)} cases at the hub, {made} made")

    def have_reasons(self) -> bool:
        """Whether the hub has cases of different reasons; the film goes on."""
        self.has_cases()
        return len({json.loads(row)["reason"] for row in self.cases()}) >= NUM_REASONS

    def new_sku(self) -> None:
        """Published, and sold by the cameras to a shopper who does nothing."""
        self.until("crackers are known by no name", lambda: self.counter.price_of(SKU) == -1)
        self.transcript.run(
            "hubctl", "catalogue", "publish", "segment.npz", "--base", "bundle", "--skus",
            "new/catalog.json", "--prices", "prices-2.json", *REPO, *KEYS,
        )  # fmt: skip
        began = time.monotonic()
        self.until("crackers can be sold by search", lambda: self.counter.price_of(SKU) > 0)
        self.until("the cameras sold crackers", self.is_seen, began)
        self.ask_until(Finish())
        self.ask_until(PaymentResult("approved", "check"))
        self.transcript.say(f"# published to paid: {time.monotonic() - began:.1f} s, of which the "
                            f"film shows an empty counter for up to {EMPTY_S} s")  # fmt: skip

    def is_seen(self) -> bool:
        """Whether crackers lie in a basket as a line that nobody typed; they come between two."""
        basket = self.leave_if_empty()
        return basket is not None and any(line.sku_id == SKU for line in basket.lines)

    def new_price(self) -> None:
        """Published, and asked for at the counter."""
        self.transcript.run("hubctl", "prices", "publish", "prices-3.json", *REPO, *KEYS)
        self.until("rice costs 777", lambda: self.counter.price_of(OTHER) == 777)

    def take_out(self) -> None:
        """One tap at the box, one at the hub."""
        sha256 = self.transcript.ask("edgectl", "catalogue", "list", "-c", "edge.toml")
        name = str(sha256["segments"][0]["sha256"])[:12]
        self.transcript.run("edgectl", "catalogue", "revert", name, "-c", "edge.toml")
        self.until("crackers are gone here", lambda: self.counter.price_of(SKU) == -1)
        self.transcript.run("edgectl", "catalogue", "restore", name, "-c", "edge.toml")
        self.until("crackers are back", lambda: self.counter.price_of(SKU) > 0)
        self.transcript.run("hubctl", "catalogue", "revert", name, *REPO, *KEYS)
        self.until("crackers are gone everywhere", lambda: self.counter.price_of(SKU) == -1)

    def cases(self) -> list[str]:
        """Bodies of the cases that the hub has committed."""
        database = self.folder / "hub" / "hub.db"
        with suppress(sqlite3.OperationalError):
            connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
            try:
                found = connection.execute("SELECT body FROM received WHERE kind = 'case'")
                return [str(row[0]) for row in found]
            finally:
                connection.close()
        return []

    def ask_until(self, body: BasketCommand) -> None:
        """A command that is granted sooner or later."""
        self.until(f"{type(body).__name__} is done", lambda: self.counter.ask(body)[0])

    def until(self, what: str, is_so: Callable[[], object], since: float | None = None) -> None:
        """Wait; seconds are counted from `since`, or from now."""
        began = since or time.monotonic()
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            if is_so():
                self.transcript.say(f"# {what} after {time.monotonic() - began:.1f} s")
                return
            time.sleep(0.3)
        sys.exit(f"not seen in {LIMIT_S:g} s: {what}")


def main() -> int:
    """Run the road; 0 when all of it was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    keep = parser.parse_args().keep
    folder = keep or Path(tempfile.mkdtemp(prefix="ts-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        Round(folder.absolute()).walk()
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def prepare(folder: Path, port: int) -> None:
    """A passphrase, two configurations, three films, a bundle without crackers, and crackers."""
    write_passphrase(folder)
    (folder / "hub.toml").write_text(HUB_TOML.format(folder=folder, port=port))
    head = BOX_TOML.format(port=port, kiosk=free_port()).partition("[[lanes.cameras]]")[0]
    head = head.replace('state_dir = "state"', 'state_dir = "state"\nbundle_dir = "bundle"')
    cameras = "".join(CAMERA_TOML.format(name=name) for name in CAMERAS)
    (folder / "edge.toml").write_text(head + cameras)
    for name in CAMERAS:
        write_film(CLIPS / f"{name}.mp4", folder / f"{name}.mp4")
        shutil.copy(CLIPS / f"{name}_calibration.json", folder)
    shutil.copytree(FACTORY_BUNDLE, folder / "bundle")
    split_bundle(folder / "bundle", folder)


def split_bundle(bundle: Path, folder: Path) -> None:
    """Take crackers out of a bundle and put them beside it, as onboarding would make them."""
    gallery = load_gallery(bundle / "gallery.npz")
    catalog = load_catalog(bundle / "catalog.json")
    prices = load_price_list(bundle / "prices.json")
    new = [sku for sku in catalog.skus if sku.sku_id == SKU]
    (folder / "new").mkdir()
    shutil.copytree(bundle / "pictures", folder / "new" / "pictures")
    (folder / "new" / "catalog.json").write_text(Catalog(skus=tuple(new)).model_dump_json())
    (folder / "segment.npz").write_bytes(rows_of(gallery, [SKU]).to_bytes())
    second = prices.model_copy(update={"version": 2})
    (folder / "prices-2.json").write_text(second.model_dump_json())
    changed = [
        e.model_copy(update={"amount_minor": 777}) if e.sku_id == OTHER else e
        for e in prices.entries
    ]
    third = prices.model_copy(update={"version": 3, "entries": tuple(changed)})
    (folder / "prices-3.json").write_text(third.model_dump_json())
    kept = [sku_id for sku_id in gallery.sku_ids if sku_id != SKU]
    (bundle / "gallery.npz").write_bytes(rows_of(gallery, kept).to_bytes())
    less = tuple(sku for sku in catalog.skus if sku.sku_id != SKU)
    (bundle / "catalog.json").write_text(Catalog(skus=less).model_dump_json())
    left = tuple(e for e in prices.entries if e.sku_id != SKU)
    (bundle / "prices.json").write_text(
        prices.model_copy(update={"entries": left}).model_dump_json()
    )
    manifest = read_manifest(bundle / MANIFEST_NAME)
    files = tuple(describe_file(bundle, bundle / f.path, f.role, f.target) for f in manifest.files)
    (bundle / MANIFEST_NAME).write_text(
        manifest.model_copy(update={"files": files}).model_dump_json()
    )


def write_film(source: Path, target: Path) -> None:
    """An empty counter, then crackers put down, then crackers lying there; every third frame."""
    capture = cv2.VideoCapture(str(source))
    frames = [capture.read()[1] for _ in range(48)]
    capture.release()
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(
        str(target), cv2.VideoWriter.fourcc(*"mp4v"), float(FILM_FPS), (width, height)
    )
    empty = [frames[i % 18] for i in range(EMPTY_S * FILM_FPS)]
    lying = [frames[45 + i % 3] for i in range(LYING_S * FILM_FPS)]
    for frame in (*empty, *frames[18:45:3], *lying):
        writer.write(frame)
    writer.release()


def open_picture(folder: Path, body: str) -> str:
    """Unseal the first picture of a case with the hub's key; what it is."""
    case = json.loads(body)
    blob = str(case["pictures"][0]["blob"])
    found = next((folder / "hub" / "updates" / "blobs").rglob(blob))
    pem = (folder / "hub" / "keys" / "sealing.pem").read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, X25519PrivateKey)
    jpeg = unseal(found.read_bytes(), key, "box-1")
    return f"{case['reason']}, {len(jpeg)} bytes of JPEG, {len(case['pictures'])} cameras"


if __name__ == "__main__":
    sys.exit(main())
