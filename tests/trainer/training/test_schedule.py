import numpy as np
import pytest

from trainer.training.schedule import (
    Shard,
    StreamSampler,
    ema_decay,
    learning_rate_factor,
    sample_at,
)

pytestmark = pytest.mark.train


def test_an_epoch_shows_every_sample_once() -> None:
    seen = [sample_at(position, 10, seed=3) for position in range(10, 20)]
    assert sorted(seen) == list(range(10))


def test_two_epochs_have_different_orders() -> None:
    first = [sample_at(position, 50, seed=3) for position in range(50)]
    second = [sample_at(position, 50, seed=3) for position in range(50, 100)]
    assert first != second


@pytest.mark.parametrize("world_size", [1, 2, 4])
def test_shards_of_any_number_of_processes_make_the_same_batches(world_size: int) -> None:
    shares = [list(StreamSampler(3, 5, 8, Shard(r, world_size))) for r in range(world_size)]
    per_step = 8 // world_size
    first_batch = [position for share in shares for position in share[:per_step]]
    assert first_batch == list(range(24, 32))
    assert sorted(p for share in shares for p in share) == list(range(24, 40))


def test_a_batch_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="does not divide"):
        StreamSampler(0, 1, 7, Shard(0, 2))


def test_the_rate_rises_then_falls_to_its_floor() -> None:
    factors = np.asarray([learning_rate_factor(step, 100, 10) for step in range(100)])
    assert factors[:10].tolist() == sorted(factors[:10].tolist())
    assert factors[9] == pytest.approx(1.0)
    assert np.all(np.diff(factors[10:]) <= 0)
    assert factors[-1] == pytest.approx(0.02, abs=0.01)


def test_the_average_has_a_short_memory_at_the_start() -> None:
    assert ema_decay(0, 0.999) == pytest.approx(0.1)
    assert ema_decay(100_000, 0.999) == 0.999
