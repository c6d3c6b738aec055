import numpy as np
import pytest

from trainer.dataset.shard_order import ShardOrder, order_by_shards

SHARD_OF = np.repeat(np.arange(7), 5)


@pytest.mark.parametrize("window", [1, 3, 100])
def test_an_epoch_shows_every_sample_once_from_few_shards_at_a_time(window: int) -> None:
    order = order_by_shards(SHARD_OF, window, seed=3, epoch=0)
    assert sorted(order) == list(range(35))
    groups = [set(SHARD_OF[order[i : i + 5 * window]]) for i in range(0, 35, 5 * window)]
    assert max(len(group) for group in groups) == min(window, 7)


def test_two_epochs_differ_and_a_position_is_always_the_same_sample() -> None:
    shards = [f"train-{number}" for number in SHARD_OF]
    stream = ShardOrder(shards, window=2)
    whole = [stream.sample_at(position, seed=1) for position in range(70)]
    assert whole[:35] != whole[35:]
    other = ShardOrder(shards, window=2)
    assert [other.sample_at(position, seed=1) for position in range(60, 70)] == whole[60:]
    assert [stream.sample_at(position, seed=1) for position in range(5, 9)] == whole[5:9]
