"""New SKUs and prices between two bundles: fetched, held against their entries, added to a gallery.

Flow: CatalogueIndex + base gallery -> gallery with segments ; CatalogueIndex -> PriceList

A segment only adds: rows that exist stay bit-identical, which is checked and not assumed, and the
box's own list of reverted segments takes one out again (one tap). When an addition or a price
takes effect is the box's decision, between two baskets.
"""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import numpy as np

from sync.blob_download import BlobFetcher
from sync.errors import BundleError, CatalogError, GalleryMismatchError
from sync.gallery import Gallery, load_gallery
from sync.price_list import PriceList, load_price_list
from sync.update_documents import (
    MAX_CATALOGUE_ROWS,
    CatalogueIndex,
    PriceListEntry,
    SegmentEntry,
)
from sync.update_errors import PriceListError, SegmentError

MAX_SEGMENT_BYTES = 20_000_000  # 5,000 rows of 1,024 float16 and their names
MAX_PRICE_LIST_BYTES = 20_000_000  # 100,000 prices of 200 bytes


def segments_for(
    index: CatalogueIndex, base: Gallery, *, reverted: Collection[str] = ()
) -> tuple[SegmentEntry, ...]:
    """The segments made for this very gallery, in the index's order, less the reverted ones."""
    digest = base.digest()
    return tuple(
        entry
        for entry in index.segments
        if entry.embedder_id == base.embedder_id
        and entry.base_digest == digest
        and entry.sha256 not in reverted
    )


def fetch_segment(entry: SegmentEntry, blobs: BlobFetcher) -> Gallery:
    """A segment's rows.

    Raises:
        SegmentError: it is not what its signed entry says.
    """
    if entry.size > MAX_SEGMENT_BYTES:
        raise SegmentError(f"segment {entry.sha256[:12]} has {entry.size} bytes")
    path = blobs.fetch(entry.sha256, entry.size)
    name = f"segment {entry.sha256[:12]}"
    hint = "make the segment again and publish it"
    try:
        segment = load_gallery(path)
    except BundleError as err:
        raise SegmentError(f"{name}: {err}", hint=hint) from err
    if segment.embedder_id != entry.embedder_id:
        raise SegmentError(f"{name} is of embedder {segment.embedder_id[:12]}", hint=hint)
    if len(segment.vectors) != entry.rows or segment.sku_ids != entry.sku_ids:
        raise SegmentError(f"{name} has other rows or SKUs than its entry", hint=hint)
    lengths = np.linalg.norm(segment.vectors, axis=1)
    if not np.all(np.isfinite(segment.vectors)) or np.any(np.abs(lengths - 1.0) > 0.01):
        raise SegmentError(f"{name} has rows that are no unit vectors", hint=hint)
    return segment


def add_segments(base: Gallery, segments: Collection[Gallery]) -> Gallery:
    """The base gallery and the segments behind it.

    Raises:
        SegmentError: one names a known SKU, is of another embedder, or there are too many rows.
    """
    grown = base
    for segment in segments:
        try:
            grown = grown.with_segment(segment)
        except (BundleError, GalleryMismatchError) as err:
            raise SegmentError(str(err), hint=err.hint) from err
    num_added = len(grown.vectors) - len(base.vectors)
    if num_added > MAX_CATALOGUE_ROWS:
        raise SegmentError(f"segments add {num_added} rows, at most {MAX_CATALOGUE_ROWS}")
    _require_untouched(base, grown)
    return grown


def price_entry_at(index: CatalogueIndex, moment: datetime) -> PriceListEntry | None:
    """The list in force at a moment: of those that cover it, the newest version."""
    covering = [
        entry
        for entry in index.prices
        if entry.valid_from <= moment and (entry.valid_until is None or moment < entry.valid_until)
    ]
    return max(covering, key=lambda entry: entry.version, default=None)


def fetch_prices(entry: PriceListEntry, blobs: BlobFetcher) -> PriceList:
    """A price list.

    Raises:
        PriceListError: it is not what its signed entry says.
    """
    if entry.size > MAX_PRICE_LIST_BYTES:
        raise PriceListError(f"price list {entry.version} has {entry.size} bytes")
    path: Path = blobs.fetch(entry.sha256, entry.size)
    try:
        prices = load_price_list(path)
    except CatalogError as err:
        raise PriceListError(f"price list {entry.version}: {err}", hint=err.hint) from err
    if prices.version != entry.version:
        raise PriceListError(
            f"price list is version {prices.version}, its entry says {entry.version}",
            hint="publish it again",
        )
    return prices


def _require_untouched(base: Gallery, grown: Gallery) -> None:
    """Old rows bit for bit, old SKUs in the old order."""
    same = (
        np.array_equal(
            base.vectors.view(np.uint8), grown.vectors[: len(base.vectors)].view(np.uint8)
        )
        and np.array_equal(base.starts, grown.starts[: len(base.starts)])
        and base.sku_ids == grown.sku_ids[: len(base.sku_ids)]
    )
    if not same:
        raise SegmentError("a segment touched rows that were there", hint="report this")
