from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from trainer.dataset.sampler import MixedSource, Part
from trainer.errors import DatasetError


class Named:
    """Samples that say where they are from and what was drawn."""

    def __init__(self, name: str, length: int) -> None:
        self.name, self.length, self.version = name, length, f"{name}-1"

    def __len__(self) -> int:
        return self.length

    def sample(self, index: int, random: np.random.Generator) -> tuple[str, int, float]:
        return self.name, index, float(random.random())

    def collate(self, samples: Sequence[tuple[str, int, float]]) -> list[str]:
        return [name for name, _, _ in samples]


@pytest.fixture
def mixed() -> MixedSource[tuple[str, int, float], list[str]]:
    return MixedSource(
        [Part("old", Named("old", 900), 40), Part("new", Named("new", 50), 30),
         Part("hard", Named("hard", 7), 30)],
        200,
    )  # fmt: skip


def test_an_epoch_holds_each_share_to_the_sample(
    mixed: MixedSource[tuple[str, int, float], list[str]],
) -> None:
    names = [mixed.part_of(i).name for i in range(len(mixed))]
    assert Counter(names) == {"old": 80, "new": 60, "hard": 60}


def test_shares_that_do_not_add_up_are_refused_with_their_names() -> None:
    with pytest.raises(DatasetError, match="old 40 %, new 30 %"):
        MixedSource([Part("old", Named("old", 3), 40), Part("new", Named("new", 3), 30)], 10)


def test_a_share_of_nothing_is_refused_and_no_share_of_nothing_is_fine() -> None:
    with pytest.raises(DatasetError, match="hard has a share"):
        MixedSource([Part("old", Named("old", 3), 90), Part("hard", Named("hard", 0), 10)], 10)
    alone = MixedSource([Part("old", Named("old", 3), 100), Part("hard", Named("h", 0), 0)], 10)
    assert alone.version == "100%old:old-1"


def test_collation_is_that_of_the_parts(
    mixed: MixedSource[tuple[str, int, float], list[str]],
) -> None:
    random = np.random.default_rng(0)
    assert mixed.collate([mixed.sample(0, random), mixed.sample(199, random)]) == ["old", "hard"]


@pytest.mark.train
@pytest.mark.parametrize("world_sizes", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_a_run_resumed_twice_at_other_world_sizes_sees_the_very_same_samples(
    mixed: MixedSource[tuple[str, int, float], list[str]], world_sizes: tuple[int, int, int]
) -> None:
    pytest.importorskip("torch")
    from trainer.training.schedule import Shard, StreamSampler
    from trainer.training.train import SampleStream

    stream = SampleStream(mixed, seed=5)
    whole = [stream[p] for p in StreamSampler(0, 40, 12, Shard())]
    seen = []
    cuts = (0, 9, 21, 40)  # 108 of 200 samples: middle of an epoch; 252: middle of the next
    for first, last, world_size in zip(cuts, cuts[1:], world_sizes, strict=False):
        ranks = [
            iter(SampleStream(mixed, seed=5)[p] for p in StreamSampler(first, last, 12, shard))
            for shard in (Shard(rank, world_size) for rank in range(world_size))
        ]
        for _ in range(first, last):
            seen += [next(rank) for rank in ranks for _ in range(12 // world_size)]
    assert seen == whole
    epoch = Counter(name for name, _, _ in seen[:200])
    assert epoch == {"old": 80, "new": 60, "hard": 60}
