"""tools/bench new-sku: from the last photo of a new product to its signed segment, by HTTP.

Flow: hub process + 12,000 SKUs -> photos and publish over HTTP -> seconds, bytes ; against: a head

One SKU with four drawn photos over HTTP; then 50 in one publish for the marginal bytes, then 600.
The vectors of those 650 are put into the database before the hub starts: taking 2,600 photos would
measure the embedder once more. The peer is what a classifier needs: its last layer trained anew
over 12,600 classes on cached features (torch).
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import cv2
import httpx
import numpy as np
import psutil
import typer
from numpy.typing import NDArray

from edge.config import FACTORY_BUNDLE
from sync.bundle import Bundle, BundleManifest, describe_file, open_bundle
from sync.gallery import Gallery, unit_rows
from tools.benchmarks.report import Figure, Report, machine, publish
from tools.demo_run.real_processes import free_port, is_open, running
from trainer.config import load_hub_config
from trainer.hub.serve import open_services
from trainer.release.key_files import KeyRing
from trainer.release.keys_ceremony import KeyPlan, create_repository
from trainer.release.signing import Signing
from trainer.store import onboardings
from trainer.store.database import writing
from trainer.store.onboardings import StoredPhoto
from trainer.store.sku_table import CatalogueSku, create_skus

PASSPHRASE = "correct horse battery staple"
NUM_KNOWN, ROWS_PER_SKU, NUM_BATCH = 12_000, 3, 50
SIDES = ("front", "back", "left", "right")
START_LIMIT_S = 120.0
MAX_SECONDS, MAX_BYTES = 5.0, 10_000  # of one SKU; marginal in a batch of 50
EPOCHS, PER_CLASS = 1, 4  # of the head: few, in its favour; a real one takes more of both
CHANNEL = "main"


@dataclass
class Shop:
    """The hub over HTTP."""

    http: httpx.Client

    def ok(self, method: str, path: str, **arguments: Any) -> Any:
        """The JSON of a request that must succeed."""
        reply = self.http.request(method, f"/api/v1{path}", **arguments)
        if not reply.is_success:
            sys.exit(f"{method} {path}: {reply.status_code} {reply.text[:300]}")
        return reply.json() if reply.content else None

    def begin(self, name: str) -> str:
        """A new SKU that waits for photos."""
        self.ok("POST", "/skus", json={"sku_id": name, "names": {"en": name}})
        return str(self.ok("POST", "/onboarding", json={"sku_id": name})["onboarding_id"])

    def photograph(self, onboarding: str, seed: int, side: int) -> None:
        """One drawn photo."""
        data = bytes(cv2.imencode(".jpg", draw_photo(seed, side))[1].data)
        self.ok("POST", f"/onboarding/{onboarding}/photos?side={SIDES[side]}", content=data)

    def publish(self, *ids: str) -> dict[str, Any]:
        """Sign them as one segment."""
        body = {"channel": CHANNEL, "onboarding_ids": list(ids)}
        found: dict[str, Any] = self.ok("POST", "/onboarding-publish", json=body)["segments"][0]
        return found


def new_sku(
    bundle: Annotated[
        Path, typer.Option(help="Bundle folder whose embedder is used.")
    ] = FACTORY_BUNDLE,
    num_new: Annotated[int, typer.Option(min=1, help="In one publish.")] = 600,
    head: Annotated[bool, typer.Option(help="Also train the head (needs torch).")] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 on a missed bar.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """New products beside 12,000: seconds and bytes, against training a classifier's head anew."""
    facts = machine()
    with tempfile.TemporaryDirectory(prefix="new-sku-") as text:
        waiting = prepare(Path(text), open_bundle(bundle), NUM_BATCH + num_new)
        with open_hub(Path(text)) as client:
            shop = Shop(client)
            one_s, one_cpu_s, one = _one(shop)
            batch = shop.publish(*waiting[:NUM_BATCH])
            began, busy = time.monotonic(), _hub_cpu_s()
            many = shop.publish(*waiting[NUM_BATCH:])
            many_s, many_cpu_s = time.monotonic() - began, _hub_cpu_s() - busy
    marginal = (batch["size"] - one["size"]) / (NUM_BATCH - 1)
    figures = [
        Figure("last photo -> signed segment", round(one_s, 2), "s",
               f"at most {MAX_SECONDS:g}; {one_cpu_s:.2f} s of the hub's CPU"),
        Figure("segment of one SKU", one["size"], "bytes"),
        Figure(f"a SKU more, in a batch of {NUM_BATCH}", round(marginal), "bytes",
               f"at most {MAX_BYTES}"),
        Figure(f"{num_new} SKUs: collision check, segment, signature", round(many_s, 2), "s",
               f"{many_cpu_s:.1f} s of the hub's CPU"),
        Figure(f"{num_new} SKUs: bytes to a box", many["size"], "bytes"),
    ]  # fmt: skip
    if head:
        busy = time.process_time()
        seconds, num_bytes = train_head(NUM_KNOWN + num_new)
        busy = time.process_time() - busy
        figures += [
            Figure("head of a classifier trained anew", round(seconds, 1), "s",
                   f"{NUM_KNOWN + num_new} classes, {PER_CLASS} features each, {EPOCHS} epochs; "
                   f"{busy:.1f} s of CPU"),
            Figure("head of a classifier: bytes to a box", num_bytes, "bytes", "fp16"),
            Figure("time against the head", round(seconds / many_s, 1), "x"),
            Figure("CPU against the head", round(busy / max(many_cpu_s, 0.01), 1), "x"),
            Figure("bytes against the head", round(num_bytes / many["size"], 1), "x"),
        ]  # fmt: skip
    words = f"{NUM_KNOWN} SKUs of {ROWS_PER_SKU} random rows; drawn photos, 900 x 900 JPEG"
    publish(Report("New SKU", words, facts, figures=figures), as_json=as_json, out=out)
    if strict and (one_s > MAX_SECONDS or marginal > MAX_BYTES):
        raise typer.Exit(1)


def _one(shop: Shop) -> tuple[float, float, dict[str, Any]]:
    """Seconds from the last photo on, the hub's CPU of them, and the segment."""
    started = shop.begin("bench-one")
    for side in range(len(SIDES) - 1):
        shop.photograph(started, 1, side)
    began, busy = time.monotonic(), _hub_cpu_s()
    shop.photograph(started, 1, len(SIDES) - 1)
    segment = shop.publish(started)
    return time.monotonic() - began, _hub_cpu_s() - busy, segment


def _hub_cpu_s() -> float:
    """CPU seconds of the hub so far: on a busy machine they say more than the clock."""
    hubs = [c for c in psutil.Process().children() if "trainer.hub.serve" in c.cmdline()]
    return float(sum(c.cpu_times().user + c.cpu_times().system for c in hubs))


def train_head(num_classes: int, dim: int = 256) -> tuple[float, int]:
    """Seconds and fp16 bytes of a linear head over unit features, trained from nothing."""
    import torch

    random = np.random.default_rng(3)
    centres = unit_rows(random.normal(size=(num_classes, dim))).astype(np.float32)
    labels = torch.arange(num_classes).repeat_interleave(PER_CLASS)
    features = torch.from_numpy(centres.repeat(PER_CLASS, axis=0))
    features += 0.05 * torch.randn(features.shape, generator=torch.Generator().manual_seed(1))
    head = torch.nn.Linear(dim, num_classes)
    optimizer = torch.optim.SGD(head.parameters(), lr=1.0, momentum=0.9)
    began = time.monotonic()
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(labels)).split(512):  # type: ignore[no-untyped-call]
            optimizer.zero_grad(set_to_none=True)
            logits = head(features[rows])  # (B, classes)
            torch.nn.functional.cross_entropy(16 * logits, labels[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return time.monotonic() - began, sum(p.numel() * 2 for p in head.parameters())


@contextmanager
def open_hub(folder: Path) -> Iterator[httpx.Client]:
    """The hub of the folder as a process; a client with an administrator's token."""
    config = load_hub_config(folder / "hub.toml")
    with running("trainer.hub.serve", folder, "hub.toml", "hub.log"):
        until = time.monotonic() + START_LIMIT_S
        while not is_open(config.port) and time.monotonic() < until:
            time.sleep(0.1)
        if not is_open(config.port):
            sys.exit("the hub did not start: " + (folder / "hub.log").read_text()[-2000:])
        token = (folder / "hub" / "first-admin.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        base = f"http://127.0.0.1:{config.port}"
        with httpx.Client(base_url=base, headers=headers, timeout=3600.0) as client:
            yield client


def prepare(folder: Path, bundle: Bundle, num_new: int) -> list[str]:
    """Keys, the released bundle of 12,000 SKUs, and onboardings that wait; their ids."""
    keys, repository = folder / "keys", folder / "hub" / "updates"
    repository.parent.mkdir(parents=True)
    create_repository(repository, KeyPlan((keys,), keys), lambda: PASSPHRASE, datetime.now(UTC))
    signing = Signing(repository, KeyRing([keys], lambda: PASSPHRASE), datetime.now(UTC))
    signing.add_bundle(_large_bundle(bundle, folder / "bundle"))
    signing.publish()
    (folder / "passphrase").write_text(PASSPHRASE)
    (folder / "passphrase").chmod(0o600)
    (folder / "hub.toml").write_text(
        f'schema = 1\nstate_dir = "{folder / "hub"}"\nport = {free_port()}\n'
        f'is_behind_proxy = true\nlog_level = "warning"\ncatalogue_keys = "{keys}"\n'
        f'catalogue_passphrase_file = "{folder / "passphrase"}"\n'
    )
    return _waiting(folder, bundle.manifest, num_new)


def _waiting(folder: Path, manifest: BundleManifest, num_new: int) -> list[str]:
    """Onboardings with four photos each, as if they had been taken."""
    services = open_services(load_hub_config(folder / "hub.toml"))
    now, random = datetime.now(UTC), np.random.default_rng(1)
    blob = services.blobs.put(bytes(cv2.imencode(".jpg", draw_photo(1, 0)[::8, ::8])[1].data))
    names = [f"new-{number:04d}" for number in range(num_new)]
    ids: list[str] = []
    with writing(services.engine) as connection:
        skus = [CatalogueSku(sku_id=name, names={"en": name}) for name in names]
        create_skus(connection, skus, now=now, actor="bench")
        for name in names:
            ids.append(onboardings.begin(connection, name, now=now, actor="bench"))
            onboarding = onboardings.find(connection, ids[-1])
            centre = random.normal(size=manifest.embedding_dim)
            for side in SIDES:
                vector = unit_rows((centre + 0.3 * random.normal(size=len(centre)))[None])[0]
                vectors = {manifest.embedder_id: vector}
                photo = StoredPhoto(f"{name}-{side}", side, blob, blob, 300.0, (), vectors)
                onboardings.add_photo(connection, onboarding, photo, now=now)
    services.engine.dispose()
    return ids


def _large_bundle(bundle: Bundle, folder: Path) -> Bundle:
    """The bundle with a gallery of 12,000 SKUs of random rows."""
    shutil.copytree(bundle.directory, folder)
    manifest = bundle.manifest
    rows = unit_rows(
        np.random.default_rng(0).normal(size=(NUM_KNOWN * ROWS_PER_SKU, manifest.embedding_dim))
    )
    path = folder / bundle.file("gallery").relative_to(bundle.directory)
    gallery = Gallery(
        manifest.embedder_id,
        tuple(f"known-{number:05d}" for number in range(NUM_KNOWN)),
        rows.astype(np.float16).astype(np.float32),
        np.arange(NUM_KNOWN, dtype=np.int64) * ROWS_PER_SKU,
    )
    path.write_bytes(gallery.to_bytes())
    files = [f for f in manifest.files if f.role != "gallery"]
    files.append(describe_file(folder, path, "gallery"))
    changed = manifest.model_copy(update={"files": tuple(files)})
    (folder / "manifest.json").write_bytes(changed.canonical())
    return open_bundle(folder)


def draw_photo(seed: int, side: int) -> NDArray[np.uint8]:
    """One side of an invented pack on a plain table, uint8 BGR."""
    brand, own = np.random.default_rng(seed), np.random.default_rng(1000 * seed + side)
    photo = np.full((900, 900, 3), (214, 212, 208), np.uint8)
    x, y = 220 + int(own.integers(-20, 20)), 150 + int(own.integers(-20, 20))
    colour, accent = (tuple(int(v) for v in brand.integers(20, 220, 3)) for _ in range(2))
    cv2.rectangle(photo, (x, y), (x + 430, y + 580), colour, -1)
    for _ in range(14):
        centre = (int(own.integers(x + 50, x + 380)), int(own.integers(y + 50, y + 530)))
        cv2.circle(photo, centre, int(own.integers(15, 60)), accent, -1, cv2.LINE_AA)
    word = "".join(chr(65 + int(v)) for v in brand.integers(0, 26, 5))
    cv2.putText(photo, word, (x + 40, y + 160), cv2.FONT_HERSHEY_DUPLEX, 4, (255, 255, 255), 9)
    noisy = photo + own.normal(0, 2, photo.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)
