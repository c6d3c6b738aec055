"""Embeddings of many crops, and the whitening and gallery that follow from them.

Flow: crops by SKU -> embeddings -> Whitening, Gallery

The arithmetic is sync/gallery.py's; here is only what must be embedded for it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sync.boxes import FloatArray
from sync.gallery import Gallery, Whitening, build_gallery, fit_whitening
from sync.preprocess import Picture, normalise
from trainer.export.parity import OnnxModel

BATCH = 16
SHRINKAGE = 0.3  # 0.1 to 1 changes less than half a point: reference measurement


@dataclass(frozen=True, slots=True)
class FittedGallery:
    """What a bundle carries beside the embedder; `embedder_id` names all of it."""

    embedder_id: str
    whitening: Whitening
    gallery: Gallery


def embed(
    model: OnnxModel, crops: Sequence[Picture], *, mean: float = 127.0, scale: float = 128.0
) -> FloatArray:
    """Embeddings of prepared crops, float32 (N, D)."""
    parts = [
        model(normalise(list(crops[i : i + BATCH]), mean, scale))
        for i in range(0, len(crops), BATCH)
    ]
    return np.concatenate(parts)


def fit_gallery(
    model_file: Path,
    embeddings: FloatArray,
    sku_ids: Sequence[str],
    *,
    prototypes_per_sku: int,
    extra: tuple[FloatArray, Sequence[str]] | None = None,
) -> FittedGallery:
    """Whiten by the spread within SKUs, then prototypes of each.

    Args:
        model_file: the embedder as it ships; its digest is part of `embedder_id`.
        embeddings: float32 (N, D) of gallery pictures.
        sku_ids: SKU of each row.
        prototypes_per_sku: 1 to 3 (DESIGN section 1).
        extra: further labelled embeddings that shape the whitening but are no prototypes, such as
            crops from counter scenes: they show what the counter does to a product.
    """
    rows, owners = embeddings, list(sku_ids)
    if extra is not None:
        rows, owners = np.concatenate([embeddings, extra[0]]), [*owners, *extra[1]]
    whitening = fit_whitening(
        rows, label_numbers(owners), shrinkage=SHRINKAGE, dim=embeddings.shape[1]
    )
    digest = hashlib.sha256(model_file.read_bytes() + whitening.to_bytes()).hexdigest()
    embedder_id = f"lite0-{embeddings.shape[1]}-{digest[:16]}"
    gallery = build_gallery(
        embedder_id,
        whitening.apply(embeddings),
        list(sku_ids),
        prototypes_per_sku=prototypes_per_sku,
    )
    return FittedGallery(embedder_id, whitening, gallery)


def label_numbers(sku_ids: Sequence[str]) -> NDArray[np.int64]:
    """A number per SKU, in order of first appearance, int64 (N,)."""
    number = {sku_id: i for i, sku_id in enumerate(dict.fromkeys(sku_ids))}
    return np.asarray([number[s] for s in sku_ids], dtype=np.int64)
