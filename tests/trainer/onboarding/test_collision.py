"""Look-alikes are found with the sides on which they are; the meter says what is missing."""

import numpy as np
import pytest

from sync.decision import DecisionParameters
from sync.gallery import Gallery, build_gallery, unit_rows
from trainer.onboarding.collision import SIDES, View, advice_for, find_collisions, progress_of

DIM = 32
THRESHOLDS = DecisionParameters(
    temperature=0.07, accept_margin=1.6, family_margin=1.6, accept_similarity=0.7,
    unknown_similarity=0.6,
)  # fmt: skip


def direction(seed: int) -> np.ndarray:
    return unit_rows(np.random.default_rng(seed).normal(size=(1, DIM)))[0]


def near(vector: np.ndarray, seed: int, amount: float = 0.3) -> np.ndarray:
    return unit_rows((vector + amount * direction(seed))[None])[0]


def gallery() -> Gallery:
    return build_gallery("embedder", np.stack([direction(s) for s in range(40)]),
                         [f"sku-{s}" for s in range(40)])  # fmt: skip


def views(*vectors: np.ndarray) -> list[View]:
    return [View(side, v) for side, v in zip(SIDES, vectors, strict=False)]


def test_a_new_look_collides_with_nobody() -> None:
    own = direction(99)
    shown = views(*[near(own, 200 + i) for i in range(4)])
    assert find_collisions(shown, gallery(), THRESHOLDS, per_sku=1) == []
    progress = progress_of(shown, [], THRESHOLDS, per_sku=1)
    assert (progress.done_percent, progress.missing_sides) == (100, ())


def test_the_same_look_is_always_asked() -> None:
    shown = views(*[near(direction(7), 200 + i) for i in range(4)])
    found = find_collisions(shown, gallery(), THRESHOLDS, per_sku=1)
    assert (found[0].sku_id, found[0].level) == ("sku-7", "always_ask")
    assert "always ask" in advice_for(found, {"sku-7": "Mint tea"})[0]
    assert not progress_of(shown[:2], found, THRESHOLDS, per_sku=1).is_done_enough


def test_a_sku_does_not_collide_with_itself() -> None:
    shown = views(*[near(direction(7), 200 + i) for i in range(4)])
    assert find_collisions(shown, gallery(), THRESHOLDS, per_sku=1, itself="sku-7") == []


def test_one_side_that_looks_like_another_product_is_named() -> None:
    own = direction(99)
    shown = views(near(own, 201), near(direction(7), 202), near(own, 203), near(own, 204))
    found = find_collisions(shown, gallery(), THRESHOLDS, per_sku=1)
    assert [(c.sku_id, c.level, c.sides) for c in found] == [("sku-7", "sometimes_ask", ("back",))]
    assert advice_for(found, {"sku-7": "Mint tea"}) == [
        "looks like Mint tea: two more views of the back"
    ]


@pytest.mark.parametrize(
    ("num", "percent", "missing"),
    [
        pytest.param(0, 0, ("front", "back", "left"), id="nothing yet"),
        pytest.param(1, 35, ("back", "left"), id="only the front"),
        pytest.param(2, 70, ("left",), id="front and back"),
        pytest.param(4, 100, (), id="four sides"),
    ],
)
def test_the_meter_grows_with_photos_and_sides(
    num: int, percent: int, missing: tuple[str, ...]
) -> None:
    shown = views(*[near(direction(99), 200 + i) for i in range(num)])
    progress = progress_of(shown, [], THRESHOLDS, per_sku=1)
    assert (progress.done_percent, progress.missing_sides) == (percent, missing)


def test_12000_skus_are_compared_in_one_product() -> None:
    rows = unit_rows(np.random.default_rng(0).normal(size=(12_000, DIM)))
    large = Gallery("embedder", tuple(f"sku-{s}" for s in range(12_000)), rows, np.arange(12_000))
    shown = views(*[near(rows[11_999], 200 + i) for i in range(4)])
    assert find_collisions(shown, large, THRESHOLDS, per_sku=1)[0].sku_id == "sku-11999"
