"""A box that is killed at the n-th step of an update; run it in a child process.

Its hub is an exported folder, so the child needs no network and no thread.
"""

import os
import signal
from pathlib import Path

from sync.blob_download import ExportedBlobs
from sync.blob_store import BlobStore
from sync.bundle_fetch import fetch_bundle, place_bundle
from sync.trusted_updates import TrustedUpdates, UpdateRoad
from sync.update_fetcher import EXPORT_URL, FileFetcher
from tests.fakes.hostile_repository import BOX, BUILD_TIME, NOW, RING


class Killer:
    """Counts steps and ends the process at one of them."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0
        self.names: list[str] = []

    def __call__(self, step: str) -> None:
        self.count += 1
        self.names.append(step)
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def box_updates(folder: Path, at_step: Killer) -> tuple[TrustedUpdates, ExportedBlobs]:
    """The box as it starts after any cut."""
    hub = folder / "hub"
    blobs = ExportedBlobs(hub, BlobStore(folder / "box" / "cas", at_step=at_step))
    road = UpdateRoad(
        folder=folder / "box" / "updates",
        metadata_url=EXPORT_URL,
        fetcher=FileFetcher(hub),
        blobs=blobs,
        root=(hub / "metadata" / "1.root.json").read_bytes(),
        box_id=BOX,
        ring=RING,
        build_time=BUILD_TIME,
    )
    return TrustedUpdates(road, at_step=at_step), blobs


def install(folder: Path, at_step: Killer) -> str:
    """Check, fetch, place, receipt: everything an update writes; the bundle's id."""
    updates, blobs = box_updates(folder, at_step)
    offer = updates.check(NOW)
    assert offer.manifest is not None
    fetch_bundle(offer.manifest, blobs, offer.patches)
    bundles = folder / "box" / "bundles"
    bundles.mkdir(exist_ok=True)
    place_bundle(offer.manifest, blobs.store, bundles, at_step=at_step)
    updates.write_receipt(offer)
    return offer.manifest.bundle_id()
