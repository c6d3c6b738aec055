"""New SKUs behind a bundle's gallery: only where they fit, old rows untouched, out again."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge.config import FACTORY_BUNDLE, EdgeConfig
from edge.perception.models import Models, load_models
from edge.perception.open_backend import BackendOptions
from edge.processes.catalogue_keeper import CatalogueKeeper
from edge.processes.gallery_growth import GalleryGrowth
from edge.processes.local_catalogue import BlobsHere, catalogue_folder
from sync.bundle import open_bundle
from sync.gallery import Gallery
from sync.update_documents import CatalogueIndex, SegmentEntry
from tests.system.running_box import make_config


@pytest.fixture(scope="module")
def models() -> Models:
    return load_models(open_bundle(FACTORY_BUNDLE), BackendOptions(providers=("cpu",)))


@pytest.fixture
def config(tmp_path: Path) -> EdgeConfig:
    return make_config(tmp_path)


@pytest.fixture
def keeper(config: EdgeConfig) -> CatalogueKeeper:
    return CatalogueKeeper(catalogue_folder(config))


def segment_of(base: Gallery, *sku_ids: str) -> Gallery:
    rows = np.ascontiguousarray(base.vectors[: len(sku_ids)])
    return replace(
        base, sku_ids=sku_ids, vectors=rows, starts=np.arange(len(sku_ids), dtype=np.int64)
    )


def publish(keeper: CatalogueKeeper, generation: int, *segments: tuple[Gallery, str]) -> list[str]:
    """Segments and the digest of the base each says it was made for; their names."""
    entries = tuple(
        SegmentEntry(
            sha256=keeper.store.put(segment.to_bytes()), size=len(segment.to_bytes()),
            embedder_id=segment.embedder_id, base_digest=digest, rows=len(segment.vectors),
            sku_ids=segment.sku_ids,
        )
        for segment, digest in segments
    )  # fmt: skip
    index = CatalogueIndex(
        generation=generation, channel="main", segments=entries, issued_at=datetime.now(UTC)
    )
    assert keeper.take(index, BlobsHere(keeper.store.folder)) == []  # type: ignore[arg-type]
    return [entry.sha256 for entry in entries]


def test_a_fitting_segment_adds_rows_and_the_old_ones_stay_bit_identical(
    models: Models, config: EdgeConfig, keeper: CatalogueKeeper
) -> None:
    base = models.matcher.gallery
    publish(keeper, 1, (segment_of(base, "new"), base.digest()))
    growth = GalleryGrowth(config)
    growth.look()
    grown = growth.of(models)
    assert grown.matcher.gallery.sku_ids == (*base.sku_ids, "new")
    assert grown.matcher.gallery.vectors[:-1].tobytes() == base.vectors.tobytes()
    assert (grown.embedder is models.embedder, growth.of(models) is grown) == (True, True)


def test_a_segment_of_another_base_waits_for_that_bundle(
    models: Models, config: EdgeConfig, keeper: CatalogueKeeper
) -> None:
    publish(keeper, 1, (segment_of(models.matcher.gallery, "new"), "ab" * 32))
    growth = GalleryGrowth(config)
    growth.look()
    assert growth.of(models) is models
    assert growth.problem == ""


def test_a_segment_that_names_a_known_sku_is_left_out_and_named(
    models: Models, config: EdgeConfig, keeper: CatalogueKeeper
) -> None:
    base = models.matcher.gallery
    known = segment_of(base, base.sku_ids[0])
    publish(keeper, 1, (known, base.digest()), (segment_of(base, "new"), base.digest()))
    growth = GalleryGrowth(config)
    growth.look()
    assert growth.of(models).matcher.gallery.sku_ids == (*base.sku_ids, "new")
    assert "known SKUs" in growth.problem


def test_a_reverted_segment_is_out_and_a_damaged_one_is_not_used(
    models: Models, config: EdgeConfig, keeper: CatalogueKeeper
) -> None:
    base = models.matcher.gallery
    first, second = publish(
        keeper, 1, (segment_of(base, "one"), base.digest()),
        (segment_of(base, "two", "three"), base.digest()),
    )  # fmt: skip
    assert keeper.revert(first[:8]) == ""
    growth = GalleryGrowth(config)
    growth.look()
    assert growth.of(models).matcher.gallery.sku_ids == (*base.sku_ids, "two", "three")
    keeper.store.path(second).write_bytes(b"rotten")
    again = GalleryGrowth(config)
    again.look()
    assert again.of(models) is models
