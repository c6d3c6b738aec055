"""Ranking, agreement and statistics, without any database."""

from datetime import UTC, datetime

import pytest

from sync.hard_case import CaseItem, CasePicture, CaseReason, HardCase
from trainer.labeling import (
    Label,
    LabelKind,
    Labels,
    WaitingCase,
    disagreements,
    is_second_wanted,
    rank_cases,
    reviewer_stats,
    waiting_case,
)

BOX = (10, 10, 110, 110)
NEAR = (14, 8, 112, 108)
FAR = (300, 300, 400, 400)


def waiting(name: str, value: int, pair: str) -> WaitingCase:
    return WaitingCase(name, value, (("pair", pair), ("store", "s1")))


def label(xyxy: tuple[int, int, int, int], sku_id: str, kind: LabelKind = "sku") -> Label:
    return Label("i1", xyxy, kind, sku_id)


def one(*labels: Label) -> Labels:
    return {"cam0": labels}


def test_the_most_valuable_case_comes_first_and_its_like_waits() -> None:
    cases = [waiting("a", 900, "milk|milk_low"), waiting("b", 890, "milk|milk_low"),
             waiting("c", 600, "tea|tea_mint")]  # fmt: skip
    assert [c.case_id for c in rank_cases(cases, [], 3)] == ["a", "c", "b"]


def test_what_was_shown_lately_teaches_less() -> None:
    cases = [waiting("a", 900, "milk|milk_low"), waiting("c", 600, "tea|tea_mint")]
    recent = [waiting("z", 1, "milk|milk_low")]
    assert rank_cases(cases, recent, 1)[0].case_id == "c"


def test_value_decides_between_cases_of_no_kin() -> None:
    cases = [waiting("a", 300, "x|y"), waiting("c", 600, "tea|tea_mint")]
    assert rank_cases(cases, [], 5)[0].case_id == "c"


def guessed(
    name: str, *guesses: tuple[str, int], reason: CaseReason = CaseReason.UNCERTAIN
) -> WaitingCase:
    item = CaseItem(item_id="i1", xyxy=BOX, guesses=guesses)
    picture = CasePicture(camera_id="cam0", blob="0" * 64, width=640, height=480, items=(item,))
    case = HardCase(
        case_id=f"case-{name:->8}", basket_id="", lane_id="l1", reason=reason, value=0,
        at=datetime(2026, 11, 21, tzinfo=UTC), bundle_id="b" * 64, pictures=(picture,),
    )  # fmt: skip
    return waiting_case(case, 500, "s1")


def test_the_next_case_is_the_farthest_from_those_that_were_shown() -> None:
    shown = guessed("z", ("milk", 400), ("cream", 380), ("oat", 220))
    near = guessed("a", ("milk", 390), ("soy", 300), ("cream", 310))
    far = guessed("b", ("milk", 300), ("rice", 290), ("salt", 280))
    farther = guessed("c", ("tea", 390), ("mint", 380), ("lime", 230))
    ranked = rank_cases([near, far, farther], [shown], 3)
    assert [c.case_id[-1] for c in ranked] == ["c", "b", "a"]


def test_what_the_box_could_tell_by_itself_waits_unless_somebody_corrected_it() -> None:
    plain = guessed("a", ("milk", 900), ("cream", 50))
    corrected = guessed("b", ("milk", 900), ("cream", 50), reason=CaseReason.CORRECTED)
    close = guessed("c", ("tea", 390), ("mint", 380))
    assert (plain.is_plain, corrected.is_plain, close.is_plain) == (True, False, False)
    assert rank_cases([plain, corrected, close], [], 3)[-1] == plain


@pytest.mark.parametrize(
    ("mine", "theirs", "num"),
    [
        pytest.param(one(label(BOX, "milk")), one(label(NEAR, "milk")), 0, id="same"),
        pytest.param(one(label(BOX, "milk")), one(label(NEAR, "tea")), 1, id="another SKU"),
        pytest.param(one(label(BOX, "milk")), one(label(FAR, "milk")), 2, id="another place"),
        pytest.param(one(label(BOX, "milk")), {}, 1, id="seen by one"),
        pytest.param(one(label(BOX, "", "not_item")), {}, 0, id="nothing is no box"),
        pytest.param(
            one(label(BOX, "", "not_item")), one(label(BOX, "milk")), 1, id="nothing or milk"
        ),
        pytest.param({}, {}, 0, id="both empty"),
    ],
)
def test_two_answers_are_compared_by_place_and_name(mine: Labels, theirs: Labels, num: int) -> None:
    assert len(disagreements(mine, theirs)) == num
    assert len(disagreements(theirs, mine)) == num


def test_who_contradicts_a_sure_guess_is_looked_at_twice() -> None:
    guesses = one(label(BOX, "milk"))
    assert is_second_wanted("case-ab", one(label(BOX, "tea")), guesses)
    assert not is_second_wanted("case-ab", one(label(BOX, "milk")), guesses)
    assert not is_second_wanted("case-ab", one(label(BOX, "milk"), label(FAR, "tea")), guesses)


def test_about_every_tenth_case_is_answered_twice_by_its_turn() -> None:
    wanted = [is_second_wanted(f"case-{i:04d}", {}, {}) for i in range(1000)]
    assert 60 < sum(wanted) < 140


def test_statistics_of_nobody_are_zero_and_of_somebody_are_counts() -> None:
    assert reviewer_stats([], 0, [], []).median_seconds == 0.0
    stats = reviewer_stats([4.0, 6.0, 9.0], 7, [True, False], [True])
    assert (stats.num_answers, stats.median_seconds, stats.num_gold_right) == (3, 6.0, 1)
