"""Which SKUs a look resembles.

Flow: whitened unit vectors -> SkuScores per look

Exact: one matrix product over every prototype. Whether a resemblance is good enough to be charged
is decided in sync/decision.py.
"""

import numpy as np
from numpy.typing import NDArray

from sync.decision import SkuScores, scores_of_look
from sync.gallery import Gallery

FloatArray = NDArray[np.float32]


class GalleryMatcher:
    """A gallery and the temperature its similarities are read with."""

    def __init__(self, gallery: Gallery, temperature: float) -> None:
        self.gallery = gallery
        self._temperature = temperature

    def match(self, whitened: FloatArray) -> list[SkuScores]:
        """What each look says.

        Args:
            whitened: float32 (N, d), unit length; d is the gallery's.

        Raises:
            GalleryMismatchError: d is not the gallery's, so another embedder made it.
        """
        rows = self.gallery.similarities(whitened)
        return [scores_of_look(row, self.gallery.sku_ids, self._temperature) for row in rows]
