from dataclasses import replace

import numpy as np
import pytest

from sync.child_model import ChildAnswer, ChildCard
from sync.decision import DecisionParameters
from sync.gallery import Gallery, unit_rows
from tools.benchmarks.decision_quality import (
    decision_figures,
    open_set_figures,
    outcomes,
    ranked_above,
    scale_figures,
    shift_figures,
    with_strangers,
    without,
    wrong_where_asked,
)
from tools.benchmarks.scene_looks import Item
from trainer.dataset.procedural_packs import recoloured

NUM_SKUS, DIM = 12, 32


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    rows = unit_rows(np.random.default_rng(0).normal(size=(2 * NUM_SKUS, DIM)))
    rows[1::2] = unit_rows(rows[0::2] + 0.1 * rows[1::2])  # two prototypes close to each other
    names = tuple(f"sku-{i}" for i in range(NUM_SKUS))
    return Gallery("e1", names, rows, np.arange(0, 2 * NUM_SKUS, 2))


@pytest.fixture(scope="module")
def items(gallery: Gallery) -> list[Item]:
    random = np.random.default_rng(1)
    found = []
    for number in range(240):
        sku = number % NUM_SKUS
        noise = random.normal(size=(3, DIM)) * 0.09
        rows = unit_rows(gallery.vectors[2 * sku] + noise)
        found.append(Item(f"s{number}", f"sku-{sku}", rows.astype(np.float32)))
    return found


@pytest.fixture
def parameters() -> DecisionParameters:
    return DecisionParameters(
        temperature=0.07, accept_margin=1.0, family_margin=2.0, accept_similarity=0.65,
        unknown_similarity=0.35,
    )  # fmt: skip


def named(figures: list, name: str) -> float:
    return next(float(f.value) for f in figures if name in f.name)


def test_clear_items_are_charged_right(
    items: list[Item], gallery: Gallery, parameters: DecisionParameters
) -> None:
    found = outcomes(items, gallery, parameters, {})
    figures = decision_figures(found)
    assert named(figures, "wrong among charged") == 0.0
    assert named(figures, "asked") < 0.2
    assert wrong_where_asked(found, 0.05) == (0, 228)


def test_an_sku_out_of_the_gallery_leaves_the_others_as_they_are(gallery: Gallery) -> None:
    smaller = without(gallery, "sku-3")
    assert "sku-3" not in smaller.sku_ids
    assert len(smaller.vectors) == len(gallery.vectors) - 2
    assert np.array_equal(smaller.vectors[6:], gallery.vectors[8:])


def test_foreign_items_are_told_from_known_ones(
    items: list[Item], gallery: Gallery, parameters: DecisionParameters
) -> None:
    figures = open_set_figures(items[:60], gallery, parameters, {})
    assert named(figures, "area under the curve") > 0.95
    assert named(figures, "charged all the same") < 0.2


def test_strangers_stand_behind_the_rows_that_were_there(gallery: Gallery) -> None:
    strangers = unit_rows(np.random.default_rng(4).normal(size=(5, DIM)))
    grown = with_strangers(gallery, strangers)
    assert len(grown.sku_ids) == NUM_SKUS + 5
    assert np.array_equal(grown.vectors[: len(gallery.vectors)], gallery.vectors)


def test_a_gallery_of_strangers_near_by_costs_accuracy(
    items: list[Item], gallery: Gallery, parameters: DecisionParameters
) -> None:
    random = np.random.default_rng(5)
    near = unit_rows(
        gallery.vectors[random.integers(0, 24, 400)] + random.normal(size=(400, DIM)) * 0.03
    )
    figures = scale_figures(items, gallery, near, parameters, {}, [12, 412])
    assert float(figures[1].value) > float(figures[0].value)
    assert named(figures, "error growth per doubling") > 1.0


def test_what_a_child_said_counts_in_the_decision(
    items: list[Item], gallery: Gallery, parameters: DecisionParameters
) -> None:
    card = ChildCard(
        family="f", parent_id="e1", sku_ids=("sku-0", "sku-1"), network="children/f.onnx",
        route_top_k=NUM_SKUS, route_share=0.0,
    )  # fmt: skip
    told = ChildAnswer(card, (0.01, 0.99))
    (plain,) = outcomes(items[:1], gallery, parameters, {})
    (asked,) = outcomes([replace(items[0], children=(told,) * 3)], gallery, parameters, {})
    assert (plain.decision.sku_id, asked.decision.sku_id) == ("sku-0", "sku-1")


def test_field_labels_of_a_store_set_thresholds_that_hold(
    items: list[Item], gallery: Gallery, parameters: DecisionParameters
) -> None:
    figures = shift_figures(items, gallery, parameters, {})
    assert named(figures, "bound held") == 1.0


def test_the_area_under_the_curve_counts_pairs_and_halves_ties() -> None:
    assert ranked_above(np.asarray([2.0, 3.0]), np.asarray([0.0, 1.0])) == 1.0
    assert ranked_above(np.asarray([1.0]), np.asarray([1.0])) == 0.5


def test_a_recoloured_product_keeps_its_light() -> None:
    picture = np.full((8, 8, 3), (40, 60, 200), np.uint8)
    other = recoloured(picture, np.random.default_rng(0))
    assert other.max() == 200
    assert not np.array_equal(other, picture)
