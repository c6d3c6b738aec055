"""The gallery: whitening, prototypes, append-only segments."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.errors import BundleError, GalleryMismatchError
from sync.gallery import (
    Gallery,
    build_gallery,
    fit_whitening,
    load_gallery,
    load_whitening,
    prototypes,
    unit_rows,
)

DIM = 16


def random_rows(count: int, seed: int = 0, dim: int = DIM) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


def gallery_of(*sku_ids: str, seed: int = 0, embedder_id: str = "embedder-1") -> Gallery:
    views = unit_rows(random_rows(len(sku_ids) * 4, seed))
    return build_gallery(embedder_id, views, [s for s in sku_ids for _ in range(4)])


def test_a_view_is_nearest_to_its_own_sku() -> None:
    views = unit_rows(np.eye(4, DIM, dtype=np.float32))
    gallery = build_gallery("embedder-1", views, ["a", "b", "c", "d"])
    assert list(gallery.similarities(views).argmax(axis=1)) == [0, 1, 2, 3]


def test_similarity_is_that_of_the_nearest_prototype() -> None:
    views = unit_rows(np.eye(4, DIM, dtype=np.float32))
    gallery = build_gallery("embedder-1", views, ["a", "a", "b", "b"], prototypes_per_sku=2)
    assert gallery.similarities(views).max(axis=1) == pytest.approx(np.ones(4), abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_a_segment_never_touches_the_rows_that_are_there(base: int, more: int, seed: int) -> None:
    old = gallery_of(*[f"old-{i}" for i in range(base)], seed=seed)
    new = gallery_of(*[f"new-{i}" for i in range(more)], seed=seed + 1)
    both = old.with_segment(new)
    assert both.vectors[: len(old.vectors)].tobytes() == old.vectors.tobytes()
    assert both.sku_ids[: len(old.sku_ids)] == old.sku_ids


def test_a_segment_that_would_change_a_known_sku_is_refused() -> None:
    with pytest.raises(BundleError, match="1 known SKUs, first b"):
        gallery_of("a", "b").with_segment(gallery_of("b", "c", seed=1))


def test_a_segment_of_another_embedder_is_refused() -> None:
    with pytest.raises(GalleryMismatchError, match="segment of embedder"):
        gallery_of("a").with_segment(gallery_of("b", embedder_id="embedder-2"))


def test_a_vector_of_another_size_is_refused() -> None:
    with pytest.raises(GalleryMismatchError, match="9 numbers, the gallery holds 16"):
        gallery_of("a").similarities(unit_rows(random_rows(1, dim=9)))


def test_what_is_written_is_read_back_to_the_bit(tmp_path: Path) -> None:
    gallery = gallery_of("a", "b")
    path = tmp_path / "gallery.npz"
    path.write_bytes(gallery.to_bytes())
    again = load_gallery(path)
    assert again.digest() == gallery.digest()
    assert again.vectors.tobytes() == gallery.vectors.tobytes()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty file"),
        pytest.param(b"PK\x03\x04 not really", id="no archive"),
        pytest.param(gallery_of("a").to_bytes()[:100], id="cut off"),
    ],
)
def test_a_damaged_gallery_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gallery.npz"
    path.write_bytes(content)
    with pytest.raises(BundleError, match="gallery.npz is damaged or missing"):
        load_gallery(path)


def test_whitening_separates_classes_that_raw_cosine_confuses(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    noise = random.normal(size=(400, DIM)) * ([20.0] * 4 + [1.0] * (DIM - 4))
    labels = np.repeat(np.arange(4), 100)
    signal = np.zeros((400, DIM))
    signal[np.arange(400), 8 + labels] = 6.0
    rows = (noise + signal).astype(np.float32)
    whitening = fit_whitening(rows[::2], labels[::2], shrinkage=0.01, dim=8)
    path = tmp_path / "whitening.npz"
    path.write_bytes(whitening.to_bytes())
    whitened = load_whitening(path).apply(rows)
    gallery = build_gallery("embedder-1", whitened[::2], [str(n) for n in labels[::2]])
    raw = build_gallery("embedder-1", unit_rows(rows[::2]), [str(n) for n in labels[::2]])
    right = gallery.similarities(whitened[1::2]).argmax(axis=1) == labels[1::2]
    raw_right = raw.similarities(unit_rows(rows[1::2])).argmax(axis=1) == labels[1::2]
    assert right.mean() > 0.95
    assert raw_right.mean() < 0.8


def test_prototypes_are_as_many_as_asked_but_never_more_than_views() -> None:
    views = unit_rows(random_rows(5))
    assert prototypes(views, 3).shape == (3, DIM)
    assert prototypes(views, 9).shape == (5, DIM)
