"""Folds in which no photograph is judged by one of its own burst.

Flow: features + labels -> bursts (photographs of a class that look alike) -> folds of whole bursts

Photographs of a product are taken in bursts, of one shelf in one light. Consecutive blocks of a
list are not enough: on GroceryStore they say 96 % where its validation list says 78 %. Intervals
count a burst once for the same reason.
"""

import numpy as np
from numpy.typing import NDArray

from sync.gallery import unit_rows

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

# Cosine of centred ImageNet features from which two photographs of a class are one burst. Of the
# photographs of GroceryStore's validation list 86 % are less like any of the training list.
ALIKE = 0.75
NEVER = -1  # fold of a class that is one burst: nothing would be left to learn from
NUM_DRAWS = 1000
BLOCK = 5  # photographs of a class that stand together in a list whose bursts are not known


def bursts_of(features: FloatArray, labels: IntArray, alike: float = ALIKE) -> IntArray:
    """Number of each photograph's burst, by single linkage inside its class, int64 (N,)."""
    rows = unit_rows(features - features.mean(axis=0))
    bursts = np.zeros(len(labels), dtype=np.int64)
    num_found = 0
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        linked = rows[own] @ rows[own].T >= alike
        waiting = set(range(len(own)))
        while waiting:
            reached = {waiting.pop()}
            fresh = reached
            while fresh:
                near = np.flatnonzero(linked[sorted(fresh)].any(axis=0))
                fresh = set(near.tolist()) & waiting
                waiting -= fresh
                reached |= fresh
            bursts[own[sorted(reached)]] = num_found
            num_found += 1
    return bursts


def folds_of(bursts: IntArray, labels: IntArray, num_folds: int) -> IntArray:
    """Fold of each photograph: whole bursts, of each class the largest first into the emptiest."""
    folds = np.full(len(labels), NEVER, dtype=np.int64)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        names, counts = np.unique(bursts[own], return_counts=True)
        if len(names) == 1:
            continue
        filled = np.zeros(num_folds, dtype=np.int64)
        for place in np.argsort(-counts, kind="stable"):
            fold = int(filled.argmin())
            filled[fold] += counts[place]
            folds[own[bursts[own] == names[place]]] = fold
    return folds


def blocks_of(labels: IntArray) -> IntArray:
    """A number per BLOCK photographs of a class that stand together in the list."""
    places = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        places[own] = np.arange(len(own)) // BLOCK
    return np.asarray(labels * (places.max() + 1) + places, dtype=np.int64)


def block_interval(values: NDArray[np.float64], blocks: IntArray) -> tuple[float, float]:
    """95 % interval of the mean by drawing whole blocks again (cluster bootstrap)."""
    names, inverse = np.unique(blocks, return_inverse=True)
    sums = np.bincount(inverse, values)
    counts = np.bincount(inverse)
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(names), (NUM_DRAWS, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))
