"""Several sources as one: so much of the old, the new and the hard in every epoch.

Flow: parts with shares -> MixedSource -> the loop's stream of samples

Which part an index belongs to is arithmetic, and what is drawn inside comes from the sample's own
generator, which the loop derives from the position in the stream. So a run continues with the very
samples it would have seen, also with another number of processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from trainer.errors import DatasetError

SampleT = TypeVar("SampleT")
BatchT_co = TypeVar("BatchT_co", covariant=True)


class Drawable(Protocol[SampleT, BatchT_co]):
    """What can be mixed: a source as the training loop knows it."""

    version: str

    def __len__(self) -> int: ...

    def sample(self, index: int, random: np.random.Generator) -> SampleT: ...

    def collate(self, samples: Sequence[SampleT]) -> BatchT_co: ...


@dataclass(frozen=True, slots=True)
class Part(Generic[SampleT, BatchT_co]):
    """One source and its share of every epoch, in per cent."""

    name: str
    source: Drawable[SampleT, BatchT_co]
    percent: int


class MixedSource(Generic[SampleT, BatchT_co]):
    """One epoch holds each part's share to the sample.

    Args:
        parts: their shares add up to 100; a part without samples must have none.
        epoch_length: samples per epoch.

    Raises:
        DatasetError: shares that do not add up, or a share of nothing.
    """

    def __init__(self, parts: Sequence[Part[SampleT, BatchT_co]], epoch_length: int) -> None:
        total = sum(part.percent for part in parts)
        if total != 100 or any(part.percent < 0 for part in parts):
            told = ", ".join(f"{part.name} {part.percent} %" for part in parts)
            raise DatasetError(f"shares add up to {total}: {told}", hint="make them 100 together")
        empty = [part.name for part in parts if part.percent and not len(part.source)]
        if empty:
            raise DatasetError(
                f"{', '.join(empty)} has a share but no samples", hint="give it a share of 0"
            )
        self.parts = tuple(part for part in parts if part.percent)
        shares = np.cumsum([part.percent for part in self.parts])
        self._ends = np.round(shares * epoch_length / 100).astype(np.int64)
        self.version = "+".join(f"{p.percent}%{p.name}:{p.source.version}" for p in self.parts)

    def __len__(self) -> int:
        return int(self._ends[-1])

    def part_of(self, index: int) -> Part[SampleT, BatchT_co]:
        """Whose turn an index is."""
        return self.parts[int(np.searchsorted(self._ends, index, side="right"))]

    def sample(self, index: int, random: np.random.Generator) -> SampleT:
        """A sample of the part whose turn it is; a small part is drawn from more often."""
        source = self.part_of(index).source
        return source.sample(int(random.integers(len(source))), random)

    def collate(self, samples: Sequence[SampleT]) -> BatchT_co:
        """As the first part does it: parts of one mixture make samples of one kind."""
        return self.parts[0].source.collate(samples)
