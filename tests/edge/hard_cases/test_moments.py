"""What two snapshots of a basket say about the time between them."""

import msgspec
import pytest

from edge.basket.weight_check import NOTICE_MISMATCH
from edge.hard_cases.disagreement import Guess, disagreeing_items
from edge.hard_cases.moments import RANDOM_SHARE, moments_between
from edge.messages.basket_messages import (
    Ask,
    BasketLine,
    BasketSnapshot,
    ItemState,
    ItemView,
    LineOrigin,
    Phase,
)
from sync.hard_case import CaseReason

ITEM = ItemView("i1", ItemState.CHARGED, tracks=(("top", 1),))
LONELY = BasketSnapshot("a", "b1", 1, Phase.SHOPPING, "EUR", 2, items=(ITEM,))


def with_line(origin: LineOrigin, sku_id: str = "jam", *items: str) -> BasketSnapshot:
    line = BasketLine("l1", sku_id, sku_id, 1, 100, 100, origin, item_ids=items)
    return msgspec.structs.replace(LONELY, lines=(line,))


def with_ask(kind: str) -> BasketSnapshot:
    return msgspec.structs.replace(LONELY, asks=(Ask("q1", "i1", kind),))


@pytest.mark.parametrize(
    ("before", "now", "reasons"),
    [
        pytest.param(LONELY, with_line(LineOrigin.VISION, "jam", "i1"), [], id="seen and sold"),
        pytest.param(
            with_ask("which"), with_line(LineOrigin.ANSWER, "jam", "i1"),
            [CaseReason.CORRECTED], id="a shopper answered",
        ),
        pytest.param(
            with_line(LineOrigin.VISION, "jam", "i1"),
            with_line(LineOrigin.ATTENDANT, "tea_mint", "i1"),
            [CaseReason.CORRECTED], id="an attendant corrected",
        ),
        pytest.param(
            with_line(LineOrigin.ANSWER, "jam", "i1"), with_line(LineOrigin.ANSWER, "jam", "i1"),
            [], id="an answer counts once",
        ),
        pytest.param(
            LONELY, with_line(LineOrigin.SCAN, "jam"), [], id="a scan of what lies nowhere"
        ),
        pytest.param(LONELY, with_ask("unknown"), [CaseReason.UNKNOWN_OBJECT], id="unknown"),
        pytest.param(LONELY, with_ask("which"), [CaseReason.UNCERTAIN], id="in doubt"),
        pytest.param(None, with_ask("which"), [CaseReason.UNCERTAIN], id="after a restart"),
    ],
)  # fmt: skip
def test_what_happened_between_two_snapshots(
    before: BasketSnapshot | None, now: BasketSnapshot, reasons: list[CaseReason]
) -> None:
    assert [moment.reason for moment in moments_between(before, now, 0.0)] == reasons


def test_an_answer_is_a_label_of_its_item() -> None:
    (moment,) = moments_between(LONELY, with_line(LineOrigin.ANSWER, "jam", "i1"), 0.0)
    assert moment.answered == {"i1": "jam"}
    assert moment.named_by == {"i1": "answer"}


def test_a_scan_of_an_item_that_lies_there_is_told_apart_from_an_answer() -> None:
    (moment,) = moments_between(LONELY, with_line(LineOrigin.SCAN, "jam", "i1"), 0.0)
    assert (moment.answered, moment.named_by) == ({"i1": "jam"}, {"i1": "scan"})


@pytest.mark.parametrize(
    ("dice", "num"),
    [pytest.param(0.0, 1, id="drawn"), pytest.param(RANDOM_SHARE, 0, id="not drawn")],
)
def test_a_quiet_basket_is_taken_now_and_then_when_it_is_paid(dice: float, num: int) -> None:
    paying = msgspec.structs.replace(LONELY, phase=Phase.PAYING)
    assert len(moments_between(LONELY, paying, dice)) == num


@pytest.mark.parametrize(
    ("before", "now", "reasons"),
    [
        pytest.param(LONELY, LONELY, [CaseReason.CAMERAS_DISAGREE], id="charged all the same"),
        pytest.param(LONELY, with_ask("which"), [CaseReason.CAMERAS_DISAGREE], id="and asked for"),
        pytest.param(
            LONELY, with_ask("unknown"), [CaseReason.UNKNOWN_OBJECT], id="known to neither"
        ),
    ],
)
def test_cameras_that_disagree_are_told_once_with_the_better_reason(
    before: BasketSnapshot, now: BasketSnapshot, reasons: list[CaseReason]
) -> None:
    assert [m.reason for m in moments_between(before, now, 1.0, ("i1",))] == reasons


def test_a_weight_that_does_not_fit_is_told_when_it_begins() -> None:
    heavy = msgspec.structs.replace(LONELY, notices=(NOTICE_MISMATCH,))
    assert [m.reason for m in moments_between(LONELY, heavy, 1.0)] == [CaseReason.WEIGHT_MISMATCH]
    assert moments_between(heavy, heavy, 1.0) == []


SIDES = msgspec.structs.replace(ITEM, tracks=(("top", 1), ("side", 4), ("front", 9)))


@pytest.mark.parametrize(
    ("side", "state", "found"),
    [
        pytest.param(Guess("tea", 2.0), ItemState.CHARGED, ("i1",), id="each is sure"),
        pytest.param(Guess("tea", 0.3), ItemState.CHARGED, (), id="one only guesses"),
        pytest.param(Guess("jam", 2.0), ItemState.CHARGED, (), id="they agree"),
        pytest.param(Guess("tea", 2.0), ItemState.CHECKING, (), id="it does not rest yet"),
    ],
)
def test_which_items_the_cameras_quarrel_about(
    side: Guess, state: ItemState, found: tuple[str, ...]
) -> None:
    item = msgspec.structs.replace(SIDES, state=state)
    basket = msgspec.structs.replace(LONELY, items=(item,))
    guesses = {("top", 1): Guess("jam", 3.0), ("side", 4): side}
    assert disagreeing_items(basket, guesses) == found
