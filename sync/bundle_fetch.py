"""From a verified manifest to a bundle directory that can be opened: fetch, place, receipt.

Flow: UpdateOffer -> blobs in the store -> bundles/<bundle_id>/ -> InstallReceipt

Installing here means "on this disk and proven"; whether and when it serves is the box's own
decision (shadow, swap). Nothing that serves is touched.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from sync.blob_download import BlobFetcher
from sync.blob_patch import PatchEntry, fetch_patched
from sync.blob_store import BlobStore, file_digest
from sync.bundle import MANIFEST_NAME, Bundle, BundleManifest, open_bundle
from sync.durable_file import AtStep, fsync_directory, fsync_file, ignore_step, write_durably
from sync.errors import BundleError
from sync.transport_errors import LocalDiskError
from sync.update_errors import AlteredError, OversizedError

MAX_BUNDLE_BYTES = 2_000_000_000  # detectors and embedders for three targets, with room


def fetch_bundle(
    manifest: BundleManifest, blobs: BlobFetcher, patches: Sequence[PatchEntry] = ()
) -> None:
    """Bring every file of a bundle into the store; resumes after any interruption.

    Raises:
        OversizedError: the files together are larger than any honest bundle.
        PublisherError: what the hub has is not what was signed.
        TransportError: the link failed too often, or the disk is full.
    """
    num_bytes = sum(entry.size for entry in manifest.files)
    if num_bytes > MAX_BUNDLE_BYTES:
        raise OversizedError(f"bundle {manifest.name} has {num_bytes} bytes")
    for entry in manifest.files:
        fetch_patched(blobs, entry.sha256, entry.size, patches)


def place_bundle(
    manifest: BundleManifest, store: BlobStore, bundles: Path, *, at_step: AtStep = ignore_step
) -> Bundle:
    """Make `bundles/<bundle_id>/` out of stored blobs: all of it, verified and durable, or nothing.

    Raises:
        AlteredError: a blob rotted on disk; it is dropped, so the next fetch brings it anew.
        LocalDiskError: the disk is full or broken.
    """
    bundle_id = manifest.bundle_id()
    final = bundles / bundle_id
    if final.is_dir():
        return _verified(final, manifest, store)
    scratch = bundles / f".new-{bundle_id}"
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        _fill(scratch, manifest, store)
        at_step("filled")
        bundle = _verified(scratch, manifest, store)
        at_step("verified")
        scratch.rename(final)
        at_step("named")
        fsync_directory(bundles)
    except OSError as err:
        raise LocalDiskError(
            f"bundle {bundle_id[:12]}: {err.strerror or err}", hint="free some disk space"
        ) from err
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    at_step("placed")
    return Bundle(final, bundle.manifest, bundle.bundle_id)


def _fill(scratch: Path, manifest: BundleManifest, store: BlobStore) -> None:
    folders = {scratch}
    for entry in manifest.files:
        path = scratch / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        folders.update(p for p in path.parents if p.is_relative_to(scratch))
        _link_or_copy(store.path(entry.sha256), path)
    write_durably(scratch / MANIFEST_NAME, manifest.canonical())
    for folder in folders:
        fsync_directory(folder)


def _link_or_copy(source: Path, target: Path) -> None:
    """A hard link costs no space; other file systems get a synced copy."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target)
        fsync_file(target)


def _verified(folder: Path, manifest: BundleManifest, store: BlobStore) -> Bundle:
    try:
        return open_bundle(folder, verify_files=True)
    except BundleError as err:
        for entry in manifest.files:
            path = store.path(entry.sha256)
            if path.is_file() and file_digest(path) != entry.sha256:
                store.forget(entry.sha256)
        raise AlteredError(f"{err}", hint="the bundle is fetched again") from err
