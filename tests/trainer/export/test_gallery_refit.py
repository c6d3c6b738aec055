"""A refitted gallery: old rows stay, new SKUs come behind, a moved space is followed."""

from pathlib import Path

import numpy as np
import pytest

from edge.config import FACTORY_BUNDLE
from sync.gallery import load_gallery, load_whitening, unit_rows
from trainer.export.gallery_refit import RefitSetting, refit_gallery
from trainer.export.gallery_transport import fitted_change, raw_rows, transported_whitening

MODEL = FACTORY_BUNDLE / "embedder.int8.onnx"
WHITENING = load_whitening(FACTORY_BUNDLE / "whitening.npz")
GALLERY = load_gallery(FACTORY_BUNDLE / "gallery.npz")
RAW = raw_rows(WHITENING, GALLERY.vectors)


def crops(count: int = 60) -> tuple[np.ndarray, list[str]]:
    """Noisy embeddings of the first SKU, of the second, and of one nobody knows."""
    dice = np.random.default_rng(3)
    base = np.concatenate([RAW[:1], RAW[GALLERY.starts[1]][None], unit_rows(-RAW[:1])])
    rows = np.repeat(base, count // 3, axis=0) + 0.03 * dice.normal(size=(count, RAW.shape[1]))
    names = [*GALLERY.sku_ids[:2], "brand_new"]
    return unit_rows(rows), [name for name in names for _ in range(count // 3)]


def test_a_row_is_found_again_as_the_embedding_it_stands_for() -> None:
    assert np.abs(WHITENING.apply(RAW) - unit_rows(GALLERY.vectors)).max() < 1e-3


def test_rows_of_skus_without_crops_stay_bit_for_bit() -> None:
    fitted = refit_gallery(MODEL, WHITENING, GALLERY, *crops(), RefitSetting())
    assert fitted.embedder_id == GALLERY.embedder_id
    assert fitted.gallery.sku_ids == (*GALLERY.sku_ids, "brand_new")
    old, new = GALLERY.starts[2], fitted.gallery.starts[2]
    num_rows = len(GALLERY.vectors) - old
    assert np.array_equal(GALLERY.vectors[old:], fitted.gallery.vectors[new : new + num_rows])


@pytest.mark.parametrize("percent", [0, 40])
def test_what_is_added_is_recognised_and_what_was_known_still_is(percent: int) -> None:
    rows, names = crops()
    setting = RefitSetting(whitening_percent=percent)
    fitted = refit_gallery(MODEL, WHITENING, GALLERY, rows, names, setting)
    assert (fitted.embedder_id == GALLERY.embedder_id) == (percent == 0)
    similar = fitted.gallery.similarities(fitted.whitening.apply(rows))
    assert [fitted.gallery.sku_ids[i] for i in similar.argmax(axis=1)] == names
    own = fitted.gallery.similarities(fitted.whitening.apply(RAW)).argmax(axis=1)
    owners = np.searchsorted(GALLERY.starts, np.arange(len(RAW)), side="right") - 1
    assert np.mean(own == owners) > 0.98


def test_a_turned_space_is_followed_without_old_pictures() -> None:
    dice = np.random.default_rng(1)
    q, r = np.linalg.qr(np.eye(256) + 0.05 * dice.normal(size=(256, 256)))
    turn = q * np.sign(np.diag(r))  # a rotation, no mirror
    old = unit_rows(dice.normal(size=(800, 256)) + WHITENING.mean)
    new = unit_rows(old @ turn)
    moved = transported_whitening(WHITENING, old, new)
    kept = np.sum(moved.apply(unit_rows(RAW @ turn)) * unit_rows(GALLERY.vectors), axis=1)
    lost = np.sum(WHITENING.apply(unit_rows(RAW @ turn)) * unit_rows(GALLERY.vectors), axis=1)
    assert kept.mean() > 0.9 > 0.5 > lost.mean()


def test_without_crops_the_space_stays_where_it_is() -> None:
    few = unit_rows(np.random.default_rng(0).normal(size=(3, 256)))
    assert np.abs(fitted_change(few, few) - np.eye(256)).max() < 1e-6
    assert Path(MODEL).is_file()
