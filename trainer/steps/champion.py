"""The bundle in use, opened for training: its embedder, gallery, thresholds and catalogue.

Flow: bundle folder -> Champion -> embeddings of regions
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sync.boxes import FloatArray
from sync.bundle import Bundle, open_bundle
from sync.catalog import Catalog, load_catalog
from sync.decision import DecisionParameters
from sync.gallery import Gallery, Whitening, load_gallery, load_whitening
from trainer.export.gallery_fit import embed
from trainer.export.parity import OnnxModel
from trainer.steps.regions import Region


@dataclass(frozen=True, slots=True)
class Champion:
    """What runs now."""

    bundle: Bundle
    embedder_file: Path
    whitening: Whitening
    gallery: Gallery
    thresholds: DecisionParameters
    catalog: Catalog

    @property
    def families(self) -> dict[str, str]:
        """SKU -> look-alike family, for those that have one."""
        return {sku.sku_id: sku.family for sku in self.catalog.skus if sku.family is not None}


def open_champion(folder: Path) -> Champion:
    """A bundle with its CPU files.

    Raises:
        BundleError: it is not whole.
    """
    bundle = open_bundle(folder)
    return Champion(
        bundle=bundle,
        embedder_file=bundle.file("embedder", "cpu"),
        whitening=load_whitening(bundle.file("whitening")),
        gallery=load_gallery(bundle.file("gallery")),
        thresholds=DecisionParameters.model_validate_json(bundle.file("thresholds").read_bytes()),
        catalog=load_catalog(bundle.file("catalog")),
    )


def embed_regions(model_file: Path, champion: Champion, regions: Sequence[Region]) -> FloatArray:
    """Embeddings of regions as the box would cut them, float32 (N, D), not whitened."""
    form = champion.bundle.manifest.preprocess
    if not regions:
        return np.zeros((0, len(champion.whitening.mean)), np.float32)
    crops = [region.crop(form) for region in regions]
    return embed(OnnxModel(model_file), crops, mean=float(form.mean), scale=float(form.scale))
