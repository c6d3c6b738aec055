"""Truth table: who may send what."""

import pytest

from edge.errors import CommandRefusedError
from edge.kiosk.live_feed import Terminal
from edge.kiosk.permissions import check_permission
from edge.messages import command_messages as commands
from edge.messages.basket_messages import BasketLine, BasketSnapshot, LineOrigin, Phase

APPROVED = commands.PaymentResult("approved")


def basket(age_limit: int = 0) -> BasketSnapshot:
    line = BasketLine("l", "s", "n", 1, 100, 100, LineOrigin.VISION, age_limit=age_limit)
    return BasketSnapshot("1", "b", 1, Phase.SHOPPING, "EUR", 2, lines=(line,))


def code_of(
    body: commands.BasketCommand,
    terminal: Terminal = Terminal.PRACTICE,
    age_limit: int = 0,
    *,
    is_attendant: bool = False,
    is_age_checked: bool = False,
) -> str:
    try:
        check_permission(body, basket(age_limit), terminal, is_attendant, is_age_checked)
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
    ("age_limit", "is_checked", "code"),
    [
        pytest.param(0, False, "", id="no limit"),
        pytest.param(18, False, "age.unchecked", id="unchecked"),
        pytest.param(18, True, "", id="checked"),
    ],
)
def test_payment_waits_for_the_age_check(age_limit: int, is_checked: bool, code: str) -> None:
    assert code_of(commands.Finish(), age_limit=age_limit, is_age_checked=is_checked) == code
