"""Versions of a blind set: what may be in one, and how many looks it starts with."""

from dataclasses import replace

import pytest

from trainer.release.blind_set import (
    BlindItem,
    BlindSetError,
    SpentSet,
    blind_set_id,
    inherited_looks,
    require_budget,
    require_whole,
)


def items(*numbers: int) -> list[BlindItem]:
    return [BlindItem(f"r{n}", n, f"b{n}", "s1/2026-11-01", {"milk": 1}) for n in numbers]


def test_a_version_is_its_recordings_and_truths_whatever_the_order() -> None:
    assert blind_set_id(items(1, 2)) == blind_set_id(items(2, 1))
    other = [replace(items(1)[0], truth={"milk": 2}), *items(2)]
    assert blind_set_id(other) != blind_set_id(items(1, 2))


@pytest.mark.parametrize(
    ("found", "trained", "message"),
    [
        pytest.param([], set(), "no recordings", id="none"),
        pytest.param(items(1, 1), set(), "twice", id="one twice"),
        pytest.param([replace(items(1)[0], truth={})], set(), "no truth", id="no truth"),
        pytest.param(items(1), {"b1"}, "in a data set", id="seen in training"),
    ],
)
def test_what_cannot_be_asked_blindly_is_refused(
    found: list[BlindItem], trained: set[str], message: str
) -> None:
    with pytest.raises(BlindSetError, match=message):
        require_whole(found, trained)


@pytest.mark.parametrize(
    ("shared", "looks"),
    [(10, 20), (9, 18), (5, 10), (1, 2), (0, 0)],
    ids=["the same", "a tenth new", "half new", "nine tenths new", "all new"],
)
def test_renewing_a_part_gives_that_part_of_the_looks_back(shared: int, looks: int) -> None:
    older = SpentSet(frozenset(f"r{n}" for n in range(10)), 20)
    assert inherited_looks(items(*range(10 - shared, 20 - shared)), [older]) == looks


def test_looks_end_with_the_budget() -> None:
    assert require_budget(19, 20) == 20
    with pytest.raises(BlindSetError, match="20 of 20"):
        require_budget(20, 20)
