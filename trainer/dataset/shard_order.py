"""In which order shards are read: shuffled, but from few of them at a time.

Flow: shard of each sample + epoch -> order of the samples

A permutation of all samples would touch every shard for every batch, and a cache that is smaller
than the data would fetch each of them again and again. Here shards are shuffled, a few are taken
together, and their samples are shuffled among each other. Pure: a position is always the same
sample, so a run resumes exactly, also with another number of processes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Order = NDArray[np.int64]


def order_by_shards(shard_of: Order, window: int, seed: int, epoch: int) -> Order:
    """Every sample once, from `window` shards at a time.

    Args:
        shard_of: int64 (N,), number of the shard that each sample lies in, from 0.
    """
    random = np.random.default_rng([seed, epoch])
    turn = random.permutation(int(shard_of.max(initial=-1)) + 1)
    together = turn[shard_of] // window
    return np.lexsort((random.random(len(shard_of)), together)).astype(np.int64)


class ShardOrder:
    """The endless stream over samples that lie in shards; keeps the order of one epoch."""

    def __init__(self, shards: Sequence[str], window: int) -> None:
        """Read `window` shards together; `shards` names each sample's."""
        number = {shard: place for place, shard in enumerate(dict.fromkeys(shards))}
        self._shard_of = np.asarray([number[shard] for shard in shards], np.int64)
        self._window = window
        self._kept: tuple[tuple[int, int], Order] | None = None

    def sample_at(self, position: int, seed: int) -> int:
        """Number of the sample at a position of the stream."""
        epoch, place = divmod(position, len(self._shard_of))
        if self._kept is None or self._kept[0] != (seed, epoch):
            order = order_by_shards(self._shard_of, self._window, seed, epoch)
            self._kept = ((seed, epoch), order)
        return int(self._kept[1][place])
