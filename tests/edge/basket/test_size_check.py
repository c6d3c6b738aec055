"""A measured size tells a small bottle from a large one, and keeps quiet where it cannot know."""

import math

import pytest

from edge.basket.basket_events import Place
from edge.basket.size_check import MAX_EVIDENCE, TORN_NATS, size_log_likelihood, weigh_by_size
from sync.decision import SkuScores

SMALL, LARGE = (6.4, 6.4, 21.5), (8.0, 8.0, 27.0)
SIZES = {"water_500": SMALL, "water_1000": LARGE}
FAMILIES = {"water_500": "water", "water_1000": "water", "cola": "cans"}
# Looks that slightly prefer the large bottle, as crops without a scale do.
UNSURE = SkuScores(
    sku_ids=("water_1000", "water_500", "cola"),
    log_probs=(math.log(0.55), math.log(0.44), math.log(0.01)),
    floor=-20.0,
    similarity=0.93,
)
STANDING_SMALL = Place(width_cm=6.0, depth_cm=6.2, height_cm=21.0)
STANDING_LARGE = Place(width_cm=7.8, depth_cm=7.9, height_cm=25.0)


def test_the_small_bottle_is_named_by_its_size() -> None:
    weighed = weigh_by_size(UNSURE, STANDING_SMALL, 3, SIZES, FAMILIES)

    assert weighed.sku_ids[0] == "water_500"
    assert weighed.log_probs[0] - weighed.log_probs[1] > 0.5


def test_the_large_bottle_becomes_surer() -> None:
    before = UNSURE.log_probs[0] - UNSURE.log_probs[1]

    weighed = weigh_by_size(UNSURE, STANDING_LARGE, 2, SIZES, FAMILIES)

    assert weighed.sku_ids[0] == "water_1000"
    assert weighed.log_probs[0] - weighed.log_probs[1] > before + 0.2


@pytest.mark.parametrize(
    ("place", "sku_id"),
    [
        pytest.param(Place(width_cm=6.7, depth_cm=6.7, height_cm=25.0), "water_1000", id="large"),
        pytest.param(Place(width_cm=5.6, depth_cm=5.5, height_cm=21.0), "water_500", id="small"),
        pytest.param(Place(width_cm=23.6, depth_cm=25.4, height_cm=8.0), "water_1000", id="lying"),
    ],
)
def test_bottles_as_the_cameras_measure_them_are_told_apart(place: Place, sku_id: str) -> None:
    """Medians of rendered scenes: what narrows towards the top comes out a tenth too small."""
    fits = {name: size_log_likelihood(place, size) for name, size in SIZES.items()}

    assert max(fits, key=lambda name: fits[name]) == sku_id
    assert abs(fits["water_1000"] - fits["water_500"]) > 1.2


def test_a_lying_bottle_is_measured_along_its_diagonal() -> None:
    lying = Place(width_cm=15.0, depth_cm=16.5, height_cm=6.0)

    assert size_log_likelihood(lying, SMALL) > size_log_likelihood(lying, LARGE) + 1.0


def test_probability_only_moves_inside_the_family() -> None:
    weighed = weigh_by_size(UNSURE, STANDING_SMALL, 3, SIZES, FAMILIES)

    assert sum(math.exp(p) for p in weighed.log_probs) == pytest.approx(1.0)
    assert dict(zip(weighed.sku_ids, weighed.log_probs, strict=True))["cola"] == pytest.approx(
        UNSURE.log_probs[2]
    )


# From behind, a bag of sugar looks like a carton of milk.
SUGAR, MILK = (9.6, 6.2, 13.8), (7.0, 7.0, 18.5)
SHELVES = {"milk_1l": MILK, "sugar_1kg": SUGAR}
STANDING_SUGAR = Place(width_cm=9.0, depth_cm=7.0, height_cm=13.5)


def white(lead: float) -> SkuScores:
    """Looks that prefer the milk by so many nats."""
    second = -math.log1p(math.exp(lead))
    return SkuScores(("milk_1l", "sugar_1kg"), (second + lead, second), -20.0, 0.85)


def test_what_looks_are_torn_between_is_told_apart_by_size_across_families() -> None:
    weighed = weigh_by_size(white(0.8), STANDING_SUGAR, 3, SHELVES, {})

    assert weighed.sku_ids[0] == "sugar_1kg"
    assert sum(math.exp(p) for p in weighed.log_probs) == pytest.approx(1.0)


def test_between_products_that_look_different_the_picture_has_the_last_word() -> None:
    sure = white(TORN_NATS + 0.1)

    assert weigh_by_size(sure, STANDING_SUGAR, 3, SHELVES, {}) is sure


def test_the_size_never_weighs_more_than_its_limit() -> None:
    sure = SkuScores(
        sku_ids=("water_1000", "water_500"), log_probs=(-0.001, -9.0), floor=-20.0, similarity=0.95
    )

    weighed = weigh_by_size(sure, STANDING_SMALL, 3, SIZES, FAMILIES)

    assert weighed.sku_ids[0] == "water_1000"
    moved = (sure.log_probs[0] - sure.log_probs[1]) - (weighed.log_probs[0] - weighed.log_probs[1])
    assert moved <= MAX_EVIDENCE + 1e-6


@pytest.mark.parametrize(
    ("place", "num_cameras", "sizes"),
    [
        (STANDING_SMALL, 1, SIZES),
        (Place(), 3, SIZES),
        (Place(width_cm=21.0, depth_cm=23.0, height_cm=20.0), 3, SIZES),
        (STANDING_SMALL, 3, {"water_500": SMALL}),
    ],
    ids=["one camera", "no measurement", "a size that fits no member", "an unknown size"],
)
def test_scores_stay_where_the_size_knows_nothing(
    place: Place, num_cameras: int, sizes: dict[str, tuple[float, float, float]]
) -> None:
    assert weigh_by_size(UNSURE, place, num_cameras, sizes, FAMILIES) is UNSURE
