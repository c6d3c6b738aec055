from collections import Counter as Multiset
from datetime import timedelta

import pytest

from edge.basket.counter import Offer
from edge.messages import command_messages as commands
from edge.messages.basket_messages import LineOrigin, Phase
from edge.messages.command_messages import Command
from tests.edge.basket.lane_script import (
    PARAMETERS,
    START,
    LaneScript,
    gtin_of,
    make_catalog,
    make_prices,
)


@pytest.fixture
def lane() -> LaneScript:
    """Milk and an open question about cola lie on the counter."""
    lane = LaneScript()
    lane.put(1, "milk")
    lane.put(2, "cola", margin=0.2)
    lane.run(1_000)
    return lane


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(commands.AnswerAsk("a9", "cola"), "ask.closed", id="no such question"),
        pytest.param(commands.AnswerAsk("a1", "nothing"), "sku.unknown", id="no such SKU"),
        pytest.param(commands.AnswerAsk("a1", "old"), "price.stopped", id="stopped"),
        pytest.param(commands.AnswerAsk("a1", "apples"), "weight.missing", id="weighed"),
        pytest.param(commands.RemoveLine("l9"), "line.gone", id="no such line"),
        pytest.param(commands.RemoveLine("l1", 0), "quantity.invalid", id="none"),
        pytest.param(commands.RemoveLine("l1", 2), "quantity.invalid", id="more than there is"),
        pytest.param(commands.AddLine(sku_id="free"), "price.missing", id="no price"),
        pytest.param(commands.AddLine(gtin="123"), "gtin.invalid", id="no GTIN"),
        pytest.param(commands.AddLine(gtin=gtin_of(77)), "sku.unknown", id="foreign GTIN"),
        pytest.param(commands.AddLine(), "gtin.invalid", id="nothing named"),
        pytest.param(commands.AddLine("tea", quantity=0), "quantity.invalid", id="no piece"),
        pytest.param(commands.AddLine("tea", quantity=10**6), "quantity.invalid", id="too many"),
        pytest.param(commands.AddLine("apples", weight_g=-1), "weight.invalid", id="negative"),
        pytest.param(commands.CorrectLine("l1", "apples"), "weight.missing", id="to loose goods"),
        pytest.param(commands.CorrectLine("l9", "tea"), "line.gone", id="correct no line"),
        pytest.param(commands.Finish(), "ask.open", id="finish with a question"),
        pytest.param(commands.PaymentResult("approved"), "payment.none", id="no payment"),
        pytest.param(commands.Resume(), "basket.none_parked", id="nothing parked"),
        pytest.param(commands.SwapLease("b"), "basket.open", id="swap in a sale"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code_and_changes_nothing(
    lane: LaneScript, body: commands.BasketCommand, code: str
) -> None:
    before = lane.shot
    reply = lane.send(body)
    assert (reply.is_done, reply.code, bool(reply.hint)) == (False, code, True)
    assert (lane.shot.lines, lane.shot.asks, lane.shot.revision) == (
        before.lines,
        before.asks,
        before.revision,
    )


@pytest.mark.parametrize(
    ("body", "bought"),
    [
        pytest.param(commands.AnswerAsk("a1", "cola"), Multiset(milk=1, cola=1), id="answer"),
        pytest.param(commands.AnswerAsk("a1", "tea"), Multiset(milk=1, tea=1), id="other answer"),
        pytest.param(commands.AnswerAsk("a1", ""), Multiset(milk=1), id="leave out"),
        pytest.param(commands.RemoveLine("l1"), Multiset(), id="remove"),
        pytest.param(commands.AddLine("tea", quantity=3), Multiset(milk=1, tea=3), id="search"),
        pytest.param(commands.AddLine(gtin=gtin_of(3)), Multiset(milk=1, wine=1), id="scan"),
        pytest.param(commands.AddLine(gtin=gtin_of(2)), Multiset(milk=1, cola=1), id="scan asked"),
        pytest.param(commands.CorrectLine("l1", "wine"), Multiset(wine=1), id="correct"),
        pytest.param(commands.CorrectLine("l1", "milk"), Multiset(milk=1), id="correct to itself"),
        pytest.param(commands.CallHelp(), Multiset(milk=1), id="help"),
        pytest.param(commands.GetSnapshot(), Multiset(milk=1), id="look"),
        pytest.param(commands.CancelBasket(), Multiset(), id="cancel"),
    ],
)
def test_what_can_be_done_is_done_once_however_often_it_is_sent(
    lane: LaneScript, body: commands.BasketCommand, bought: Multiset[str]
) -> None:
    first = lane.send(body, command_id="same")
    assert (first.is_done, lane.bought) == (True, bought)
    state = lane.shot.lines, lane.shot.asks, lane.shot.revision, len(lane.events)
    assert [lane.send(body, command_id="same").is_done for _ in range(3)] == [True] * 3
    assert (lane.shot.lines, lane.shot.asks, lane.shot.revision, len(lane.events)) == state


def test_a_repeated_command_is_known_after_a_restart(lane: LaneScript) -> None:
    lane.send(commands.AddLine("tea"), command_id="same")
    lane.restart()
    assert lane.send(commands.AddLine("tea"), command_id="same").is_done
    assert lane.bought == Multiset(milk=1, tea=1)


def test_the_reply_carries_the_revision_after_the_change(lane: LaneScript) -> None:
    reply = lane.send(commands.AddLine("tea"))
    assert reply.revision == lane.shot.revision


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param(Command("lane2", "c", commands.GetSnapshot()), "lane.unknown", id="lane"),
        pytest.param(Command("lane1", "", commands.GetSnapshot()), "command.invalid", id="id"),
    ],
)
def test_a_command_for_elsewhere_is_refused(lane: LaneScript, command: Command, code: str) -> None:
    reply, drafts = lane.counter.on_command(command, lane.now_ns, lane.now_utc)
    assert (reply.code, drafts) == (code, [])


def test_an_attendant_is_named_in_the_line(lane: LaneScript) -> None:
    command = Command("lane1", "c", commands.AddLine("tea"), actor="attendant")
    _, drafts = lane.counter.on_command(command, lane.now_ns, lane.now_utc)
    lane.commit(drafts)
    assert lane.shot.lines[-1].origin is LineOrigin.ATTENDANT


def test_removing_part_of_a_line_frees_the_newest_item() -> None:
    lane = LaneScript()
    for track in (1, 2, 3):
        lane.put(track, "cola")
        lane.run(200)
    lane.send(commands.RemoveLine(lane.shot.lines[0].line_id, 1))
    assert (lane.bought, lane.shot.lines[0].item_ids) == (Multiset(cola=2), ("i1", "i2"))


def test_pieces_added_by_hand_are_removed_before_items_on_the_counter() -> None:
    lane = LaneScript()
    lane.put(1, "cola")
    lane.run(200)
    lane.send(commands.AddLine("cola", quantity=2))
    lane.send(commands.RemoveLine(lane.shot.lines[0].line_id, 2))
    assert lane.shot.lines[0].item_ids == ("i1",)


def test_a_correction_keeps_items_and_hand_added_pieces() -> None:
    lane = LaneScript()
    lane.put(1, "cola")
    lane.run(200)
    lane.send(commands.AddLine("cola", quantity=2))
    lane.send(commands.CorrectLine(lane.shot.lines[0].line_id, "wine"))
    lane.run(1_000)
    assert lane.bought == Multiset(wine=3)
    lane.take(1)
    lane.run(500)
    assert lane.bought == Multiset(wine=2)


def test_weighed_lines_stay_apart() -> None:
    lane = LaneScript()
    for weight_g in (750, 250):
        lane.send(commands.AddLine("apples", weight_g=weight_g))
    assert [(x.weight_g, x.amount_minor) for x in lane.shot.lines] == [(750, 187), (250, 62)]


def test_an_age_limit_is_noticed(lane: LaneScript) -> None:
    lane.send(commands.AddLine("wine"))
    assert "age.check" in lane.shot.notices


def test_a_basket_keeps_the_prices_it_was_opened_with(lane: LaneScript) -> None:
    offer = Offer(make_catalog(), make_prices(milk_minor=999), PARAMETERS, "bundle-b")
    lane.counter.renew(offer)
    lane.send(commands.AddLine("milk"))
    assert {x.unit_amount_minor for x in lane.shot.lines} == {119}
    lane.send(commands.CancelBasket())
    lane.send(commands.AddLine("milk"))
    assert (lane.shot.lines[0].unit_amount_minor, lane.shot.bundle_id) == (999, "bundle-b")


def test_a_price_that_begins_during_the_basket_waits_for_the_next(lane: LaneScript) -> None:
    prices = make_prices()
    later = START + timedelta(seconds=30)
    dearer = prices.entries[0].model_copy(update={"amount_minor": 500, "valid_from": later})
    new = prices.model_copy(update={"entries": (*prices.entries, dearer)})
    lane = LaneScript()
    lane.counter.renew(Offer(make_catalog(), new, PARAMETERS))
    lane.send(commands.AddLine("milk"))
    lane.run(40_000, step_ms=500)
    lane.send(commands.AddLine("milk"))
    assert lane.shot.total_minor == 238
    lane.send(commands.CancelBasket())
    lane.send(commands.AddLine("milk"))
    assert lane.shot.total_minor == 500


def test_a_model_swap_is_allowed_between_baskets() -> None:
    lane = LaneScript()
    assert lane.send(commands.SwapLease("b")).is_done


def test_a_model_swap_is_allowed_once_a_basket_is_paid(lane: LaneScript) -> None:
    lane.send(commands.AnswerAsk("a1", "cola"))
    lane.send(commands.Finish())
    assert lane.send(commands.SwapLease("b")).code == "basket.open"
    lane.send(commands.PaymentResult("approved"))
    assert lane.send(commands.SwapLease("b")).is_done


def test_a_paid_basket_is_closed_by_hand(lane: LaneScript) -> None:
    lane.send(commands.AnswerAsk("a1", "cola"))
    lane.send(commands.Finish())
    lane.send(commands.PaymentResult("approved"))
    assert lane.send(commands.CancelBasket()).is_done
    assert lane.shot.phase is Phase.IDLE
