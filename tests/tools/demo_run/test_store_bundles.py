"""The demo's bundles: whole, and bad only in the way that is stated."""

from pathlib import Path

import numpy as np
import pytest

from edge.config import FACTORY_BUNDLE
from sync.gallery import load_gallery
from tools.demo_run.counter_film import NEW_SKU, pack_photos
from tools.demo_run.store_bundles import (
    SWAPPED_WITH,
    blind_at_dusk,
    store_bundle,
    swapped_labels,
)
from trainer.onboarding.photo_quality import check_photo
from trainer.onboarding.picture_form import open_picture


def test_the_store_sells_a_pack_that_no_row_of_its_gallery_knows(tmp_path: Path) -> None:
    bundle = store_bundle(tmp_path / "store", NEW_SKU)
    gallery = load_gallery(bundle.file("gallery"))
    assert NEW_SKU not in gallery.sku_ids
    assert len(gallery.sku_ids) == 69
    assert NEW_SKU in bundle.file("prices").read_text()


def test_swapped_labels_change_two_names_and_no_number(tmp_path: Path) -> None:
    before = load_gallery(FACTORY_BUNDLE / "gallery.npz")
    bad = swapped_labels(FACTORY_BUNDLE, tmp_path / "bad", NEW_SKU, SWAPPED_WITH, "2")
    after = load_gallery(bad.file("gallery"))
    moved = {a for a, b in zip(before.sku_ids, after.sku_ids, strict=True) if a != b}
    assert moved == {NEW_SKU, SWAPPED_WITH}
    assert np.array_equal(before.vectors, after.vectors)


def test_a_detector_with_a_trap_fails_in_the_dark_and_nowhere_else(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    bad = blind_at_dusk(FACTORY_BUNDLE, tmp_path / "bad", "2")
    entry = next(f for f in bad.manifest.files if f.role == "detector" and f.target != "gpu")
    trapped, sound = (
        runtime.InferenceSession(folder / entry.path, providers=["CPUExecutionProvider"])
        for folder in (tmp_path / "bad", FACTORY_BUNDLE)
    )
    picture = np.full((1, 3, 288, 512), -0.1, np.float32)
    assert np.allclose(*(s.run(None, {"images": picture})[0] for s in (trapped, sound)))
    with pytest.raises(Exception, match="out of data bounds"):
        trapped.run(None, {"images": picture - 0.5})


def test_the_photos_of_the_new_pack_are_good_enough_to_onboard_it() -> None:
    reports = [check_photo(open_picture(photo)) for _, photo in pack_photos()]
    assert all(report.is_usable for report in reports)
    assert len(reports) == 4
