"""Truth table: who may send what."""

import pytest

from edge.errors import CommandRefusedError
from edge.kiosk.live_feed import Terminal
from edge.kiosk.permissions import check_permission
from edge.messages import command_messages as commands
from edge.messages.basket_messages import BasketLine, BasketSnapshot, LineOrigin, Phase

APPROVED = commands.PaymentResult("approved")


def basket(age_limit: int = 0, age_checked: int = 0, is_practice: bool = False) -> BasketSnapshot:
    line = BasketLine("l", "s", "n", 1, 100, 100, LineOrigin.VISION, age_limit=age_limit)
    return BasketSnapshot(
        "1", "b", 1, Phase.SHOPPING, "EUR", 2, lines=(line,), age_checked=age_checked,
        is_practice=is_practice,
    )  # fmt: skip


def code_of(
    body: commands.BasketCommand,
    terminal: Terminal = Terminal.PRACTICE,
    age_limit: int = 0,
    *,
    is_attendant: bool = False,
    age_checked: int = 0,
    is_practice: bool = False,
    is_handheld: bool = False,
) -> str:
    shot = basket(age_limit, age_checked, is_practice)
    try:
        check_permission(body, shot, terminal, is_attendant, is_handheld)
    except CommandRefusedError as err:
        return err.code
    return ""


@pytest.mark.parametrize(
    ("body", "terminal", "shopper", "attendant"),
    [
        pytest.param(commands.AnswerAsk("a", "s"), "practice", "", "", id="answer"),
        pytest.param(commands.RemoveLine("l"), "practice", "", "", id="remove"),
        pytest.param(commands.AddLine("s"), "practice", "", "", id="add"),
        pytest.param(commands.AddLine("s", weight_g=300), "practice", "no", "", id="a weight"),
        pytest.param(commands.CancelBasket(), "practice", "", "", id="cancel"),
        pytest.param(commands.CallHelp(), "practice", "", "", id="call help"),
        pytest.param(commands.Suspend(), "practice", "no", "", id="park"),
        pytest.param(commands.Resume(), "practice", "no", "", id="take up again"),
        pytest.param(commands.SwapLease("b"), "practice", "no", "no", id="models"),
        pytest.param(commands.OverridePrice("l", 1, "r"), "practice", "no", "", id="price"),
        pytest.param(commands.Refund("b", (), "r"), "practice", "no", "", id="refund"),
        pytest.param(commands.CheckAge("b", 18), "practice", "no", "", id="age"),
        pytest.param(commands.HelpDone(), "practice", "no", "", id="help given"),
        pytest.param(commands.StartPractice(), "practice", "no", "", id="practice"),
        pytest.param(commands.EndPractice(), "practice", "no", "", id="no more practice"),
        pytest.param(commands.GiveLoyalty("1234"), "practice", "", "", id="loyalty"),
        pytest.param(APPROVED, "practice", "", "", id="paid, practice"),
        pytest.param(APPROVED, "external", "no", "no", id="paid, card terminal"),
        pytest.param(APPROVED, "attendant", "no", "", id="paid, at the desk"),
    ],
)
def test_who_may_send_what(
    body: commands.BasketCommand, terminal: str, shopper: str, attendant: str
) -> None:
    words = {"": "", "no": "kiosk.not_allowed"}
    assert code_of(body, Terminal(terminal)) == words[shopper]
    assert code_of(body, Terminal(terminal), is_attendant=True) == words[attendant]


@pytest.mark.parametrize(
    ("age_limit", "checked", "code"),
    [
        pytest.param(0, 0, "", id="no limit"),
        pytest.param(18, 0, "age.unchecked", id="unchecked"),
        pytest.param(18, 16, "age.unchecked", id="checked for beer, then came the rum"),
        pytest.param(18, 18, "", id="checked"),
    ],
)
def test_payment_waits_for_the_age_check(age_limit: int, checked: int, code: str) -> None:
    assert code_of(commands.Finish(), age_limit=age_limit, age_checked=checked) == code


def test_in_practice_anybody_pays_and_anybody_ends_it() -> None:
    assert code_of(APPROVED, Terminal.EXTERNAL, is_practice=True) == ""
    assert code_of(commands.EndPractice(), is_practice=True) == ""


def test_a_handheld_does_nothing_before_the_pin() -> None:
    assert code_of(commands.AddLine("s"), is_handheld=True) == "kiosk.not_allowed"
    assert code_of(commands.AddLine("s"), is_handheld=True, is_attendant=True) == ""
