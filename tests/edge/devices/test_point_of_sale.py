from pathlib import Path

import pytest

from edge.devices.point_of_sale import (
    CashDesk,
    PaymentOutcome,
    PaymentRequest,
    PaymentState,
    PaymentWatch,
    PointOfSaleError,
    TicketLine,
)

REQUEST = PaymentRequest("box1-lane1-1-7", 367, "EUR", 2, (TicketLine("cola", "Cola", 2, 248),))
MS = 1_000_000


class WaveringTerminal:
    """A terminal whose answers are scripted; an error entry is raised."""

    def __init__(self, *answers: PaymentState | PointOfSaleError) -> None:
        self.answers = list(answers)
        self.num_begun = 0

    def begin(self, request: PaymentRequest) -> None:
        self.num_begun += 1

    def status(self, basket_id: str) -> PaymentOutcome:
        answer = self.answers.pop(0)
        if isinstance(answer, PointOfSaleError):
            raise answer
        return PaymentOutcome(answer)

    def abort(self, basket_id: str) -> PaymentOutcome:
        return self.status(basket_id)


def test_a_ticket_waits_for_the_attendant_and_is_paid(tmp_path: Path) -> None:
    desk = CashDesk(tmp_path)
    desk.begin(REQUEST, "2026-11-21T09:00:00Z")
    assert desk.status(REQUEST.basket_id).state is PaymentState.WAITING
    assert [ticket.request for ticket in desk.open_tickets()] == [REQUEST]
    desk.confirm(REQUEST.basket_id, is_paid=True, reference="r1")
    assert desk.status(REQUEST.basket_id) == PaymentOutcome(PaymentState.APPROVED, "r1")
    assert desk.open_tickets() == []


def test_a_ticket_outlives_the_process(tmp_path: Path) -> None:
    CashDesk(tmp_path).begin(REQUEST)
    CashDesk(tmp_path).confirm(REQUEST.basket_id, is_paid=True)
    assert CashDesk(tmp_path).status(REQUEST.basket_id).state is PaymentState.APPROVED


def test_the_same_request_twice_asks_once(tmp_path: Path) -> None:
    desk = CashDesk(tmp_path)
    desk.begin(REQUEST)
    desk.confirm(REQUEST.basket_id, is_paid=True)
    desk.begin(REQUEST)
    assert desk.status(REQUEST.basket_id).state is PaymentState.APPROVED


def test_another_amount_for_a_waiting_basket_is_refused(tmp_path: Path) -> None:
    desk = CashDesk(tmp_path)
    desk.begin(REQUEST)
    with pytest.raises(PointOfSaleError, match="already waits for 367, asked 1"):
        desk.begin(PaymentRequest(REQUEST.basket_id, 1, "EUR", 2))


def test_a_declined_basket_may_be_asked_for_again(tmp_path: Path) -> None:
    desk = CashDesk(tmp_path)
    desk.begin(REQUEST)
    desk.confirm(REQUEST.basket_id, is_paid=False)
    assert desk.status(REQUEST.basket_id).state is PaymentState.DECLINED
    desk.begin(PaymentRequest(REQUEST.basket_id, 100, "EUR", 2))
    assert desk.status(REQUEST.basket_id).state is PaymentState.WAITING
    assert desk.open_tickets()[0].request.amount_minor == 100


def test_the_first_answer_stands(tmp_path: Path) -> None:
    desk = CashDesk(tmp_path)
    desk.begin(REQUEST)
    desk.confirm(REQUEST.basket_id, is_paid=True)
    assert desk.confirm(REQUEST.basket_id, is_paid=False).state is PaymentState.APPROVED
    assert desk.abort(REQUEST.basket_id).state is PaymentState.APPROVED


def test_an_abort_withdraws_the_ticket(tmp_path: Path) -> None:
    desk = CashDesk(tmp_path)
    desk.begin(REQUEST)
    assert desk.abort(REQUEST.basket_id).state is PaymentState.DECLINED
    assert desk.open_tickets() == []


def test_a_basket_without_ticket_is_unknown_not_declined(tmp_path: Path) -> None:
    assert CashDesk(tmp_path).status("box1-lane1-1-8").state is PaymentState.UNKNOWN


def test_a_basket_without_ticket_cannot_be_confirmed(tmp_path: Path) -> None:
    with pytest.raises(PointOfSaleError, match="no ticket"):
        CashDesk(tmp_path).confirm("box1-lane1-1-8", is_paid=True)


@pytest.mark.parametrize("basket_id", ["", "../x", "a/b"])
def test_a_basket_id_that_is_no_file_name_is_refused(tmp_path: Path, basket_id: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        CashDesk(tmp_path).status(basket_id)


def test_a_damaged_answer_is_unknown_to_the_watch(tmp_path: Path) -> None:
    desk = CashDesk(tmp_path)
    desk.begin(REQUEST)
    (tmp_path / f"{REQUEST.basket_id}.answer.json").write_text("{")
    outcome = PaymentWatch(desk, REQUEST, has_begun=True).poll(0)
    assert outcome is not None
    assert outcome.state is PaymentState.UNKNOWN


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PointOfSaleError, match="cannot be"):
        CashDesk(tmp_path / "file").begin(REQUEST)


def test_unknown_is_asked_again_and_money_only_once() -> None:
    error = PointOfSaleError("no route")
    terminal = WaveringTerminal(
        PaymentState.WAITING, error, PaymentState.UNKNOWN, PaymentState.APPROVED
    )
    watch = PaymentWatch(terminal, REQUEST)
    news = [watch.poll(second * 1_000 * MS) for second in range(12)]
    assert [n.state.value for n in news if n] == ["unknown", "approved"]
    assert terminal.num_begun == 1


def test_status_questions_slow_down_while_nothing_is_known() -> None:
    terminal = WaveringTerminal(*[PaymentState.UNKNOWN] * 100)
    watch = PaymentWatch(terminal, REQUEST)
    for second in range(120):
        watch.poll(second * 1_000 * MS)
    assert 5 <= 100 - len(terminal.answers) <= 9
