"""Bundles on this box's disk: content-addressed files and one directory per bundle.

Flow: manifest + blobs -> slots/<bundle id>/ (hard links into cas/) -> Bundle

A file stands once in `cas/` under its sha256, however many bundles use it. A slot is made aside,
fsynced and renamed, so it is whole or not there. Who may be installed is not decided here.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sync.bundle import MANIFEST_NAME, Bundle, BundleManifest, file_sha256, open_bundle
from sync.durable_file import fsync_directory, write_durably
from sync.errors import BundleError


@dataclass(frozen=True, slots=True)
class Removal:
    """What a garbage collection removed, or would remove."""

    bundle_ids: tuple[str, ...]
    num_files: int
    num_bytes: int


class BundleStore:
    """Every bundle on the box; one process writes here."""

    def __init__(self, root: Path, *, budget_bytes: int = 2 * 1024**3) -> None:
        """Use `root`, made where missing."""
        self.root = root
        self._budget_bytes = budget_bytes
        self._cas = root / "cas"
        self._slots = root / "slots"
        for directory in (self._cas, self._slots):
            directory.mkdir(parents=True, exist_ok=True)
        for unfinished in self._slots.glob(".new-*"):
            shutil.rmtree(unfinished)

    def blob_path(self, sha256: str) -> Path:
        """Where a blob lies, or would."""
        return self._cas / sha256

    def missing(self, manifest: BundleManifest) -> list[str]:
        """sha256 of the files that must be fetched before the bundle can be installed."""
        wanted = dict.fromkeys(f.sha256 for f in manifest.files)
        return [sha256 for sha256 in wanted if not self.blob_path(sha256).is_file()]

    def add_file(self, path: Path) -> str:
        """Copy a file into the store; its sha256."""
        sha256 = file_sha256(path)
        target = self.blob_path(sha256)
        if not target.is_file():
            write_durably(target, path.read_bytes())
        return sha256

    def install(self, manifest: BundleManifest) -> Bundle:
        """Make the slot of a bundle whose blobs are here, and verify every byte of it.

        Raises:
            BundleError: a blob is missing or damaged, or the disk budget would be exceeded; no
                slot is left behind.
        """
        bundle_id = manifest.bundle_id()
        slot = self._slots / bundle_id
        if slot.is_dir():
            return open_bundle(slot)
        self._check_budget(manifest)
        aside = self._slots / f".new-{bundle_id}"
        try:
            self._fill(aside, manifest)
            bundle = open_bundle(aside)
            aside.rename(slot)
        except (BundleError, OSError) as err:
            shutil.rmtree(aside, ignore_errors=True)
            if isinstance(err, BundleError):
                raise
            raise BundleError(
                f"bundle {bundle_id[:12]} cannot be installed: {err.strerror}",
                hint="free the disk: edgectl doctor",
            ) from err
        fsync_directory(self._slots)
        return Bundle(slot, bundle.manifest, bundle_id)

    def import_directory(self, directory: Path) -> Bundle:
        """Install a bundle that lies in a directory, such as the factory bundle.

        Raises:
            BundleError: it is not whole.
        """
        bundle = open_bundle(directory)
        for entry in bundle.manifest.files:
            self.add_file(directory / entry.path)
        return self.install(bundle.manifest)

    def open(self, bundle_id: str) -> Bundle:
        """A bundle of this store, every file hashed again.

        Raises:
            BundleError: it is not here or was altered.
        """
        bundle = open_bundle(self._slots / bundle_id)
        if bundle.bundle_id != bundle_id:
            raise BundleError(
                f"slot {bundle_id[:12]} holds bundle {bundle.bundle_id[:12]}",
                hint="remove the slot; the bundle is fetched again",
            )
        return bundle

    def bundle_ids(self) -> tuple[str, ...]:
        """Every installed bundle."""
        return tuple(sorted(p.name for p in self._slots.iterdir() if not p.name.startswith(".")))

    def collect_garbage(self, keep: Iterable[str], *, dry_run: bool = False) -> Removal:
        """Remove every bundle not in `keep` and every file that no kept bundle uses.

        The caller passes at least active, previous, candidate and factory.
        """
        kept = {bundle_id for bundle_id in keep if bundle_id}
        going = tuple(b for b in self.bundle_ids() if b not in kept)
        used = {
            entry.sha256
            for bundle_id in self.bundle_ids()
            if bundle_id in kept
            for entry in open_bundle(self._slots / bundle_id, verify_files=False).manifest.files
        }
        unused = [p for p in self._cas.iterdir() if p.name.split(".")[0] not in used]
        num_bytes = sum(p.stat().st_size for p in unused)
        if not dry_run:
            for bundle_id in going:
                shutil.rmtree(self._slots / bundle_id)
            for path in unused:
                path.unlink()
        return Removal(going, len(unused), num_bytes)

    def used_bytes(self) -> int:
        """Bytes in the content-addressed part."""
        return sum(p.stat().st_size for p in self._cas.iterdir())

    def _check_budget(self, manifest: BundleManifest) -> None:
        used = self.used_bytes()
        free = shutil.disk_usage(self.root).free
        if used > self._budget_bytes or free < 64 * 1024**2:
            raise BundleError(
                f"bundle {manifest.bundle_id()[:12]}: {used} bytes used of "
                f"{self._budget_bytes}, {free} free",
                hint="edgectl bundles --collect, or a larger budget",
            )

    def _fill(self, aside: Path, manifest: BundleManifest) -> None:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        directories = {aside}
        for entry in manifest.files:
            blob, target = self.blob_path(entry.sha256), aside / entry.path
            if not blob.is_file():
                raise BundleError(f"{entry.path} is not here yet", hint="fetch it first")
            target.parent.mkdir(parents=True, exist_ok=True)
            directories.add(target.parent)
            os.link(blob, target)
        (aside / MANIFEST_NAME).write_bytes(manifest.model_dump_json().encode())
        with (aside / MANIFEST_NAME).open("rb") as stream:
            os.fsync(stream.fileno())
        for directory in directories:
            fsync_directory(directory)
