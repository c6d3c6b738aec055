"""The total goes out once, the answer comes back, and "unknown" is asked until it is known."""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from edge.devices.point_of_sale import CashDesk, PaymentOutcome, PaymentRequest, PointOfSaleError
from edge.messages.basket_messages import BasketLine, BasketSnapshot, LineOrigin, Phase
from edge.messages.command_messages import Command, PaymentResult
from edge.processes.till_link import LaneTill, TillLink

SECOND = 1_000_000_000
LINE = BasketLine("l1", "cola", "Cola", 2, 99, 198, LineOrigin.VISION, deposit_minor=50)
PAYING = BasketSnapshot("a", "box-a-1-1", 4, Phase.PAYING, "EUR", 2, lines=(LINE,), total_minor=248)


@pytest.fixture
def desk(tmp_path: Path) -> CashDesk:
    return CashDesk(tmp_path / "cash-desk")


@dataclass
class DeadLine:
    """A point of sale that is away until it is mended; begins are counted."""

    desk: CashDesk
    is_away: bool = True
    begun: list[str] = field(default_factory=list)

    def begin(self, request: PaymentRequest) -> None:
        self.begun.append(request.basket_id)
        self.desk.begin(request)

    def status(self, basket_id: str) -> PaymentOutcome:
        if self.is_away:
            raise PointOfSaleError("no line", hint="wait")
        return self.desk.status(basket_id)

    def abort(self, basket_id: str) -> PaymentOutcome:
        return self.desk.abort(basket_id)


def result(command: Command | None) -> str:
    if command is None:
        return ""
    assert isinstance(command.body, PaymentResult)
    return command.body.result


def test_the_total_goes_out_and_the_answer_comes_back(desk: CashDesk) -> None:
    till = LaneTill(desk)
    assert till.step(PAYING, 0) is None
    (ticket,) = desk.open_tickets()
    assert (ticket.request.amount_minor, ticket.request.lines[0].total_minor) == (248, 248)
    desk.confirm("box-a-1-1", is_paid=True, reference="r7")
    answer = till.step(PAYING, 2 * SECOND)
    assert answer is not None
    assert (result(answer), answer.actor) == ("approved", "till")
    assert till.step(PAYING, 3 * SECOND) == answer  # the basket did not answer: the same again
    till.confirm()
    assert till.step(PAYING, 4 * SECOND) is None


def test_a_till_that_is_away_is_unknown_and_never_asked_for_money_twice(desk: CashDesk) -> None:
    line = DeadLine(desk)
    till = LaneTill(line)
    assert result(till.step(PAYING, 0)) == "unknown"
    till.confirm()
    assert till.step(PAYING, 5 * SECOND) is None
    line.is_away = False
    desk.confirm("box-a-1-1", is_paid=False)
    assert result(till.step(PAYING, 60 * SECOND)) == "declined"
    assert line.begun == ["box-a-1-1"]


def test_after_a_decline_another_total_may_be_asked_for(desk: CashDesk) -> None:
    till = LaneTill(desk)
    till.step(PAYING, 0)
    desk.confirm("box-a-1-1", is_paid=False)
    assert result(till.step(PAYING, 2 * SECOND)) == "declined"
    till.step(msgspec.structs.replace(PAYING, phase=Phase.SHOPPING), 3 * SECOND)
    till.step(msgspec.structs.replace(PAYING, total_minor=124, revision=8), 4 * SECOND)
    assert [ticket.request.amount_minor for ticket in desk.open_tickets()] == [124]


def test_a_restart_goes_on_with_the_same_ticket(desk: CashDesk) -> None:
    LaneTill(desk).step(PAYING, 0)
    desk.confirm("box-a-1-1", is_paid=True)
    assert result(TillLink(lambda _: desk).till("a").step(PAYING, SECOND)) == "approved"
    assert desk.open_tickets() == []


def test_practice_never_reaches_the_till(desk: CashDesk) -> None:
    practised = msgspec.structs.replace(PAYING, is_practice=True)
    assert LaneTill(desk).step(practised, 0) is None
    assert desk.open_tickets() == []
