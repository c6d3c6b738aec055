"""Bundles on disk: whole or not there, shared files once, the needed ones never removed."""

from pathlib import Path

import pytest

from edge.bundles.store import BundleStore
from sync.bundle import BundleManifest, Preprocess, describe_file
from sync.errors import BundleError


def make_bundle(root: Path, name: str, detector: bytes) -> Path:
    root.mkdir()
    (root / "detector.onnx").write_bytes(detector)
    (root / "shared").mkdir()
    (root / "shared" / "catalog.json").write_bytes(b"{}")
    manifest = BundleManifest(
        name=name,
        version="1",
        created="2026-11-21T00:00:00Z",
        embedder_id="embedder-1",
        embedding_dim=8,
        preprocess=Preprocess(detector_px=320, crop_px=160),
        files=(
            describe_file(root, root / "detector.onnx", "detector", "cpu"),
            describe_file(root, root / "shared" / "catalog.json", "catalog"),
        ),
    )
    (root / "manifest.json").write_text(manifest.model_dump_json())
    return root


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "store")


def test_a_bundle_is_installed_and_opened_again(store: BundleStore, tmp_path: Path) -> None:
    bundle = store.import_directory(make_bundle(tmp_path / "a", "a", b"one"))
    assert store.open(bundle.bundle_id).file("detector").read_bytes() == b"one"
    assert store.bundle_ids() == (bundle.bundle_id,)


def test_a_file_that_two_bundles_share_stands_once(store: BundleStore, tmp_path: Path) -> None:
    store.import_directory(make_bundle(tmp_path / "a", "a", b"one"))
    store.import_directory(make_bundle(tmp_path / "b", "b", b"two"))
    assert store.used_bytes() == len(b"one") + len(b"two") + len(b"{}")


def test_a_missing_blob_leaves_no_slot_behind(store: BundleStore, tmp_path: Path) -> None:
    source = make_bundle(tmp_path / "a", "a", b"one")
    manifest = BundleManifest.model_validate_json((source / "manifest.json").read_bytes())
    store.add_file(source / "detector.onnx")
    assert len(store.missing(manifest)) == 1
    with pytest.raises(BundleError, match="is not here yet"):
        store.install(manifest)
    assert store.bundle_ids() == ()


def test_a_blob_that_was_altered_is_refused(store: BundleStore, tmp_path: Path) -> None:
    source = make_bundle(tmp_path / "a", "a", b"one")
    manifest = BundleManifest.model_validate_json((source / "manifest.json").read_bytes())
    store.add_file(source / "shared" / "catalog.json")
    store.blob_path(store.add_file(source / "detector.onnx")).write_bytes(b"oNe")
    with pytest.raises(BundleError, match="was altered"):
        store.install(manifest)
    assert store.bundle_ids() == ()


def test_garbage_is_removed_and_the_kept_ones_stay_whole(
    store: BundleStore, tmp_path: Path
) -> None:
    keep = store.import_directory(make_bundle(tmp_path / "a", "a", b"one"))
    gone = store.import_directory(make_bundle(tmp_path / "b", "b", b"two"))
    planned = store.collect_garbage([keep.bundle_id], dry_run=True)
    assert store.open(gone.bundle_id)
    assert store.collect_garbage([keep.bundle_id, ""]) == planned
    assert planned.num_bytes == len(b"two")
    assert store.open(keep.bundle_id).file("catalog").read_bytes() == b"{}"


def test_an_unfinished_slot_is_swept_at_start(tmp_path: Path) -> None:
    unfinished = tmp_path / "store" / "slots" / ".new-abc"
    unfinished.mkdir(parents=True)
    store = BundleStore(tmp_path / "store")
    assert store.bundle_ids() == ()
    assert not unfinished.exists()


def test_a_full_budget_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    store = BundleStore(tmp_path / "store", budget_bytes=1)
    with pytest.raises(BundleError, match="bytes used of 1"):
        store.import_directory(make_bundle(tmp_path / "a", "a", b"one"))
