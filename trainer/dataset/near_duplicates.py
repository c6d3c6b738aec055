"""Which pictures look like one of a guarded set, found without comparing each with each.

Flow: hashes of two sets -> whether each of the first is near one of the second

Two hashes that differ in at most k bits agree in one of k + 1 parts: only pictures that share a
part are compared (multi-index hashing). Exact. A hash of fewer bits says more alike, not the same.
Source: Norouzi, Punjani, Fleet 2012, "Fast search in Hamming space with multi-index hashing".
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from trainer.dataset.picture_facts import PictureFacts

NUM_BITS = 128
MAX_PAIRS = 2_000_000  # compared at once, 64 MB

Hashes = NDArray[np.uint64]


def hashes_from(facts: Iterable[PictureFacts]) -> Hashes:
    """uint64 (N, 2), rows and columns."""
    pairs = [(int(f.row_hash, 16), int(f.column_hash, 16)) for f in facts]
    return np.asarray(pairs, np.uint64).reshape(-1, 2)


def near_any(hashes: Hashes, guarded: Hashes, max_bits: int) -> NDArray[np.bool_]:
    """For each hash, whether one of the guarded ones differs in at most `max_bits` bits.

    Args:
        max_bits: 0 to 16; more would compare nearly each with each.
    """
    if not 0 <= max_bits <= 16:
        raise ValueError(f"max_bits is {max_bits}, must be 0 to 16")
    if not len(hashes) or not len(guarded):
        return np.zeros(len(hashes), np.bool_)
    mine, place = np.unique(hashes, axis=0, return_inverse=True)
    theirs = np.unique(guarded, axis=0)
    is_near = np.zeros(len(mine), np.bool_)
    for mask in _masks(max_bits + 1):
        left = np.flatnonzero(~is_near)
        for one, other in _sharing(mine[left] & mask, theirs & mask):
            differing = np.bitwise_count(mine[left[one]] ^ theirs[other]).sum(axis=1)
            is_near[left[one[differing <= max_bits]]] = True
    return is_near[place.reshape(-1)]


def _masks(num_parts: int) -> Iterator[Hashes]:
    """uint64 (2,) per part: consecutive bits, together all 128."""
    edges = [round(part * NUM_BITS / num_parts) for part in range(num_parts + 1)]
    for begin, end in zip(edges, edges[1:], strict=False):
        whole = (1 << end) - (1 << begin)
        yield np.asarray([whole >> 64, whole & (2**64 - 1)], np.uint64)


def _sharing(mine: Hashes, theirs: Hashes) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of rows that are equal, in portions."""
    codes = np.unique(np.concatenate([mine, theirs]), axis=0, return_inverse=True)[1].reshape(-1)
    ours, others = codes[: len(mine)], codes[len(mine) :]
    order = np.argsort(others, kind="stable")
    first = np.searchsorted(others[order], ours, side="left")
    counts = np.searchsorted(others[order], ours, side="right") - first
    total = np.cumsum(counts)
    begin = 0
    while begin < len(ours):
        done = total[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, done + MAX_PAIRS, side="right")))
        part = counts[begin:end]
        rows = np.repeat(np.arange(begin, end), part)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(part) - part, part)
        if len(rows):
            yield rows, order[first[rows] + within]
        begin = end
