"""Boxes against a real hub process that is killed amid the second round."""

from pathlib import Path

import pytest

from tools.fleet_sim.checkin_rounds import Plan, quantile, simulate


@pytest.mark.timeout(300)
@pytest.mark.parametrize("num_boxes", [30, pytest.param(300, marks=pytest.mark.slow)])
def test_a_fleet_loses_nothing_through_an_outage_and_a_stampede(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], num_boxes: int
) -> None:
    limit = num_boxes * 2 // 3
    plan = Plan(num_boxes, num_rounds=3, round_s=3.0, outage_s=1.0, max_requests_per_s=limit)
    figures = simulate(plan, tmp_path, lambda count: None)
    with capsys.disabled():
        print(f"\nfleet: {figures.as_json()}")  # noqa: T201
    assert figures.is_right
    assert (figures.check_ins, figures.rows) == (3 * num_boxes, 3 * num_boxes)
    assert figures.broken_tries > 0
    assert figures.bytes_per_check_in < 4_000


def test_quantiles_of_nothing_are_nothing() -> None:
    assert quantile([], 0.5) == 0.0
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
