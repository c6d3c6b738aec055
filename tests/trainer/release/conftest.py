"""A centre and a box that meet over a folder: everything signed and verified for real."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.blob_download import ExportedBlobs
from sync.blob_store import BlobStore
from sync.bundle import Bundle, open_bundle
from sync.bundle_fetch import fetch_bundle, place_bundle
from sync.trusted_updates import TrustedUpdates, UpdateOffer, UpdateRoad
from sync.update_fetcher import EXPORT_URL, FileFetcher
from tests.fakes.update_world import manifest_of
from trainer.release.key_files import KeyRing
from trainer.release.keys_ceremony import KeyPlan, create_repository
from trainer.release.signing import Signing

MEMORY = Path("/dev/shm")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CHANNEL = "main"


def passphrase() -> str:
    """What the keepers say."""
    return "correct horse battery"


@dataclass
class Centre:
    """A repository with its key folders, and a box that follows ring `lab`."""

    folder: Path
    plan: KeyPlan
    now: datetime = NOW

    @property
    def repo(self) -> Path:
        return self.folder / "repo"

    @property
    def key_folders(self) -> list[Path]:
        return [*self.plan.offline, self.plan.online]

    def open(self, *folders: Path, take_pending: bool = False) -> Signing:
        """A transaction with all keys, or with those of some folders."""
        keys = KeyRing(folders or self.key_folders, passphrase)
        return Signing(self.repo, keys, self.now, take_pending=take_pending)

    def bundle(self, generation: int, **files: bytes) -> Bundle:
        """A bundle on the centre's disk."""
        content = files or {"card.json": b"generation %d" % generation}
        manifest = manifest_of(content, generation=generation)
        directory = self.folder / f"bundle-{generation}"
        directory.mkdir()
        for path, data in content.items():
            (directory / path).write_bytes(data)
        (directory / "manifest.json").write_bytes(manifest.canonical())
        return open_bundle(directory)

    def box(
        self,
        source: Path | None = None,
        box_id: str = "box-7",
        fetcher: FileFetcher | None = None,
    ) -> "FollowingBox":
        """A box that reads the repository, or an export of it."""
        return FollowingBox(self, source or self.repo, box_id, fetcher)


class FollowingBox:
    """A box with an empty disk, born with the first root."""

    def __init__(
        self, centre: Centre, source: Path, box_id: str, fetcher: FileFetcher | None
    ) -> None:
        self.centre = centre
        self.box_id = box_id
        self.folder = Path(tempfile.mkdtemp(dir=centre.folder))
        self.root = (centre.repo / "metadata" / "1.root.json").read_bytes()
        self.read_from(source, fetcher)

    def read_from(self, source: Path, fetcher: FileFetcher | None = None) -> None:
        """The same box with another repository or stick before it."""
        self.blobs = ExportedBlobs(source, BlobStore(self.folder / "cas"))
        self.updates = TrustedUpdates(
            UpdateRoad(
                folder=self.folder / "updates",
                metadata_url=EXPORT_URL,
                fetcher=fetcher or FileFetcher(source),
                blobs=self.blobs,
                root=self.root,
                box_id=self.box_id,
                ring="lab",
                build_time=NOW - timedelta(days=10),
            )
        )

    def check(self) -> UpdateOffer:
        """Look for updates."""
        return self.updates.check(self.centre.now)

    def install(self) -> Bundle:
        """Take what is offered."""
        offer = self.check()
        assert offer.manifest is not None
        fetch_bundle(offer.manifest, self.blobs, offer.patches)
        bundle = place_bundle(offer.manifest, self.blobs.store, self.folder / "bundles")
        self.updates.write_receipt(offer)
        return bundle


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None, prefix="tillsight-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def one_shop(folder: Path) -> Centre:
    plan = KeyPlan((folder / "keys",), folder / "keys")
    create_repository(folder / "repo", plan, passphrase, NOW)
    return Centre(folder, plan)


@pytest.fixture
def split(folder: Path) -> Centre:
    plan = KeyPlan((folder / "ada", folder / "ben", folder / "cyd"), folder / "hub")
    create_repository(folder / "repo", plan, passphrase, NOW)
    return Centre(folder, plan)
