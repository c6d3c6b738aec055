import pytest

from tools.benchmarks.intervals import clopper_pearson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        pytest.param(0, 100, 0.0, 0.03622, id="none of a hundred"),
        pytest.param(100, 100, 0.96378, 1.0, id="all of a hundred"),
        pytest.param(5, 100, 0.01643, 0.11283, id="five of a hundred"),
        pytest.param(1, 2, 0.01258, 0.98742, id="one of two"),
    ],
)
def test_the_interval_is_that_of_the_published_tables(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert clopper_pearson(successes, trials) == pytest.approx((low, high), abs=1e-5)


def test_more_successes_than_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        clopper_pearson(3, 2)
