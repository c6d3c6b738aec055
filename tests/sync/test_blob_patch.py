"""Patches between versions: small, verified, and never needed."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from sync.blob_patch import PatchEntry, apply_patch, fetch_patched, make_patch
from sync.blob_store import BlobStore
from sync.update_errors import AlteredError
from tests.fakes.hostile_repository import HostileRepository, MemoryBlobs, MemoryFetcher

SIZE = 1_000_000


def weights(seed: int = 0) -> bytes:
    """Numbers that do not compress."""
    return np.random.default_rng(seed).bytes(SIZE)


OLD = weights()
NEW = OLD[: SIZE - 20_000] + weights(1)[:20_000]  # a new head on an old backbone
NEW_SHA = hashlib.sha256(NEW).hexdigest()


@pytest.fixture
def blobs(fast_folder: Path) -> MemoryBlobs:
    return MemoryBlobs(MemoryFetcher(HostileRepository()), BlobStore(fast_folder / "cas"))


def offer(blobs: MemoryBlobs, patch: bytes) -> PatchEntry:
    """Both versions and the patch are published; the old one is on the box."""
    repository = blobs._fetcher.repository
    repository.put(NEW)
    return PatchEntry(
        from_sha256=blobs.store.put(OLD),
        from_size=SIZE,
        to_sha256=NEW_SHA,
        sha256=repository.put(patch),
        size=len(patch),
    )


def patch() -> bytes:
    found = make_patch(OLD, NEW)
    assert found is not None
    return found


def test_a_new_head_costs_its_own_size() -> None:
    assert len(patch()) < 22_000
    assert apply_patch(OLD, patch(), sha256=NEW_SHA, size=SIZE) == NEW


def test_files_that_share_nothing_get_no_patch() -> None:
    assert make_patch(weights(5), weights(6)) is None


def test_a_small_file_gets_no_patch() -> None:
    assert make_patch(b"a" * 100, b"a" * 101) is None


def test_a_box_with_the_old_file_fetches_the_patch_alone(blobs: MemoryBlobs) -> None:
    entry = offer(blobs, patch())
    del blobs._fetcher.repository.blobs[NEW_SHA]
    assert fetch_patched(blobs, NEW_SHA, SIZE, [entry]).read_bytes() == NEW
    assert not blobs.store.path(entry.sha256).exists()


def test_a_box_without_the_old_file_fetches_the_whole(blobs: MemoryBlobs) -> None:
    entry = offer(blobs, patch())
    blobs.store.forget(entry.from_sha256)
    assert fetch_patched(blobs, NEW_SHA, SIZE, [entry]).read_bytes() == NEW


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(b"no zstd at all", id="noise"),
        pytest.param(patch()[:5_000], id="cut short"),
        pytest.param(patch()[:9_000] + b"\x00" + patch()[9_001:], id="one byte changed"),
        pytest.param(make_patch(weights(3), weights(3)) or b"", id="made for other files"),
    ],
)
def test_a_bad_patch_falls_back_to_the_whole_file(blobs: MemoryBlobs, bad: bytes) -> None:
    entry = offer(blobs, bad)
    assert fetch_patched(blobs, NEW_SHA, SIZE, [entry]).read_bytes() == NEW


def test_a_patch_that_unfolds_without_end_is_stopped_at_the_signed_size() -> None:
    bomb = make_patch(b"\x00" * 1_000, b"\x00" * 60_000_000)
    assert bomb is not None
    assert len(bomb) < 10_000
    with pytest.raises(AlteredError):
        apply_patch(b"\x00" * 1_000, bomb, sha256=NEW_SHA, size=1_000)


def test_a_patch_that_is_gone_from_the_hub_is_no_loss(blobs: MemoryBlobs) -> None:
    entry = offer(blobs, patch())
    del blobs._fetcher.repository.blobs[entry.sha256]
    assert fetch_patched(blobs, NEW_SHA, SIZE, [entry]).read_bytes() == NEW
