"""A shop in which an attack can be tried: an honest repository, a box that serves, and a witness.

The box has installed bundle A and knows bundle B is released. After every attack the witness proves
that what serves is untouched, byte for byte and by its receipt.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sync.bundle import BundleFile, BundleManifest, Preprocess
from sync.bundle_fetch import fetch_bundle, place_bundle
from sync.price_list import Price, PriceList
from sync.trusted_updates import UpdateOffer
from sync.update_documents import PriceListEntry
from sync.update_state import verify_installed
from tests.fakes.hostile_repository import NOW, HostileRepository, UpdateBox

EMBEDDER_ID = "embedder-1"


@dataclass
class World:
    """Everything an attack may touch.

    Attributes:
        past: the repository before its last honest publication, for replays.
        bundle_a: installed and serving, generation 1.
        bundle_b: released and assigned since the box last looked, generation 2.
    """

    repository: HostileRepository
    past: HostileRepository
    box: UpdateBox
    bundles: Path
    bundle_a: str
    bundle_b: str
    now: datetime = NOW

    def check(self, days: float = 0.0) -> UpdateOffer:
        """The box looks for updates, so many days later."""
        return self.box.updates.check(self.now + timedelta(days=days))

    def serving_digest(self) -> str:
        """One hash over every file that serves, and over the receipts."""
        digest = hashlib.sha256()
        for folder in (self.bundles, self.box.updates.receipts_folder):
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
        return digest.hexdigest()

    def verify_serving(self) -> None:
        """As at boot: the serving bundle is the one its receipt proves."""
        verify_installed(
            self.bundles / self.bundle_a, self.box.updates.receipts_folder, self.bundle_a
        )


def manifest_of(files: dict[str, bytes], *, generation: int, name: str = "demo") -> BundleManifest:
    """A manifest of model cards; attacks need no model."""
    entries = tuple(
        BundleFile(
            path=path,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            role="model_card",
        )
        for path, data in files.items()
    )
    return BundleManifest(
        name=name,
        version=f"1.{generation}.0",
        created="2026-11-20T00:00:00Z",
        generation=generation,
        embedder_id=EMBEDDER_ID,
        embedding_dim=256,
        preprocess=Preprocess(detector_px=320, crop_px=224),
        files=entries,
    )


def price_list(version: int, amount_minor: int = 199) -> bytes:
    """A price list with one price."""
    price = Price(sku_id="sku-1", amount_minor=amount_minor, valid_from=NOW)
    prices = PriceList(version=version, currency="EUR", exponent=2, entries=(price,))
    return prices.model_dump_json().encode()


def price_entry(
    repository: HostileRepository, version: int, amount_minor: int = 199
) -> PriceListEntry:
    """The price list as a blob, and its entry."""
    raw = price_list(version, amount_minor)
    return PriceListEntry(
        sha256=repository.put(raw), size=len(raw), version=version, valid_from=NOW
    )


def build_world(folder: Path) -> World:
    """Bundle A assigned and installed, then bundle B assigned; the box has not seen that yet."""
    repository = HostileRepository()
    released: list[BundleManifest] = []
    for generation in (1, 2):
        files = {"card.json": f"generation {generation}".encode() * 50, "golden/1.json": b"{}"}
        manifest = manifest_of(files, generation=generation)
        for data in files.values():
            repository.put(data)
        repository.release(manifest.canonical())
        released.append(manifest)
    repository.assign(1, released[0].bundle_id())
    repository.list_index(1, prices=(price_entry(repository, 1),))
    repository.publish("bundles", "assign", "catalogue")
    box = UpdateBox(folder, repository)
    offer = box.updates.check(NOW)
    assert offer.manifest is not None
    fetch_bundle(offer.manifest, box.blobs)
    bundles = folder / "bundles"
    bundles.mkdir()
    place_bundle(offer.manifest, box.blobs.store, bundles)
    box.updates.write_receipt(offer)
    past = repository.copy()
    repository.assign(2, released[1].bundle_id())
    repository.list_index(2, prices=(price_entry(repository, 2),))
    repository.publish("bundles", "assign", "catalogue")
    bundle_a, bundle_b = (manifest.bundle_id() for manifest in released)
    return World(repository, past, box, bundles, bundle_a, bundle_b)
