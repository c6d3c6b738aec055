"""The statistics that decide over a candidate, simulated: false alarms and power."""

import pytest

from sync.swap_policy import SwapPolicy
from tools.benchmarks.verdict_table import figures, is_the_products_own, power

PRODUCTION = SwapPolicy()


@pytest.mark.parametrize(
    ("wins", "losses", "ties"), [(0, 0, 0), (12, 40, 500), (3, 3, 2000)], ids=str
)
def test_what_is_simulated_is_what_decides(wins: int, losses: int, ties: int) -> None:
    assert is_the_products_own(wins, losses, ties, PRODUCTION.margin)


def test_of_two_thousand_equal_candidates_at_most_one_in_a_hundred_is_thrown_out() -> None:
    found = power(0.0, 2000, 10_000, PRODUCTION, seed=7)
    assert found.rejected <= 0.01
    assert found.promoted >= 0.3


@pytest.mark.parametrize(
    ("points", "baskets"), [(1.0, 6000), (2.0, 1500), (7.0, 250)], ids=lambda v: f"{v:g}"
)
def test_the_median_worse_candidate_is_thrown_out_in_time(points: float, baskets: int) -> None:
    found = power(points, 400, 10_000, PRODUCTION, seed=8)
    assert 0 < found.median_to_reject <= baskets
    assert found.promoted <= 0.01


def test_half_a_point_worse_is_the_margin_and_hardly_ever_let_in() -> None:
    assert power(0.5, 1000, 10_000, PRODUCTION, seed=9).promoted <= 0.01


def test_the_table_names_every_size_of_damage() -> None:
    names = [figure.name for figure in figures(20, 500, PRODUCTION)]
    assert names[0] == "equal models: thrown out"
    assert "+7 points of error: let in" in names
