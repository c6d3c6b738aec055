"""From a verified manifest to a bundle on disk: whole and proven, or not there."""

from pathlib import Path

import pytest

from sync.blob_store import BlobStore
from sync.bundle import BundleManifest
from sync.bundle_fetch import MAX_BUNDLE_BYTES, fetch_bundle, place_bundle
from sync.update_errors import AlteredError, OversizedError, ReceiptError
from sync.update_state import InstallReceipt, save_receipt, verify_installed
from tests.fakes.hostile_repository import NOW, HostileRepository, MemoryBlobs, MemoryFetcher
from tests.fakes.update_world import manifest_of

FILES = {"detector/cpu.onnx": b"weights" * 1000, "card.json": b"{}"}
MANIFEST = manifest_of(FILES, generation=3)


@pytest.fixture
def blobs(fast_folder: Path) -> MemoryBlobs:
    repository = HostileRepository()
    for data in FILES.values():
        repository.put(data)
    return MemoryBlobs(MemoryFetcher(repository), BlobStore(fast_folder / "cas"))


def placed(blobs: MemoryBlobs, folder: Path, manifest: BundleManifest = MANIFEST) -> Path:
    fetch_bundle(manifest, blobs)
    return place_bundle(manifest, blobs.store, folder / "bundles").directory


def receipt(folder: Path, bundle_id: str) -> Path:
    said = InstallReceipt(
        bundle_id=bundle_id, bundle_generation=3, assignment_generation=1, versions={},
        verified_at=NOW, clock_source="system",
    )  # fmt: skip
    save_receipt(folder / "receipts", said)
    return folder / "receipts"


def test_a_bundle_is_placed_under_its_id(blobs: MemoryBlobs, fast_folder: Path) -> None:
    directory = placed(blobs, fast_folder)
    assert directory.name == MANIFEST.bundle_id()
    assert (directory / "detector" / "cpu.onnx").read_bytes() == FILES["detector/cpu.onnx"]


def test_placing_it_again_changes_nothing(blobs: MemoryBlobs, fast_folder: Path) -> None:
    first = placed(blobs, fast_folder)
    inode = (first / "card.json").stat().st_ino
    assert placed(blobs, fast_folder) == first
    assert (first / "card.json").stat().st_ino == inode


def test_a_file_that_two_bundles_share_is_on_disk_once(
    blobs: MemoryBlobs, fast_folder: Path
) -> None:
    first = placed(blobs, fast_folder)
    second = placed(blobs, fast_folder, manifest_of(FILES, generation=4))
    assert (first / "card.json").stat().st_ino == (second / "card.json").stat().st_ino


def test_a_blob_that_rotted_is_noticed_dropped_and_leaves_no_half_bundle(
    blobs: MemoryBlobs, fast_folder: Path
) -> None:
    fetch_bundle(MANIFEST, blobs)
    entry = MANIFEST.files[0]
    blobs.store.path(entry.sha256).write_bytes(b"W" * entry.size)
    with pytest.raises(AlteredError):
        place_bundle(MANIFEST, blobs.store, fast_folder / "bundles")
    assert list((fast_folder / "bundles").iterdir()) == []
    assert placed(blobs, fast_folder).is_dir()


def test_a_serving_bundle_that_was_altered_is_reported_and_not_removed(
    blobs: MemoryBlobs, fast_folder: Path
) -> None:
    directory = placed(blobs, fast_folder)
    receipts = receipt(fast_folder, MANIFEST.bundle_id())
    (directory / "card.json").unlink()
    (directory / "card.json").write_bytes(b"[]")
    with pytest.raises(AlteredError):
        place_bundle(MANIFEST, blobs.store, fast_folder / "bundles")
    with pytest.raises(ReceiptError):
        verify_installed(directory, receipts, MANIFEST.bundle_id())
    assert directory.is_dir()


def test_boot_needs_a_receipt_and_nothing_else(blobs: MemoryBlobs, fast_folder: Path) -> None:
    directory = placed(blobs, fast_folder)
    with pytest.raises(ReceiptError):
        verify_installed(directory, fast_folder / "receipts", MANIFEST.bundle_id())
    receipts = receipt(fast_folder, MANIFEST.bundle_id())
    assert verify_installed(directory, receipts, MANIFEST.bundle_id()).bundle_generation == 3


def test_a_receipt_of_another_bundle_does_not_count(blobs: MemoryBlobs, fast_folder: Path) -> None:
    directory = placed(blobs, fast_folder)
    other = manifest_of(FILES, generation=9).bundle_id()
    with pytest.raises(ReceiptError):
        verify_installed(directory, receipt(fast_folder, other), other)


def test_a_link_in_the_place_of_a_file_is_refused(blobs: MemoryBlobs, fast_folder: Path) -> None:
    directory = placed(blobs, fast_folder)
    receipts = receipt(fast_folder, MANIFEST.bundle_id())
    (directory / "card.json").unlink()
    (directory / "card.json").symlink_to(blobs.store.path(MANIFEST.files[1].sha256))
    with pytest.raises(ReceiptError):
        verify_installed(directory, receipts, MANIFEST.bundle_id())


def test_a_bundle_larger_than_any_honest_one_is_not_begun(blobs: MemoryBlobs) -> None:
    huge = MANIFEST.files[0].model_copy(update={"size": MAX_BUNDLE_BYTES})
    manifest = MANIFEST.model_copy(update={"files": (huge, MANIFEST.files[1])})
    with pytest.raises(OversizedError):
        fetch_bundle(manifest, blobs)
