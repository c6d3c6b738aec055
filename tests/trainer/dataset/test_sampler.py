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
@pytest.mark.parametrize("world_size", [2, 4])
def test_a_run_resumed_with_more_processes_sees_the_very_same_samples(
    mixed: MixedSource[tuple[str, int, float], list[str]], world_size: int
) -> None:
    pytest.importorskip("torch")
    from trainer.training.schedule import Shard, StreamSampler
    from trainer.training.train import SampleStream

    stream = SampleStream(mixed, seed=5)
    whole = [stream[p] for p in StreamSampler(0, 40, 8, Shard())]
    started = [stream[p] for p in StreamSampler(0, 13, 8, Shard())]
    continued = []
    for step in range(13, 40):
        for rank in range(world_size):
            positions = StreamSampler(step, step + 1, 8, Shard(rank, world_size))
            continued += [stream[p] for p in positions]
    assert started + continued == whole
