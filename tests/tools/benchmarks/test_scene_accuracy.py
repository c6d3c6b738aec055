from collections import Counter

import pytest

from tools.benchmarks.counter_play import Basket
from tools.benchmarks.report import Figure
from tools.benchmarks.scene_accuracy import SceneResult, figures, item_error

EXACT = SceneResult(Basket(Counter(tea=2)), Counter(tea=2))
ASKED = SceneResult(Basket(Counter(tea=1), [("milk", "cream")]), Counter(tea=1, cream=1))
WRONG = SceneResult(Basket(Counter(tea=1)), Counter(milk=1))


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
    rows = figures({"fused": [EXACT, ASKED, WRONG]})
    assert value(rows, "wrong among charged lines") == pytest.approx(1 / 4)
    assert value(rows, "ask rate (questions with buttons)") == pytest.approx(1 / 5)
    assert value(rows, "first three buttons hold a missing SKU") == 1.0
    assert value(rows, "fused, charged alone: cAcc") == pytest.approx(1 / 3)


def test_all_cameras_are_compared_with_the_best_single_one() -> None:
    rows = figures({"fused": [EXACT], "cam0": [WRONG], "cam1": [ASKED]})
    cut = next(row for row in rows if row.name.startswith("item error cut"))
    assert cut.value == 1.0
    assert "cam1" in cut.note
