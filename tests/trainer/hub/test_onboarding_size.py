"""Onboarding beside 12,000 SKUs: one new SKU from its last photo on, and 600 as one segment.

The gallery is made of random rows for the real embedder; the vectors of the 600 are random too,
because here time and bytes are in question, not recognition.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from sync.bundle import Bundle, BundleManifest, describe_file, open_bundle
from sync.gallery import Gallery, unit_rows
from tests.fakes.people_hub import PeopleHub
from tests.fakes.product_photos import jpeg, photo_of
from tests.fakes.signing_hub import make_repository, open_repository, published_index, signing_hub
from trainer.store import onboardings
from trainer.store.api_tokens import Role
from trainer.store.database import writing
from trainer.store.onboardings import StoredPhoto
from trainer.store.sku_table import CatalogueSku, create_skus

FACTORY = Path(__file__).parents[3] / "edge" / "bundles" / "factory"
NUM_SKUS, ROWS_PER_SKU, NUM_NEW = 12_000, 3, 600
SIDES = ("front", "back", "left", "right")
MAX_SECONDS = 5.0
MAX_BYTES_PER_SKU = 10_000


def large_bundle(folder: Path) -> Bundle:
    """The factory bundle with a gallery of 12,000 SKUs."""
    factory = open_bundle(FACTORY)
    for entry in factory.manifest.files:
        target = folder / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((FACTORY / entry.path).read_bytes())
    random = np.random.default_rng(0)
    rows = unit_rows(random.normal(size=(NUM_SKUS * ROWS_PER_SKU, factory.manifest.embedding_dim)))
    gallery = Gallery(
        factory.manifest.embedder_id,
        tuple(f"known-{i:05d}" for i in range(NUM_SKUS)),
        rows.astype(np.float16).astype(np.float32),
        np.arange(NUM_SKUS, dtype=np.int64) * ROWS_PER_SKU,
    )
    path = factory.file("gallery").relative_to(FACTORY)
    (folder / path).write_bytes(gallery.to_bytes())
    files = [f for f in factory.manifest.files if f.role != "gallery"]
    files.append(describe_file(folder, folder / path, "gallery"))
    manifest = BundleManifest.model_validate(
        {**factory.manifest.model_dump(), "files": [f.model_dump() for f in files]}
    )
    (folder / "manifest.json").write_bytes(manifest.canonical())
    return open_bundle(folder)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[PeopleHub]:
    make_repository(tmp_path)
    signing = open_repository(tmp_path)
    (tmp_path / "bundle").mkdir()
    signing.add_bundle(large_bundle(tmp_path / "bundle"))
    signing.publish()
    with signing_hub(tmp_path) as hub:
        yield hub


def begin(hub: PeopleHub, sku_id: str) -> str:
    hub.ok(Role.OPERATOR, "POST", "/skus", {"sku_id": sku_id, "names": {"en": sku_id}})
    return str(hub.ok(Role.TRAINER, "POST", "/onboarding", {"sku_id": sku_id})["onboarding_id"])


@pytest.mark.slow
def test_a_new_sku_beside_12000_is_signed_within_the_time(shop: PeopleHub) -> None:
    started = begin(shop, "new")
    began = 0.0
    for number, side in enumerate(SIDES):
        began = time.process_time()
        path = f"/onboarding/{started}/photos?side={side}"
        shop.call(Role.TRAINER, "POST", path, data=jpeg(photo_of(5, number)))
    shop.ok(Role.OPERATOR, "POST", f"/onboarding/{started}/publish", {"channel": "s1"})
    assert time.process_time() - began < MAX_SECONDS


def begin_with_photos(hub: PeopleHub, embedder_id: str) -> list[str]:
    """600 onboardings with four photos each, as if they had been taken."""
    now, blob = datetime.now(UTC), hub.services.blobs.put(jpeg(photo_of(1)[::8, ::8]))
    names = [f"new-{i:03d}" for i in range(NUM_NEW)]
    skus = [CatalogueSku(sku_id=name, names={"en": name}) for name in names]
    random = np.random.default_rng(1)
    ids: list[str] = []
    with writing(hub.services.engine) as connection:
        create_skus(connection, skus, now=now, actor="test")
        for name in names:
            ids.append(onboardings.begin(connection, name, now=now, actor="test"))
            onboarding = onboardings.find(connection, ids[-1])
            centre = random.normal(size=256)
            for side in SIDES:
                vector = unit_rows((centre + 0.3 * random.normal(size=256))[None])[0]
                photo = StoredPhoto(
                    f"{name}-{side}", side, blob, blob, 300.0, (), {embedder_id: vector}
                )
                onboardings.add_photo(connection, onboarding, photo, now=now)
    return ids


@pytest.mark.slow
def test_600_skus_beside_12000_are_one_segment_of_few_bytes(
    shop: PeopleHub, tmp_path: Path
) -> None:
    embedder_id = open_bundle(FACTORY, verify_files=False).manifest.embedder_id
    ids = begin_with_photos(shop, embedder_id)
    body = {"channel": "s1", "onboarding_ids": ids}
    began = time.process_time()
    made = shop.ok(Role.OPERATOR, "POST", "/onboarding-publish", body)
    assert time.process_time() - began < NUM_NEW * MAX_SECONDS
    assert made["segments"][0]["size"] < NUM_NEW * MAX_BYTES_PER_SKU
    assert len(published_index(tmp_path, "s1").segments[0].sku_ids) == NUM_NEW
