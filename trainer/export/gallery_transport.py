"""A gallery carried into the space of a fine-tuned embedder, without the pictures it was made of.

Flow: champion's whitening and rows + embeddings of the same crops by both -> whitening of the new

A linear map from the old embedding to the new one is fitted, pulled towards doing nothing, and put
in front of the whitening. Rows then stay what they are: what the champion learnt from thousands of
crops is kept, and only what moved is moved. Whether it holds is `evaluate`'s to say.

Source: the drift of old prototypes, estimated on current data: Yu et al. 2020, Semantic drift
compensation, arXiv:2004.00440; here a linear map instead of weighted shifts.
"""

import numpy as np
from numpy.typing import NDArray

from sync.boxes import FloatArray
from sync.gallery import Whitening, unit_rows

STAY_SHARE = 0.1  # pull towards the identity, as a share of the crops' own weight


def transported_whitening(whitening: Whitening, old: FloatArray, new: FloatArray) -> Whitening:
    """The whitening that brings new embeddings where the old ones were.

    Args:
        old, new: float32 (N, D), unit length, of the same crops.
    """
    change = fitted_change(old, new)  # (D, D)
    back = np.linalg.inv(change)
    return Whitening(
        mean=(whitening.mean @ change).astype(np.float32),
        matrix=(back @ whitening.matrix).astype(np.float32),
    )


def fitted_change(old: FloatArray, new: FloatArray) -> NDArray[np.float64]:
    """The map A with old @ A near new, and near the identity where crops say nothing."""
    x, y = old.astype(np.float64), new.astype(np.float64)
    dim = x.shape[1]
    pull = STAY_SHARE * max(np.trace(x.T @ x) / dim, 1e-6) * np.eye(dim)
    return np.asarray(np.linalg.solve(x.T @ x + pull, x.T @ y + pull), np.float64)


def raw_rows(whitening: Whitening, vectors: FloatArray) -> FloatArray:
    """Embeddings of unit length whose whitened direction the rows are, float32 (R, D).

    A row is a direction only; of the line it stands for, the point on the unit sphere is meant.
    """
    lines = vectors.astype(np.float64) @ np.linalg.inv(whitening.matrix.astype(np.float64))
    mean = whitening.mean.astype(np.float64)
    along = lines @ mean
    square = np.maximum((lines**2).sum(axis=1), 1e-12)
    rest = np.maximum(along**2 + square * (1.0 - mean @ mean), 0.0)
    length = (-along + np.sqrt(rest)) / square
    return unit_rows(mean + length[:, None] * lines)
