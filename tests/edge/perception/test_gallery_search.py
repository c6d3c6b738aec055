import numpy as np
import pytest

from edge.perception.gallery_matcher import GalleryMatcher
from edge.perception.gallery_search import GallerySearch
from sync.errors import GalleryMismatchError
from sync.gallery import Gallery, unit_rows

random = np.random.default_rng(20261121)
FAMILIES = random.standard_normal((400, 64))
ROWS = unit_rows(np.repeat(FAMILIES, 12, axis=0) + 0.6 * random.standard_normal((4800, 64)))
QUERIES = unit_rows(ROWS[::300] + 0.08 * random.standard_normal((16, 64)))


def test_the_best_rows_are_those_of_the_exact_product() -> None:
    exact = QUERIES @ ROWS.T
    rows, similarity = GallerySearch(ROWS).top(QUERIES, 5)
    assert rows.tolist() == np.argsort(-exact, axis=1)[:, :5].tolist()
    assert np.abs(similarity - np.sort(exact, axis=1)[:, :-6:-1]).max() < 1e-6


def test_every_similarity_is_near_the_exact_one() -> None:
    difference = np.abs(GallerySearch(ROWS).similarities(QUERIES) - QUERIES @ ROWS.T)
    assert difference.max() < 0.02


def test_a_large_gallery_gives_the_scores_of_the_exact_one() -> None:
    starts = np.arange(0, 4800, 2, dtype=np.int64)
    gallery = Gallery("hue-embedder", tuple(f"sku{i}" for i in range(2400)), ROWS, starts)
    large = GalleryMatcher(gallery, 0.07).match(QUERIES)
    exact = GalleryMatcher(gallery, 0.07, large_rows=10**9).match(QUERIES)
    for one, other in zip(large, exact, strict=True):
        assert one.sku_ids[:5] == other.sku_ids[:5]
        assert abs(one.log_probs[0] - other.log_probs[0]) < 0.05
        assert one.similarity == pytest.approx(other.similarity, abs=1e-5)


def test_vectors_of_another_length_are_refused() -> None:
    with pytest.raises(GalleryMismatchError):
        GallerySearch(ROWS).top(QUERIES[:, :32], 5)
