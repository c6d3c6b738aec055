from collections import Counter

import pytest

from tools.benchmarks.counter_play import Basket
from tools.benchmarks.report import Figure
from tools.benchmarks.scene_accuracy import (
    Measured,
    SceneResult,
    figures,
    item_error,
    sibling_asks,
    siblings_charged,
)

EXACT = SceneResult(Basket(Counter(tea=2)), Counter(tea=2))
ASKED = SceneResult(Basket(Counter(tea=1), [("milk", "cream")]), Counter(tea=1, cream=1))
WRONG = SceneResult(Basket(Counter(tea=1)), Counter(milk=1))
FAMILIES = {"milk": "dairy", "cream": "dairy", "tea": "hot", "coffee": "hot"}


def value(rows: list[Figure], name: str) -> float | str:
    return next(row.value for row in rows if row.name == name)


def test_a_question_answered_by_its_first_button_is_a_line() -> None:
    assert ASKED.answered() == Counter(tea=1, milk=1)


def test_a_button_counts_once_even_where_two_questions_offer_it() -> None:
    twice = SceneResult(Basket(asks=[("tea", "milk"), ("tea", "cream")]), Counter(tea=1))
    assert twice.asks_that_hold_truth() == 1


def test_the_item_error_counts_missing_and_extra_pieces() -> None:
    assert item_error([EXACT, WRONG]) == pytest.approx(2 / 3)


def test_open_questions_are_neither_right_nor_wrong_among_the_charged() -> None:
    rows = figures(Measured({"fused": [EXACT, ASKED, WRONG]}))
    assert value(rows, "wrong among charged lines") == pytest.approx(1 / 4)
    assert value(rows, "ask rate (questions with buttons)") == pytest.approx(1 / 5)
    assert value(rows, "first three buttons hold a missing SKU") == 1.0
    assert value(rows, "fused, charged alone: cAcc") == pytest.approx(1 / 3)


def test_all_cameras_are_compared_with_the_best_single_one() -> None:
    rows = figures(Measured({"fused": [EXACT], "cam0": [WRONG], "cam1": [ASKED]}))
    cut = next(row for row in rows if row.name.startswith("item error cut"))
    assert cut.value == 1.0
    assert "cam1" in cut.note


def test_goods_by_weight_count_as_recognised_and_as_no_question() -> None:
    scene = SceneResult(Basket(weighed=Counter(tomato=1)), Counter(tomato=1))
    rows = figures(Measured({"fused": [scene]}))
    assert value(rows, "fused, charged alone: cAcc") == 1.0
    assert value(rows, "ask rate (questions with buttons)") == 0.0


def test_a_line_of_the_sibling_of_what_lies_there_is_a_guessed_look_alike() -> None:
    guessed = SceneResult(Basket(Counter(cream=1)), Counter(milk=1))
    assert siblings_charged(guessed, FAMILIES) == 1
    assert siblings_charged(WRONG, FAMILIES) == 0
    assert siblings_charged(ASKED, FAMILIES) == 0


def test_a_question_between_siblings_saves_where_its_first_button_is_the_wrong_one() -> None:
    assert sibling_asks(ASKED, FAMILIES) == (1, 1)
    rightly = SceneResult(Basket(asks=[("cream", "milk")]), Counter(cream=1))
    assert sibling_asks(rightly, FAMILIES) == (1, 0)


def test_the_oracle_takes_the_margins_with_most_exact_baskets_and_is_called_so() -> None:
    measured = Measured({"fused": [ASKED]}, {1.0: [ASKED, WRONG], 0.0: [EXACT, WRONG]})
    oracle = next(row for row in figures(measured) if row.name.startswith("ORACLE"))
    assert oracle.value == 0.5
    assert "margins x 0" in oracle.note


def test_baskets_are_counted_by_how_much_lies_there() -> None:
    rows = figures(Measured({"fused": [EXACT, ASKED]}))
    assert value(rows, "questions answered, 1 to 4 items: cAcc") == 0.5


def test_somebody_who_sees_the_goods_presses_the_right_button_and_adds_nothing_else() -> None:
    assert ASKED.answered() != ASKED.truth
    assert ASKED.answered_rightly() == ASKED.truth
    needless = SceneResult(Basket(Counter(tea=1), [("tea", "milk"), ()]), Counter(tea=1))
    assert needless.answered_rightly() == needless.truth
    unnamed = SceneResult(Basket(asks=[("tea", "milk")]), Counter(cream=1))
    assert unnamed.answered_rightly() == Counter()
