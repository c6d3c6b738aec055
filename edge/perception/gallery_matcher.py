"""Which SKUs a look resembles.

Flow: whitened unit vectors -> SkuScores per look

Every prototype takes part; there is no index that could miss one. Whether a resemblance is good
enough to be charged is decided in sync/decision.py.
"""

import numpy as np
from numpy.typing import NDArray

from edge.perception.gallery_search import GallerySearch
from sync.decision import SkuScores, scores_of_look
from sync.gallery import Gallery

LARGE_ROWS = 2000  # below, the exact product takes less than 0.1 ms per look

FloatArray = NDArray[np.float32]


class GalleryMatcher:
    """A gallery and the temperature its similarities are read with."""

    def __init__(
        self, gallery: Gallery, temperature: float, *, large_rows: int = LARGE_ROWS
    ) -> None:
        self.gallery = gallery
        self._temperature = temperature
        is_large = len(gallery.vectors) >= large_rows
        self._search = GallerySearch(gallery.vectors) if is_large else None

    def match(self, whitened: FloatArray) -> list[SkuScores]:
        """What each look says.

        Args:
            whitened: float32 (N, d), unit length; d is the gallery's.

        Raises:
            GalleryMismatchError: d is not the gallery's, so another embedder made it.
        """
        if self._search is None:
            rows = self.gallery.similarities(whitened)
        else:
            by_row = self._search.similarities(whitened)
            rows = np.maximum.reduceat(by_row, self.gallery.starts, axis=1)
        return [scores_of_look(row, self.gallery.sku_ids, self._temperature) for row in rows]
