import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.basket.basket_events import (
    AgeChecked,
    LoyaltyGiven,
    PriceChanged,
    Refunded,
    SaleOpened,
)
from edge.messages import command_messages as commands
from edge.messages.command_messages import Refund, RefundPiece
from tests.edge.basket.desk_lane import DeskLane

REASON = "damaged"


@pytest.fixture
def lane() -> DeskLane:
    return DeskLane()


def test_a_changed_price_counts_for_the_line_and_not_for_what_comes_after(lane: DeskLane) -> None:
    lane.send(commands.AddLine("milk", quantity=2))
    assert lane.staff(commands.OverridePrice("l1", 60, REASON)).is_done
    assert (lane.shot.total_minor, lane.shot.lines[0].list_amount_minor) == (120, 119)
    lane.send(commands.AddLine("milk"))
    assert [line.unit_amount_minor for line in lane.shot.lines] == [60, 119]
    change = next(e.body for e in lane.events if isinstance(e.body, PriceChanged))
    assert (change.actor, change.reason) == ("attendant", REASON)


def test_a_changed_price_ends_the_promotion_of_its_line_alone(lane: DeskLane) -> None:
    lane.send(commands.AddLine("tea"))
    lane.staff(commands.OverridePrice("l1", 100, REASON))
    lane.send(commands.AddLine("tea", quantity=3))
    assert [line.discount_minor for line in lane.shot.lines] == [0, 200]
    assert lane.shot.total_minor == 100 + 700


def test_a_changed_price_survives_a_restart(lane: DeskLane) -> None:
    lane.send(commands.AddLine("milk"))
    lane.staff(commands.OverridePrice("l1", 60, REASON))
    lane.restart()
    assert lane.shot.total_minor == 60


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(commands.OverridePrice("l9", 1, REASON), "line.gone", id="no such line"),
        pytest.param(commands.OverridePrice("l1", -1, REASON), "price.invalid", id="negative"),
        pytest.param(commands.OverridePrice("l1", 1, "  "), "reason.missing", id="no reason"),
        pytest.param(Refund("nobody", (), REASON), "refund.unknown", id="no such basket"),
        pytest.param(commands.CheckAge("other", 18), "basket.none", id="another basket"),
        pytest.param(commands.GiveLoyalty("12"), "loyalty.invalid", id="too short a number"),
        pytest.param(commands.StartPractice(), "basket.open", id="practice in a sale"),
    ],
)
def test_what_the_desk_cannot_do_is_refused_with_a_code(
    lane: DeskLane, body: commands.BasketCommand, code: str
) -> None:
    lane.send(commands.AddLine("milk"))
    before = lane.shot
    reply = lane.staff(body)
    assert (reply.is_done, reply.code, bool(reply.hint)) == (False, code, True)
    assert lane.shot.revision == before.revision


def test_a_price_is_fixed_while_it_is_paid(lane: DeskLane) -> None:
    lane.send(commands.AddLine("milk"))
    lane.send(commands.Finish())
    assert lane.staff(commands.OverridePrice("l1", 60, REASON)).code == "basket.paying"


def test_a_sale_whose_beginning_was_pruned_is_refused_and_nothing_breaks(lane: DeskLane) -> None:
    basket_id = lane.sell(("milk", 1))
    lane.events = [e for e in lane.events if not isinstance(e.body, SaleOpened)]
    refund = Refund(basket_id, (RefundPiece("l1", 1),), REASON, "cash")
    assert lane.staff(refund).code == "refund.unknown"


def test_a_refund_is_written_once_and_never_for_more_than_was_paid(lane: DeskLane) -> None:
    basket_id = lane.sell(("milk", 2), ("cola", 1))
    refund = Refund(basket_id, (RefundPiece("l1", 1),), REASON, "cash")
    assert lane.staff(refund).is_done
    assert lane.staff(refund).is_done
    assert lane.staff(refund).code == "refund.too_many"
    sale = lane.sale(basket_id)
    assert (sale.total_minor, sale.refunded_minor) == (2 * 119 + 99 + 25, 2 * 119)
    assert [line.refunded for line in sale.lines] == [2, 0]
    first = next(e.body for e in lane.events if isinstance(e.body, Refunded))
    assert (first.actor, first.kind, first.total_minor) == ("attendant", "cash", 119)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((RefundPiece("l1", 0),), id="none"),
        pytest.param((RefundPiece("l1", 1), RefundPiece("l1", 1)), id="a line twice"),
        pytest.param((), id="nothing"),
    ],
)
def test_a_refund_names_pieces_that_were_bought(
    lane: DeskLane, pieces: tuple[RefundPiece, ...]
) -> None:
    basket_id = lane.sell(("milk", 2))
    assert lane.staff(Refund(basket_id, pieces, REASON)).code == "refund.too_many"


def test_an_unpaid_basket_cannot_be_refunded(lane: DeskLane) -> None:
    lane.send(commands.AddLine("milk"))
    pieces = (RefundPiece("l1", 1),)
    assert lane.staff(Refund(lane.shot.basket_id, pieces, REASON)).code == "refund.unknown"


def test_a_refund_leaves_the_open_basket_as_it_is(lane: DeskLane) -> None:
    basket_id = lane.sell(("milk", 1))
    lane.send(commands.AddLine("tea"))
    before = lane.shot
    assert lane.staff(Refund(basket_id, (RefundPiece("l1", 1),), REASON)).is_done
    assert (lane.shot.lines, lane.shot.total_minor) == (before.lines, before.total_minor)


@given(steps=st.lists(st.integers(1, 3), min_size=1, max_size=7))
def test_all_pieces_refunded_bit_by_bit_give_what_was_paid(steps: list[int]) -> None:
    lane = DeskLane()
    basket_id = lane.sell(("tea", sum(steps)))  # three for seven: pieces cost no whole cents
    for quantity in steps:
        assert lane.staff(Refund(basket_id, (RefundPiece("l1", quantity),), REASON)).is_done
    sale = lane.sale(basket_id)
    assert sale.refunded_minor == sale.total_minor


def test_an_age_check_is_in_the_journal_and_survives_a_restart(lane: DeskLane) -> None:
    lane.send(commands.AddLine("wine"))
    lane.send(commands.CallHelp("age_check"))
    assert lane.staff(commands.CheckAge(lane.shot.basket_id, 18)).is_done
    lane.restart()
    assert lane.shot.age_checked == 18
    assert "help.called" not in lane.shot.notices
    assert [e.body.actor for e in lane.events if isinstance(e.body, AgeChecked)] == ["attendant"]


def test_help_is_called_and_given(lane: DeskLane) -> None:
    lane.send(commands.CallHelp())
    lane.run(10_000)  # nobody put anything down: the call stands all the same
    assert "help.called" in lane.shot.notices
    assert lane.staff(commands.HelpDone()).is_done
    assert "help.called" not in lane.shot.notices


def test_a_loyalty_number_is_written_whole_and_shown_in_part(lane: DeskLane) -> None:
    assert lane.send(commands.GiveLoyalty("9876 5432 1000", is_known=True)).is_done
    assert (lane.shot.loyalty, lane.shot.is_loyalty_known) == ("1000", True)
    given_ = next(e.body for e in lane.events if isinstance(e.body, LoyaltyGiven))
    assert given_.number == "987654321000"
    lane.run(10_000)
    assert lane.shot.loyalty == "1000"
    assert lane.send(commands.GiveLoyalty("")).is_done
    assert lane.shot.loyalty == ""
