"""What a step is: which samples it sees and how fast it learns, as pure functions of the step.

Nothing here has state, so a run resumes exactly, also with another number of processes.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch.utils.data import Sampler


@dataclass(frozen=True, slots=True)
class Shard:
    """Which part of every global batch this process computes."""

    rank: int = 0
    world_size: int = 1


def sample_at(position: int, num_samples: int, seed: int) -> int:
    """Sample at `position` of the endless shuffled stream; each epoch sees all once."""
    epoch, place = divmod(position, num_samples)
    return int(_permutation(epoch, num_samples, seed)[place])


class StreamSampler(Sampler[int]):
    """Positions of the stream from `first_step` to `last_step` that belong to one shard."""

    def __init__(self, first_step: int, last_step: int, batch_size: int, shard: Shard) -> None:
        if batch_size % shard.world_size:
            raise ValueError(f"batch {batch_size} does not divide by {shard.world_size} processes")
        self.first_step, self.last_step = first_step, last_step
        self.batch_size, self.shard = batch_size, shard

    def __len__(self) -> int:
        """Number of positions."""
        return (self.last_step - self.first_step) * self.batch_size // self.shard.world_size

    def __iter__(self) -> Iterator[int]:
        """Positions in order; a shard takes a contiguous part of each batch."""
        share = self.batch_size // self.shard.world_size
        for step in range(self.first_step, self.last_step):
            start = step * self.batch_size + self.shard.rank * share
            yield from range(start, start + share)


def learning_rate_factor(
    step: int, num_steps: int, warmup_steps: int, floor: float = 0.02
) -> float:
    """Linear warm-up, then half a cosine down to `floor`.

    Source: SGDR without restarts, Loshchilov and Hutter 2017, arXiv:1608.03983.
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(num_steps - warmup_steps, 1)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


def ema_decay(step: int, final_decay: float) -> float:
    """Decay of the moving average: short memory at the start, `final_decay` later."""
    return min(final_decay, (1 + step) / (10 + step))


_LAST: dict[tuple[int, int, int], np.ndarray[tuple[int], np.dtype[np.int64]]] = {}


def _permutation(
    epoch: int, num_samples: int, seed: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    key = (epoch, num_samples, seed)
    if key not in _LAST:
        _LAST.clear()  # one epoch at a time is asked for
        _LAST[key] = np.random.default_rng([seed, epoch]).permutation(num_samples)
    return _LAST[key]
