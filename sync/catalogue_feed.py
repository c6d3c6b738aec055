"""New SKUs and prices between two bundles: fetched, held against their entries, added to a gallery.

Flow: CatalogueIndex + base gallery -> gallery with segments ; CatalogueIndex -> PriceList

A segment only adds: rows that exist stay bit-identical, which is checked and not assumed, and the
box's own list of reverted segments takes one out again (one tap). When an addition or a price
takes effect is the box's decision, between two baskets.
"""

import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import numpy as np
from pydantic import model_validator

from sync.blob_download import BlobFetcher
from sync.catalog import Sku
from sync.errors import BundleError, CatalogError, GalleryMismatchError
from sync.gallery import Gallery, load_gallery
from sync.price_list import PriceList, load_price_list
from sync.update_documents import (
    MAX_CATALOGUE_ROWS,
    CatalogueIndex,
    Document,
    PriceListEntry,
    SegmentEntry,
    parse_document,
)
from sync.update_errors import PriceListError, SegmentError

MAX_SEGMENT_BYTES = 20_000_000  # 5,000 rows of 1,024 float16 and their names
MAX_PRICE_LIST_BYTES = 20_000_000  # 100,000 prices of 200 bytes
MAX_ADDITION_BYTES = 5_000_000  # 5,000 SKUs of 1 kB
MAX_PICTURE_BYTES = 200_000

_PICTURE_NAME = re.compile(r"([0-9a-f]{64})\.(jpg|png|webp)")


class SkuAddition(Document):
    """What a shop must know of a segment's SKUs to sell them; their prices are in the price list.

    Attributes:
        skus: `picture` is `<sha256 of the picture>.jpg` (png, webp), or None.
        pictures: sha256 -> bytes, of every picture that is named.
    """

    skus: tuple[Sku, ...]
    pictures: dict[str, int] = {}

    @model_validator(mode="after")
    def _pictures_are_listed(self) -> "SkuAddition":
        named = {picture_sha256(sku.picture) for sku in self.skus if sku.picture}
        if named != set(self.pictures):
            raise ValueError("pictures listed and pictures named differ")
        if any(not 0 < size <= MAX_PICTURE_BYTES for size in self.pictures.values()):
            raise ValueError(f"a picture has more than {MAX_PICTURE_BYTES} bytes")
        if len({sku.sku_id for sku in self.skus}) != len(self.skus):
            raise ValueError("a SKU stands twice")
        return self


def picture_sha256(name: str) -> str:
    """The blob behind a picture's name.

    Raises:
        ValueError: the name is not `<sha256>.jpg`, `.png` or `.webp`.
    """
    match = _PICTURE_NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"picture {name[:80]!r} is not named by its sha256")
    return match[1]


def segments_for(
    index: CatalogueIndex, base: Gallery, *, reverted: Collection[str] = ()
) -> tuple[SegmentEntry, ...]:
    """The segments made for this very gallery, in the index's order, less the reverted ones."""
    digest = base.digest()
    return tuple(
        entry
        for entry in index.segments
        if fits(entry, base, digest) and entry.sha256 not in reverted
    )


def fits(entry: SegmentEntry, base: Gallery, base_digest: str) -> bool:
    """Whether a segment was made for this very gallery, whose digest the caller has."""
    return entry.embedder_id == base.embedder_id and entry.base_digest == base_digest


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


def fetch_addition(entry: SegmentEntry, blobs: BlobFetcher) -> SkuAddition | None:
    """Names and pictures of a segment's SKUs, the pictures fetched too; None where it has none.

    Raises:
        SegmentError: it is not what the signed entry says.
        MalformedError: it is of another form.
    """
    if entry.skus_sha256 is None:
        return None
    name = f"SKUs of segment {entry.sha256[:12]}"
    hint = "make the segment again and publish it"
    if entry.skus_size > MAX_ADDITION_BYTES:
        raise SegmentError(f"{name} have {entry.skus_size} bytes", hint=hint)
    raw = blobs.fetch(entry.skus_sha256, entry.skus_size).read_bytes()
    addition = parse_document(SkuAddition, raw, name)
    if {sku.sku_id for sku in addition.skus} != set(entry.sku_ids):
        raise SegmentError(f"{name} are others than its entry says", hint=hint)
    for sha256, size in addition.pictures.items():
        blobs.fetch(sha256, size)
    return addition


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
