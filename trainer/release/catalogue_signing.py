"""New SKUs and prices for a channel of stores, published without a bundle.

Flow: segment | price list -> checked as a box does -> CatalogueIndex -> Signing

Segments only add. A price list only replaces an older one; both the list in force and the next one
can stand in the index. When they take effect is written in them, the box keeps to it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import ValidationError

from sync.catalog import Sku
from sync.catalogue_feed import SkuAddition, add_segments
from sync.gallery import Gallery
from sync.price_list import PriceList
from sync.update_documents import (
    MAX_SEGMENT_ROWS,
    CatalogueIndex,
    PriceListEntry,
    SegmentEntry,
)
from trainer.release.release_errors import PublishRefusedError
from trainer.release.signing import Signing


def add_segment(
    signing: Signing,
    channel: str,
    segment: Gallery,
    base: Gallery,
    *,
    skus: Sequence[Sku] = (),
    pictures: Mapping[str, bytes] | None = None,
) -> SegmentEntry:
    """Offer new SKUs to every box of a channel whose gallery is `base`.

    Args:
        skus: names and units of all of the segment's SKUs; none where the bundles know them.
        pictures: the name in `Sku.picture` -> bytes of a .jpg, .png or .webp.

    Raises:
        SegmentError: it would change a row, or is of another embedder.
        PublishRefusedError: too many rows for one segment, or SKUs that are not the segment's.
    """
    if len(segment.vectors) > MAX_SEGMENT_ROWS:
        raise PublishRefusedError(
            f"the segment has {len(segment.vectors)} rows, at most {MAX_SEGMENT_ROWS}",
            hint="split it",
        )
    known = _known(signing, channel)
    taken = {sku for s in known.segments if _is_beside(s, base) for sku in s.sku_ids}
    twice = taken & set(segment.sku_ids)
    if twice:
        raise PublishRefusedError(
            f"{len(twice)} SKUs are in an earlier segment, first {sorted(twice)[0]}",
            hint="revert that segment first, or give the product a new sku_id",
        )
    add_segments(base, [segment])
    addition = _addition(segment, skus, pictures or {}) if skus else None
    for picture in (pictures or {}).values() if addition else ():
        signing.blobs.put(picture)
    raw_skus = addition.to_bytes() if addition else b""
    raw = segment.to_bytes()
    entry = SegmentEntry(
        sha256=signing.blobs.put(raw),
        size=len(raw),
        embedder_id=segment.embedder_id,
        base_digest=base.digest(),
        rows=len(segment.vectors),
        sku_ids=segment.sku_ids,
        skus_sha256=signing.blobs.put(raw_skus) if raw_skus else None,
        skus_size=len(raw_skus),
    )
    signing.list_index(
        _next(signing, known, segments=(*known.segments, entry), prices=known.prices)
    )
    return entry


def revert_segment(signing: Signing, channel: str, sha256: str) -> None:
    """Take a segment out again for the whole channel.

    Raises:
        PublishRefusedError: it is not in the index.
    """
    known = _known(signing, channel)
    kept = tuple(entry for entry in known.segments if entry.sha256 != sha256)
    if len(kept) == len(known.segments):
        raise PublishRefusedError(
            f"segment {sha256[:12]} is not in channel {channel}", hint="list the channel"
        )
    signing.list_index(_next(signing, known, segments=kept, prices=known.prices))


def set_prices(
    signing: Signing,
    channel: str,
    prices: PriceList,
    *,
    valid_from: datetime,
    valid_until: datetime | None = None,
) -> PriceListEntry:
    """Publish a price list; it takes effect at `valid_from`, the one before stays until then.

    Raises:
        PublishRefusedError: its version is not higher than the last one's.
    """
    known = _known(signing, channel)
    newest = max((entry.version for entry in known.prices), default=0)
    if prices.version <= newest:
        raise PublishRefusedError(
            f"price list version {prices.version}, but {newest} is published",
            hint="count the version up",
        )
    raw = prices.model_dump_json().encode()
    entry = PriceListEntry(
        sha256=signing.blobs.put(raw),
        size=len(raw),
        version=prices.version,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    in_force = _in_force(known, signing.now)
    signing.list_index(_next(signing, known, segments=known.segments, prices=(*in_force, entry)))
    return entry


def _addition(segment: Gallery, skus: Sequence[Sku], pictures: Mapping[str, bytes]) -> SkuAddition:
    """The SKUs of a segment, their pictures named by hash."""
    if sorted(sku.sku_id for sku in skus) != sorted(segment.sku_ids):
        raise PublishRefusedError(
            "the SKUs described are not those of the segment", hint="describe each of them once"
        )
    missing = [sku.picture for sku in skus if sku.picture and sku.picture not in pictures]
    if missing:
        raise PublishRefusedError(f"picture {missing[0]} is not here", hint="give it, or none")
    names = {
        name: f"{hashlib.sha256(data).hexdigest()}.{name.rsplit('.', 1)[-1].lower()}"
        for name, data in pictures.items()
    }
    named = [
        sku.model_copy(update={"picture": names[sku.picture] if sku.picture else None})
        for sku in skus
    ]
    sizes = {
        hashlib.sha256(pictures[sku.picture]).hexdigest(): len(pictures[sku.picture])
        for sku in skus
        if sku.picture
    }
    try:
        return SkuAddition(skus=tuple(named), pictures=sizes)
    except ValidationError as err:
        raise PublishRefusedError(
            str(err.errors()[0]["msg"]), hint="at most 200 kB, .jpg, .png or .webp"
        ) from err


def _known(signing: Signing, channel: str) -> CatalogueIndex:
    index = signing.index(channel)
    if index is not None:
        return index
    return CatalogueIndex(generation=1, channel=channel, issued_at=signing.now)


def _next(
    signing: Signing,
    known: CatalogueIndex,
    *,
    segments: tuple[SegmentEntry, ...],
    prices: tuple[PriceListEntry, ...],
) -> CatalogueIndex:
    return CatalogueIndex(
        generation=known.generation + 1,
        channel=known.channel,
        segments=segments,
        prices=prices,
        issued_at=signing.now,
    )


def _in_force(index: CatalogueIndex, now: datetime) -> tuple[PriceListEntry, ...]:
    """The list that holds now and those that are still to come; older ones are dropped."""
    begun = [e for e in index.prices if e.valid_from <= now]
    coming = [e for e in index.prices if e.valid_from > now]
    return (*begun[-1:], *coming)


def _is_beside(entry: SegmentEntry, base: Gallery) -> bool:
    return entry.embedder_id == base.embedder_id and entry.base_digest == base.digest()
