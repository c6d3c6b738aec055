"""Items on the counter: resting, apart from each other, over the tray."""

import numpy as np
import pytest

from tools.lane_sim.pack_folder import Pack
from tools.lane_sim.placement import placed_items, rests_without_overlap


@pytest.mark.parametrize("seed", range(15))
def test_items_rest_on_the_counter_and_share_no_space(seed: int, packs: list[Pack]) -> None:
    rng = np.random.default_rng(seed)
    items = placed_items([*packs, *packs], rng, crowd=0.8, stack=0.4)
    assert items
    assert rests_without_overlap(items)
    on_the_counter = [item.vertices()[:, 2].min() for item in items if not item.on]
    assert np.allclose(on_the_counter, 0, atol=1e-9)


def test_an_item_on_top_says_what_carries_it(packs: list[Pack]) -> None:
    rng = np.random.default_rng(3)
    items = placed_items([packs[2]] * 12, rng, stack=0.9)
    by_id = {item.item_id: item for item in items}
    stacked = [item for item in items if item.on]
    assert stacked
    for item in stacked:
        assert item.vertices()[:, 2].min() >= by_id[item.on].vertices()[:, 2].max()


def test_items_that_are_there_stay_where_they_are(packs: list[Pack]) -> None:
    rng = np.random.default_rng(0)
    first = placed_items([packs[0]], rng)
    more = placed_items([packs[1]], rng, already=first, first_id=2)
    assert [item.item_id for item in more] == ["item2"]
    assert rests_without_overlap([*first, *more])


def test_the_same_seed_gives_the_same_counter(packs: list[Pack]) -> None:
    once = placed_items(packs, np.random.default_rng(5))
    again = placed_items(packs, np.random.default_rng(5))
    assert [i.translation.tolist() for i in once] == [i.translation.tolist() for i in again]
