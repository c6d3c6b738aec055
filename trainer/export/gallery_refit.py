"""A champion's gallery with new labelled crops in it: no gradient, seconds.

Flow: champion's whitening and gallery + embeddings by SKU -> FittedGallery

SKUs without new crops keep their rows bit for bit while the whitening stays. A changed whitening
moves every row exactly, because rows are directions: unit(row @ change). How well it does is
measured by the caller.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sync.boxes import FloatArray
from sync.gallery import Gallery, Whitening, prototypes, unit_rows
from trainer.export.gallery_fit import FittedGallery, label_numbers

MIN_SCATTER_CROPS = 32  # fewer say nothing about 256 directions


@dataclass(frozen=True, slots=True)
class RefitSetting:
    """How much the champion counts against new crops.

    Attributes:
        prior_views: each champion's row counts as so many crops of its SKU.
        prototypes_per_sku: rows of an SKU that has new crops.
        whitening_percent: weight of the new crops' spread in the whitening; 0 keeps the champion's,
            and with it the embedder id and every segment made for it.
    """

    prior_views: int = 8
    prototypes_per_sku: int = 3
    whitening_percent: int = 0


def refit_gallery(
    embedder_file: Path,
    whitening: Whitening,
    gallery: Gallery,
    embeddings: FloatArray,
    sku_ids: Sequence[str],
    setting: RefitSetting,
) -> FittedGallery:
    """Gallery and whitening of the next bundle; SKUs the champion does not know are added.

    Args:
        embedder_file: of the champion; its digest is part of `embedder_id`.
        embeddings: float32 (N, D), not whitened.
        sku_ids: SKU of each.
    """
    change = _change(whitening, embeddings, sku_ids, setting.whitening_percent)
    if change is not None:
        whitening = Whitening(whitening.mean, (whitening.matrix @ change).astype(np.float32))
        digest = hashlib.sha256(embedder_file.read_bytes() + whitening.to_bytes()).hexdigest()
        embedder_id = f"{gallery.embedder_id.rpartition('-')[0]}-{digest[:16]}"
        rows = _as_shipped(unit_rows(gallery.vectors @ change))
        gallery = Gallery(embedder_id, gallery.sku_ids, rows, gallery.starts)
    whitened = whitening.apply(embeddings) if len(embeddings) else embeddings
    return FittedGallery(
        gallery.embedder_id, whitening, merged_gallery(gallery, whitened, sku_ids, setting)
    )


def merged_gallery(
    gallery: Gallery, whitened: FloatArray, sku_ids: Sequence[str], setting: RefitSetting
) -> Gallery:
    """The gallery with the rows of named SKUs fitted again, and new SKUs behind the old ones."""
    owners = np.asarray(sku_ids, dtype=np.str_)
    ends = [*gallery.starts[1:], len(gallery.vectors)]
    rows: list[FloatArray] = []
    for sku_id, start, end in zip(gallery.sku_ids, gallery.starts, ends, strict=True):
        known = gallery.vectors[start:end]
        fresh = whitened[owners == sku_id] if len(owners) else whitened[:0]
        rows.append(_fitted(known, fresh, setting) if len(fresh) else known)
    names = list(gallery.sku_ids)
    for sku_id in sorted(set(sku_ids) - set(gallery.sku_ids)):
        names.append(sku_id)
        rows.append(_as_shipped(prototypes(whitened[owners == sku_id], setting.prototypes_per_sku)))
    starts = np.cumsum([0, *[len(r) for r in rows[:-1]]]).astype(np.int64)
    return Gallery(gallery.embedder_id, tuple(names), np.concatenate(rows), starts)


def _fitted(known: FloatArray, fresh: FloatArray, setting: RefitSetting) -> FloatArray:
    views = np.concatenate([np.repeat(known, setting.prior_views, axis=0), fresh])
    return _as_shipped(prototypes(views, setting.prototypes_per_sku))


def _change(
    whitening: Whitening, embeddings: FloatArray, sku_ids: Sequence[str], percent: int
) -> FloatArray | None:
    """What to multiply whitened vectors with; None where nothing changes.

    The champion's whitening made the spread within SKUs about the same in every direction; `change`
    does that again for a mixture of that spread and the one of the new crops.
    """
    numbers = label_numbers(sku_ids)
    num_free = len(numbers) - len(set(sku_ids))
    if percent == 0 or num_free < MIN_SCATTER_CROPS:
        return None
    rows = ((embeddings - whitening.mean) @ whitening.matrix).astype(np.float64)
    means = np.stack([rows[numbers == n].mean(axis=0) for n in range(numbers.max() + 1)])
    centred = rows - means[numbers]
    within = centred.T @ centred / num_free
    level = np.trace(within) / len(within)
    share = percent / 100
    mixed = share * within + (1 - share) * level * np.eye(len(within))
    values, vectors = np.linalg.eigh(mixed)
    change = vectors @ np.diag(np.sqrt(level / np.maximum(values, 1e-12))) @ vectors.T
    return np.asarray(change, np.float32)


def _as_shipped(rows: FloatArray) -> FloatArray:
    """float16 is what travels: what is tested is what is shipped."""
    return rows.astype(np.float16).astype(np.float32)
