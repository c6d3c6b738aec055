"""New SKUs and prices: only added, only for this gallery, one tap to take out again."""

import zlib
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from sync.blob_store import BlobStore
from sync.catalogue_feed import (
    add_segments,
    fetch_prices,
    fetch_segment,
    price_entry_at,
    segments_for,
)
from sync.errors import PublisherError
from sync.gallery import Gallery, unit_rows
from sync.update_documents import CatalogueIndex, PriceListEntry, SegmentEntry
from sync.update_errors import PriceListError, SegmentError
from tests.fakes.hostile_repository import NOW, HostileRepository, MemoryBlobs, MemoryFetcher
from tests.fakes.update_world import price_entry, price_list

EMBEDDER_ID = "embedder-1"
HOUR = timedelta(hours=1)


def gallery(*sku_ids: str, dim: int = 16, embedder_id: str = EMBEDDER_ID) -> Gallery:
    """One random unit row per SKU, as float16 holds it."""
    random = np.random.default_rng(zlib.crc32(repr(sku_ids).encode()))
    rows = unit_rows(random.normal(size=(len(sku_ids), dim)).astype(np.float32))
    rows = rows.astype(np.float16).astype(np.float32)
    return Gallery(embedder_id, sku_ids, rows, np.arange(len(sku_ids), dtype=np.int64))


BASE = gallery("sku-1", "sku-2", "sku-3")


@pytest.fixture
def repository() -> HostileRepository:
    return HostileRepository()


@pytest.fixture
def blobs(repository: HostileRepository, fast_folder: Path) -> MemoryBlobs:
    return MemoryBlobs(MemoryFetcher(repository), BlobStore(fast_folder / "cas"))


def entry(repository: HostileRepository, segment: Gallery, **changes: object) -> SegmentEntry:
    """The signed entry of a segment; `changes` make it lie."""
    raw = segment.to_bytes()
    said = {
        "sha256": repository.put(raw),
        "size": len(raw),
        "embedder_id": segment.embedder_id,
        "base_digest": BASE.digest(),
        "rows": len(segment.vectors),
        "sku_ids": segment.sku_ids,
    }
    return SegmentEntry.model_validate({**said, **changes})


def index(*segments: SegmentEntry, prices: tuple[PriceListEntry, ...] = ()) -> CatalogueIndex:
    return CatalogueIndex(
        generation=1, channel="main", segments=segments, prices=prices, issued_at=NOW
    )


def test_a_segment_is_added_behind_rows_that_stay_bit_identical(
    repository: HostileRepository, blobs: MemoryBlobs
) -> None:
    segment = fetch_segment(entry(repository, gallery("sku-4", "sku-5")), blobs)
    grown = add_segments(BASE, [segment])
    assert grown.sku_ids == ("sku-1", "sku-2", "sku-3", "sku-4", "sku-5")
    assert grown.vectors[:3].tobytes() == BASE.vectors.tobytes()


def test_segments_of_another_base_or_embedder_are_left_alone(
    repository: HostileRepository,
) -> None:
    mine = entry(repository, gallery("sku-4"))
    other_base = entry(repository, gallery("sku-5"), base_digest="0" * 64)
    other_embedder = entry(repository, gallery("sku-6", embedder_id="embedder-2"))
    assert segments_for(index(mine, other_base, other_embedder), BASE) == (mine,)


def test_one_tap_takes_a_segment_out_and_leaves_the_others(
    repository: HostileRepository, blobs: MemoryBlobs
) -> None:
    first, second = entry(repository, gallery("sku-4")), entry(repository, gallery("sku-5"))
    left = segments_for(index(first, second), BASE, reverted={first.sha256})
    grown = add_segments(BASE, [fetch_segment(e, blobs) for e in left])
    assert grown.sku_ids == ("sku-1", "sku-2", "sku-3", "sku-5")


@pytest.mark.parametrize(
    "segment",
    [
        pytest.param(gallery("sku-2"), id="alters an old SKU"),
        pytest.param(gallery("sku-4", dim=8), id="rows of another length"),
        pytest.param(gallery("sku-4", embedder_id="embedder-2"), id="another embedder"),
    ],
)
def test_a_segment_that_does_more_than_add_is_refused(segment: Gallery) -> None:
    with pytest.raises(SegmentError):
        add_segments(BASE, [segment])


def test_two_segments_cannot_name_the_same_sku() -> None:
    with pytest.raises(SegmentError):
        add_segments(BASE, [gallery("sku-4"), gallery("sku-4")])


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"rows": 2}, id="other number of rows"),
        pytest.param({"sku_ids": ("sku-9",)}, id="other SKUs"),
        pytest.param({"embedder_id": "embedder-2"}, id="other embedder"),
    ],
)
def test_a_segment_that_is_not_what_its_entry_says_is_refused(
    repository: HostileRepository, blobs: MemoryBlobs, changes: dict[str, object]
) -> None:
    with pytest.raises(SegmentError):
        fetch_segment(entry(repository, gallery("sku-4"), **changes), blobs)


@pytest.mark.parametrize("scale", [0.0, 1.5, float("nan"), float("inf")])
def test_rows_that_would_win_every_comparison_are_refused(
    repository: HostileRepository, blobs: MemoryBlobs, scale: float
) -> None:
    good = gallery("sku-4")
    evil = Gallery(good.embedder_id, good.sku_ids, good.vectors * np.float32(scale), good.starts)
    with pytest.raises(SegmentError):
        fetch_segment(entry(repository, evil), blobs)


def test_a_segment_of_noise_is_the_publishers_fault(
    repository: HostileRepository, blobs: MemoryBlobs
) -> None:
    raw = b"PK\x03\x04 no archive"
    noise = entry(repository, gallery("sku-4"), sha256=repository.put(raw), size=len(raw))
    with pytest.raises(PublisherError):
        fetch_segment(noise, blobs)


def test_a_price_takes_effect_at_its_time(repository: HostileRepository) -> None:
    today = price_entry(repository, 1)
    tomorrow = price_entry(repository, 2).model_copy(update={"valid_from": NOW + 24 * HOUR})
    both = index(prices=(today, tomorrow))
    assert price_entry_at(both, NOW) == today
    assert price_entry_at(both, NOW + 24 * HOUR) == tomorrow
    assert price_entry_at(both, NOW - HOUR) is None


def test_a_price_list_ends_at_its_time(repository: HostileRepository) -> None:
    sale = price_entry(repository, 1).model_copy(update={"valid_until": NOW + HOUR})
    assert price_entry_at(index(prices=(sale,)), NOW + HOUR) is None


def test_a_price_list_is_fetched_and_held_against_its_entry(
    repository: HostileRepository, blobs: MemoryBlobs
) -> None:
    assert fetch_prices(price_entry(repository, 7), blobs).version == 7
    lying = price_entry(repository, 8).model_copy(update={"version": 9})
    with pytest.raises(PriceListError):
        fetch_prices(lying, blobs)


def test_a_price_list_of_noise_is_refused(
    repository: HostileRepository, blobs: MemoryBlobs
) -> None:
    raw = price_list(1)[:-5]
    noise = price_entry(repository, 1).model_copy(
        update={"sha256": repository.put(raw), "size": len(raw)}
    )
    with pytest.raises(PriceListError):
        fetch_prices(noise, blobs)
