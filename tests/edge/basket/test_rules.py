"""The truth table of the counter: what happens to goods, and what the basket then holds."""

from collections import Counter as Multiset

import pytest

from edge.basket.basket_events import (
    AskClosed,
    Cancelled,
    ItemCleared,
    LineRemoved,
    SaleClosed,
    SaleOpened,
    Suspended,
)
from edge.basket.judgement import RuleSettings
from edge.messages import command_messages as commands
from edge.messages.basket_messages import ItemState, Phase
from edge.messages.perception_messages import CameraState
from tests.edge.basket.lane_script import LaneScript, gtin_of, scores

THREE = ("one", "two", "three")


@pytest.fixture
def lane() -> LaneScript:
    return LaneScript()


def bodies(lane: LaneScript, kind: type) -> list[object]:
    return [event.body for event in lane.events if isinstance(event.body, kind)]


def pay(lane: LaneScript) -> None:
    assert lane.send(commands.Finish()).is_done
    assert lane.send(commands.PaymentResult("approved", "r")).is_done


# --- an item becomes a line ---------------------------------------------------------------


def test_an_item_at_rest_is_a_line(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(100)
    assert (lane.bought, lane.shot.total_minor, lane.shot.phase) == (
        Multiset(milk=1),
        119,
        Phase.SHOPPING,
    )


def test_a_moving_item_is_no_line(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.change(1, is_resting=False, resting_since_ns=0)
    lane.run(2_000)
    assert (lane.bought, lane.events) == (Multiset(), [])


def test_two_of_a_kind_are_one_line_of_two(lane: LaneScript) -> None:
    lane.put(1, "cola")
    lane.put(2, "cola")
    lane.run(200)
    assert [(x.sku_id, x.quantity, x.deposit_minor) for x in lane.shot.lines] == [("cola", 2, 50)]


def test_an_item_is_charged_once_however_long_it_lies_there(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(5_000)
    assert lane.bought == Multiset(milk=1)


def test_an_item_rests_as_long_as_the_shop_wants_before_it_is_charged() -> None:
    lane = LaneScript(settings=RuleSettings(dwell_ms=400))
    lane.put(1, "milk")
    lane.run(300)
    before = lane.bought
    lane.run(200)
    assert (before, lane.bought) == (Multiset(), Multiset(milk=1))


def test_the_latency_runs_from_the_first_resting_frame_to_the_disk(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(100)
    assert lane.shot.last_line_latency_ms == pytest.approx(67.0)
    assert lane.counter.take_latencies_ms() == [pytest.approx(67.0)]
    assert lane.counter.take_latencies_ms() == []


# --- it asks, or does not know ------------------------------------------------------------


def test_a_close_decision_is_asked_about_after_a_while(lane: LaneScript) -> None:
    lane.put(1, "cola", margin=0.2)
    lane.run(500)
    assert lane.shot.asks == ()
    lane.run(400)
    assert [option.sku_id for option in lane.shot.asks[0].options] == ["cola", "milk"]


def test_an_open_question_blocks_payment_and_no_other_line(lane: LaneScript) -> None:
    lane.put(1, "cola", margin=0.2)
    lane.run(1_000)
    lane.put(2, "milk")
    lane.run(200)
    assert (lane.bought, lane.shot.can_pay) == (Multiset(milk=1), False)
    assert lane.send(commands.Finish()).code == "ask.open"


def test_an_answer_makes_a_line_and_frees_payment(lane: LaneScript) -> None:
    lane.put(1, "cola", margin=0.2)
    lane.run(1_000)
    lane.send(commands.AnswerAsk(lane.shot.asks[0].ask_id, "cola"))
    assert (lane.bought, lane.shot.can_pay) == (Multiset(cola=1), True)


def test_an_item_that_is_left_out_lies_there_uncharged_with_a_notice(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.put(2, "cola", margin=0.2)
    lane.run(1_000)
    lane.send(commands.AnswerAsk(lane.shot.asks[0].ask_id, ""))
    lane.run(3_000)
    assert (lane.bought, lane.shot.can_pay) == (Multiset(milk=1), True)
    assert "item.left_out" in lane.shot.notices


@pytest.mark.parametrize(
    "track",
    [
        pytest.param({"similarity": 0.1}, id="like nothing in the gallery"),
        pytest.param({"has_scores": False}, id="never looked at"),
    ],
)
def test_an_unknown_item_is_shown_as_unknown_and_never_as_nothing(
    lane: LaneScript, track: dict[str, float]
) -> None:
    lane.put(1, "milk", **track)  # type: ignore[arg-type]
    lane.run(1_500)
    assert [ask.kind for ask in lane.shot.asks] == ["unknown"]
    assert [item.state for item in lane.shot.items] == [ItemState.UNKNOWN]
    assert not lane.shot.can_pay


def test_an_item_being_looked_at_is_shown_as_checking(lane: LaneScript) -> None:
    lane.put(1, "cola", margin=0.2)
    lane.run(200)
    assert [item.state for item in lane.shot.items] == [ItemState.CHECKING]


@pytest.mark.parametrize(
    ("sku_id", "reason"), [("free", "price.missing"), ("old", "price.stopped")]
)
def test_goods_that_may_not_be_sold_wait_for_help(
    lane: LaneScript, sku_id: str, reason: str
) -> None:
    lane.put(1, sku_id)
    lane.run(200)
    assert (lane.shot.asks[0].kind, lane.bought) == ("unknown", Multiset())
    ask_id = lane.shot.asks[0].ask_id
    assert lane.send(commands.AnswerAsk(ask_id, sku_id)).code == reason


def test_loose_goods_are_weighed_first(lane: LaneScript) -> None:
    lane.put(1, "apples")
    lane.run(200)
    assert lane.shot.asks[0].kind == "weigh"
    assert lane.send(commands.AddLine(sku_id="apples")).code == "weight.missing"
    assert lane.send(commands.AddLine(sku_id="apples", weight_g=750)).is_done
    assert (lane.shot.asks, lane.shot.total_minor) == ((), 187)


def test_later_evidence_withdraws_a_question(lane: LaneScript) -> None:
    lane.put(1, "cola", margin=0.2)
    lane.run(1_000)
    lane.change(1, scores=scores("cola", margin=8.0))
    lane.run(700)
    assert (lane.bought, lane.shot.asks) == (Multiset(cola=1), ())


def test_a_scanned_code_answers_the_unknown_item(lane: LaneScript) -> None:
    lane.put(1, "milk", similarity=0.1)
    lane.run(1_500)
    assert lane.send(commands.AddLine(gtin="09520000000029")).code == "gtin.invalid"
    assert lane.send(commands.AddLine(gtin=gtin_of(2))).is_done
    assert (lane.bought, lane.shot.can_pay) == (Multiset(cola=1), True)


# --- a line leaves, or stays --------------------------------------------------------------


def test_an_item_lifted_before_payment_leaves_the_basket(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.put(2, "cola")
    lane.run(200)
    lane.take(1)
    lane.run(400)
    assert lane.bought == Multiset(cola=1)


def test_a_hand_in_the_picture_keeps_what_it_hides(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.hands = {"one"}
    lane.take(1)
    lane.run(2_000)
    assert lane.bought == Multiset(milk=1)
    lane.hands = set()
    lane.run(500)
    assert lane.bought == Multiset()


def test_an_item_remembered_by_the_tracker_stays_for_a_while(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.change(1, is_occluded=True)
    lane.run(700)
    assert lane.bought == Multiset(milk=1)


def test_an_item_that_comes_back_under_another_track_is_the_same(lane: LaneScript) -> None:
    lane.put(1, "milk", at=(300, 300))
    lane.run(200)
    lane.hands = {"one"}
    lane.take(1)
    lane.run(500)
    lane.put(9, "milk", at=(305, 298))
    lane.hands = set()
    lane.run(1_000)
    assert lane.bought == Multiset(milk=1)
    assert bodies(lane, LineRemoved) == []


def test_another_item_put_at_the_place_of_the_first_is_another_line(lane: LaneScript) -> None:
    lane.put(1, "milk", at=(300, 300))
    lane.run(200)
    lane.hands = {"one"}
    lane.take(1)
    lane.run(300)
    lane.put(9, "wine", at=(300, 300), margin=12)
    lane.hands = set()
    lane.run(1_000)
    assert lane.bought == Multiset(wine=1)


def test_an_item_behind_another_in_the_picture_is_hidden_not_gone(lane: LaneScript) -> None:
    lane.put(1, "milk", at=(300, 300))
    lane.run(200)
    lane.put(2, "cola", at=(310, 310))
    lane.take(1)
    lane.run(2_000)
    assert lane.bought == Multiset(milk=1, cola=1)


def test_a_slid_item_keeps_its_line(lane: LaneScript) -> None:
    lane.put(1, "milk", at=(300, 300))
    lane.run(200)
    lane.change(1, is_resting=False, xyxy=(500, 300, 580, 380))
    lane.run(200)
    lane.put(1, "milk", at=(700, 300))
    lane.run(1_000)
    assert lane.bought == Multiset(milk=1)
    assert bodies(lane, LineRemoved) == []


def test_a_question_ends_when_its_item_is_taken_away(lane: LaneScript) -> None:
    lane.put(1, "cola", margin=0.2)
    lane.run(1_000)
    seen_ns = lane.now_ns
    lane.take(1)
    lane.run(400)
    closed = AskClosed("a1", "taken_away", last_seen_ns=seen_ns)
    assert (lane.shot.asks, bodies(lane, AskClosed)) == ((), [closed])


def test_a_take_is_dated_by_the_last_frame_that_shows_the_item_at_its_place(
    lane: LaneScript,
) -> None:
    lane.put(1, "milk")
    lane.run(600)
    seen_ns = lane.now_ns
    lane.change(1, is_resting=False, xyxy=(500, 300, 580, 380))
    lane.run(300)
    lane.take(1)
    lane.run(600)
    (removed,) = bodies(lane, LineRemoved)
    assert removed == LineRemoved("l1", 1, "taken_away", ("i1",), last_seen_ns=seen_ns)


def test_what_lies_there_when_the_box_starts_is_charged_unless_a_sale_left_it(
    lane: LaneScript,
) -> None:
    lane.put(1, "milk")
    lane.counter = lane.new_counter()
    lane.run(600)
    assert lane.bought == Multiset(milk=1)


def test_vision_changes_a_line_on_strong_lasting_evidence_only(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.change(1, scores=scores("cola", margin=1.5))
    lane.run(3_000)
    weak = lane.bought
    lane.change(1, scores=scores("cola", margin=8.0))
    lane.run(400)
    brief = lane.bought
    lane.run(400)
    assert (weak, brief, lane.bought) == (Multiset(milk=1), Multiset(milk=1), Multiset(cola=1))


def test_what_a_person_said_is_not_changed_by_vision(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.send(commands.CorrectLine(lane.shot.lines[0].line_id, "cola"))
    lane.change(1, scores=scores("milk", margin=12.0))
    lane.run(3_000)
    assert lane.bought == Multiset(cola=1)


def test_a_line_removed_by_hand_is_not_charged_again(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.put(2, "cola")
    lane.run(200)
    lane.send(commands.RemoveLine(lane.shot.lines[0].line_id))
    lane.run(3_000)
    assert lane.bought == Multiset(cola=1)
    assert "item.left_out" in lane.shot.notices


# --- trays --------------------------------------------------------------------------------


def test_add_more_holds_the_lines_while_the_counter_is_cleared(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    assert lane.send(commands.AddMore()).is_done
    lane.run(2_000)
    assert lane.bought == Multiset(milk=1)
    lane.take(1)
    lane.run(500)
    lane.put(2, "milk")
    lane.run(200)
    assert [(x.sku_id, x.tray, x.quantity) for x in lane.shot.lines] == [
        ("milk", 1, 1),
        ("milk", 2, 1),
    ]


def test_the_second_tray_leaves_with_its_goods_and_the_first_does_not(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.send(commands.AddMore())
    lane.put(2, "cola")
    lane.run(200)
    lane.take(1, 2)
    lane.run(500)
    assert lane.bought == Multiset(milk=1)


def test_a_held_line_is_removed_by_hand(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.send(commands.AddMore())
    lane.send(commands.RemoveLine(lane.shot.lines[0].line_id))
    assert lane.bought == Multiset()


def test_a_question_of_a_held_tray_waits_for_its_answer(lane: LaneScript) -> None:
    lane.put(1, "cola", margin=0.2)
    lane.run(1_000)
    lane.send(commands.AddMore())
    lane.take(1)
    lane.run(1_000)
    lane.send(commands.AnswerAsk("a1", "cola"))
    assert [(x.sku_id, x.tray) for x in lane.shot.lines] == [("cola", 1)]
    assert lane.shot.items == ()


def test_an_empty_tray_cannot_be_held(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.send(commands.AddMore())
    assert lane.send(commands.AddMore()).code == "tray.empty"


# --- payment ------------------------------------------------------------------------------


def test_a_basket_at_payment_changes_in_nothing(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.put(2, "cola")
    lane.run(200)
    lane.send(commands.Finish())
    before = lane.shot.lines, lane.shot.total_minor
    lane.take(1)
    lane.put(3, "wine")
    lane.run(3_000)
    assert (lane.shot.lines, lane.shot.total_minor) == before
    assert "counter.changed" in lane.shot.notices
    assert lane.send(commands.RemoveLine("l1")).code == "basket.paying"


def test_after_a_declined_payment_the_counter_counts_again(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.put(2, "cola")
    lane.run(200)
    lane.send(commands.Finish())
    lane.take(1)
    lane.put(3, "wine")
    lane.run(1_000)
    lane.send(commands.PaymentResult("declined"))
    lane.run(500)
    assert (lane.bought, lane.shot.phase) == (Multiset(cola=1, wine=1), Phase.SHOPPING)


def test_an_unclear_payment_keeps_the_basket_fixed(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.send(commands.Finish())
    lane.send(commands.PaymentResult("unknown"))
    assert (lane.shot.phase, lane.shot.notices) == (Phase.PAYING, ("payment.unclear",))
    assert lane.send(commands.CancelBasket()).code == "payment.running"
    lane.send(commands.PaymentResult("approved"))
    assert (lane.shot.phase, lane.shot.notices) == (Phase.PAID, ())


def test_goods_pushed_about_after_pay_are_not_charged_to_the_next(lane: LaneScript) -> None:
    lane.put(1, "milk", at=(300, 300))
    lane.run(200)
    lane.send(commands.Finish())
    lane.take(1)
    lane.run(500)
    lane.put(2, "milk", at=(800, 300))
    lane.run(1_000)
    lane.send(commands.PaymentResult("approved"))
    lane.run(3_000)
    assert (lane.shot.phase, len(bodies(lane, SaleOpened))) == (Phase.PAID, 1)


def test_a_paid_counter_is_free_when_the_goods_are_gone(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    pay(lane)
    lane.take(1)
    lane.run(6_000)
    assert (lane.shot.phase, lane.shot.items) == (Phase.IDLE, ())


def test_goods_that_stay_after_payment_are_left_behind_and_cost_nobody(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    pay(lane)
    lane.run(61_000, step_ms=500)
    assert (lane.shot.phase, "item.left_behind" in lane.shot.notices) == (Phase.IDLE, True)
    lane.put(2, "cola")
    lane.run(300)
    assert (lane.bought, lane.shot.basket_id) == (Multiset(cola=1), "box1-lane1-1-2")
    lane.take(1)
    lane.run(500)
    assert (lane.bought, len(bodies(lane, ItemCleared))) == (Multiset(cola=1), 1)


def test_the_next_shopper_may_begin_while_the_thanks_are_shown(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    pay(lane)
    lane.put(2, "cola")
    lane.run(300)
    assert (lane.bought, lane.shot.phase) == (Multiset(cola=1), Phase.SHOPPING)
    assert bodies(lane, SaleClosed) == [SaleClosed("next_shopper")]


def test_nothing_can_be_paid_in_an_empty_basket(lane: LaneScript) -> None:
    lane.send(commands.CallHelp())
    assert lane.send(commands.Finish()).code == "basket.empty"


# --- leaving, parking, cancelling ---------------------------------------------------------


def test_a_shopper_who_walks_away_leaves_a_parked_basket() -> None:
    lane = LaneScript(settings=RuleSettings(walk_away_s=30, walk_away_warn_s=10))
    lane.put(1, "milk")
    lane.run(25_000, step_ms=500)
    assert "basket.walk_away_soon" in lane.shot.notices
    lane.run(7_000, step_ms=500)
    assert (lane.shot.phase, bodies(lane, Suspended)) == (
        Phase.SUSPENDED,
        [Suspended("walk_away")],
    )


def test_a_shop_may_void_what_is_walked_away_from() -> None:
    lane = LaneScript(settings=RuleSettings(walk_away_s=30, walk_away_to="void"))
    lane.put(1, "milk")
    lane.run(31_000, step_ms=500)
    assert (lane.shot.phase, bodies(lane, Cancelled)) == (Phase.IDLE, [Cancelled("walk_away")])


def test_a_hand_over_the_counter_is_nobody_walking_away() -> None:
    lane = LaneScript(settings=RuleSettings(walk_away_s=30))
    lane.put(1, "milk")
    lane.hands = {"one"}
    lane.run(60_000, step_ms=500)
    assert lane.shot.phase is Phase.SHOPPING


def test_a_sale_with_nothing_in_it_ends_by_itself(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.take(1)
    lane.run(6_000)
    assert (lane.shot.phase, bodies(lane, Cancelled)) == (Phase.IDLE, [Cancelled("empty")])


def test_a_parked_basket_comes_back_with_its_lines(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.send(commands.Suspend())
    assert lane.shot.phase is Phase.SUSPENDED
    lane.take(1)
    lane.run(500)
    lane.put(2, "cola")
    lane.run(300)
    assert lane.send(commands.Resume()).code == "basket.open"
    pay(lane)
    lane.take(2)
    lane.run(6_000)
    assert lane.send(commands.Resume()).is_done
    assert (lane.bought, lane.shot.basket_id) == (Multiset(milk=1), "box1-lane1-1-1")


def test_goods_of_a_parked_basket_are_not_charged_twice(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.send(commands.Suspend())
    lane.run(2_000)
    lane.send(commands.Resume())
    lane.run(2_000)
    assert lane.bought == Multiset(milk=1)


def test_a_cancelled_basket_charges_nobody_for_what_lies_there(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.send(commands.CancelBasket())
    lane.run(3_000)
    assert (lane.shot.phase, "item.left_behind" in lane.shot.notices) == (Phase.IDLE, True)


# --- cameras that fail --------------------------------------------------------------------


@pytest.mark.parametrize("how", ["failed", "silent"])
def test_a_blind_counter_says_so_and_loses_nothing(lane: LaneScript, how: str) -> None:
    lane.put(1, "milk")
    lane.run(200)
    setattr(lane, how, {"one"})
    lane.take(1)
    lane.run(5_000)
    assert (lane.bought, lane.shot.is_blind) == (Multiset(milk=1), True)
    assert "scanner.mode" in lane.shot.notices
    assert lane.send(commands.AddLine(sku_id="cola")).is_done


def test_after_blindness_the_counter_waits_for_the_trackers(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.run(200)
    lane.failed = {"one"}
    lane.run(3_000)
    lane.failed = set()
    lane.take(1)
    lane.run(1_000)
    assert lane.bought == Multiset(milk=1)
    lane.put(7, "milk", at=(100, 0))
    lane.run(2_000)
    assert (lane.bought, bodies(lane, LineRemoved)) == (Multiset(milk=1), [])


@pytest.mark.parametrize(
    ("how", "notice"), [("failed", "perception.unavailable"), ("silent", "camera.lost")]
)
def test_a_camera_that_fails_is_named(lane: LaneScript, how: str, notice: str) -> None:
    setattr(lane, how, {"one"})
    lane.run(2_000)
    assert notice in lane.shot.notices


def test_a_covered_camera_is_named(lane: LaneScript) -> None:
    state = CameraState("lane1", "one", "live", lane.now_ns, conditions=("covered",))
    lane.counter.on_camera_state(state, lane.now_ns)
    assert "camera.covered" in lane.shot.notices


def test_before_the_first_frame_the_counter_is_blind() -> None:
    lane = LaneScript(silent={"one"})
    assert lane.shot.is_blind


def test_a_refused_journal_refuses_the_sale_visibly(lane: LaneScript) -> None:
    lane.counter.refuse("journal.unwritable")
    assert (lane.shot.phase, lane.shot.can_pay) == (Phase.REFUSED, False)
    assert lane.send(commands.AddLine(sku_id="cola")).code == "journal.unwritable"
    lane.counter.recover()
    assert lane.send(commands.AddLine(sku_id="cola")).is_done


def test_events_that_were_not_written_are_proposed_again(lane: LaneScript) -> None:
    lane.put(1, "milk")
    keep = lane.commit
    lane.commit = lambda drafts: None  # type: ignore[method-assign]
    lane.run(500)
    lane.commit = keep  # type: ignore[method-assign]
    assert lane.bought == Multiset()
    lane.run(100)
    assert lane.bought == Multiset(milk=1)


# --- restart ------------------------------------------------------------------------------


def test_a_killed_process_comes_back_with_the_basket_and_charges_nothing_twice(
    lane: LaneScript,
) -> None:
    lane.put(1, "milk")
    lane.put(2, "cola", margin=0.2)
    lane.run(1_000)
    before = lane.shot.lines, lane.shot.asks, lane.shot.total_minor, lane.shot.revision
    lane.restart()
    assert (
        lane.shot.lines, lane.shot.asks, lane.shot.total_minor, lane.shot.revision
    ) == before  # fmt: skip
    lane.run(5_000)
    assert (lane.bought, len(lane.shot.asks)) == (Multiset(milk=1), 1)


def test_an_item_lifted_during_the_restart_leaves(lane: LaneScript) -> None:
    lane.put(1, "milk")
    lane.put(2, "cola")
    lane.run(300)
    lane.restart()
    lane.take(1)
    lane.run(4_000)
    assert lane.bought == Multiset(cola=1)


def test_trackers_that_begin_anew_find_the_old_items(lane: LaneScript) -> None:
    lane.put(1, "milk", at=(300, 300))
    lane.run(300)
    lane.restart()
    lane.take(1)
    lane.run(500)
    lane.put(40, "milk", at=(302, 301))
    lane.run(4_000)
    assert (lane.bought, bodies(lane, LineRemoved)) == (Multiset(milk=1), [])
