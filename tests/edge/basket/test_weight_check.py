from collections import Counter

import pytest

from edge.basket.weight_check import WeightState, candidates_by_weight, check_weight
from tests.edge.basket.lane_script import make_catalog

SKUS = make_catalog().by_id()  # milk 1030 g, cola 530 g, others without weight


@pytest.mark.parametrize(
    ("measured_g", "on_counter", "weighed_g", "state", "suspects"),
    [
        pytest.param(1560, {"milk": 1, "cola": 1}, (), WeightState.FITS, (), id="fits"),
        pytest.param(1571, {"milk": 1, "cola": 1}, (), WeightState.FITS, (), id="within scatter"),
        pytest.param(1573, {"milk": 1, "cola": 1}, (), WeightState.TOO_HEAVY, (), id="beyond it"),
        pytest.param(
            2090, {"milk": 1, "cola": 1}, (), WeightState.TOO_HEAVY, ("cola",), id="one more"
        ),
        pytest.param(
            530, {"milk": 1, "cola": 1}, (), WeightState.TOO_LIGHT, ("milk",), id="one gone"
        ),
        pytest.param(1280, {"milk": 1}, (250,), WeightState.FITS, (), id="weighed goods count"),
        pytest.param(0, {}, (), WeightState.FITS, (), id="nothing"),
        pytest.param(900, {"tea": 1}, (), WeightState.SILENT, (), id="a weight is not known"),
        pytest.param(900, {"foreign": 1}, (), WeightState.SILENT, (), id="not in the catalogue"),
    ],
)
def test_a_weight_says(
    measured_g: int,
    on_counter: dict[str, int],
    weighed_g: tuple[int, ...],
    state: WeightState,
    suspects: tuple[str, ...],
) -> None:
    verdict = check_weight(measured_g, Counter(on_counter), SKUS, weighed_g)
    assert (verdict.state, verdict.suspects) == (state, suspects)


def test_weight_sorts_out_look_alikes() -> None:
    assert candidates_by_weight(["milk", "cola", "tea"], 535, SKUS) == ("cola", "tea")
