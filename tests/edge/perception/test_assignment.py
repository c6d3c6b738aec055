from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.perception.assignment import assign
from tests.fakes.plain_floats import plain_floats

COSTS = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda size: arrays(np.float64, size, elements=plain_floats(0, 2, width=16))
)


def total(cost: np.ndarray, pairs: list[tuple[int, int]], limit: float) -> float:
    return sum(cost[r, c] for r, c in pairs) + limit * (len(cost) - len(pairs))


def least_total(cost: np.ndarray, limit: float) -> float:
    rows, columns = cost.shape
    return min(
        total(cost, [(r, c) for r, c in enumerate(order) if c < columns and cost[r, c] <= limit],
              limit)
        for order in permutations(range(columns + rows), rows)
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(COSTS, plain_floats(0.1, 1.5))
def test_no_other_choice_of_pairs_costs_less(cost: np.ndarray, limit: float) -> None:
    pairs = assign(cost, limit)
    assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
    assert abs(total(cost, pairs, limit) - least_total(cost, limit)) < 1e-9


def test_nothing_is_paired_with_nothing() -> None:
    assert assign(np.zeros((0, 3)), 1.0) == []
    assert assign(np.zeros((3, 0)), 1.0) == []


def test_a_pair_above_the_limit_is_left_alone() -> None:
    assert assign(np.array([[2.0, 0.4], [2.0, 0.5]]), 1.0) == [(0, 1)]
