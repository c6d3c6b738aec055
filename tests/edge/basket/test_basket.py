"""Properties of the basket under any course of events."""

import copy
from collections import Counter as Multiset

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.basket.basket import LaneState, fold, replay
from edge.basket.basket_events import Event, EventBody, LineAdded, LineRemoved
from edge.basket.basket_view import Surroundings, snapshot_of
from edge.basket.counter import Counter
from edge.messages import command_messages as commands
from edge.messages.basket_messages import BasketSnapshot
from tests.edge.basket.lane_script import LaneScript, gtin_of

SKUS = ("milk", "cola", "wine", "tea")
PUTS = st.tuples(st.just("put"), st.integers(1, 8), st.sampled_from(SKUS), st.booleans())
TAKES = st.tuples(st.just("take"), st.integers(1, 8), st.just(""), st.just(False))
COMMANDS = st.sampled_from(
    [
        commands.AddMore(),
        commands.Finish(),
        commands.PaymentResult("approved"),
        commands.PaymentResult("declined"),
        commands.PaymentResult("unknown"),
        commands.CancelBasket(),
        commands.Suspend(),
        commands.Resume(),
        commands.CallHelp(),
        commands.AddLine("tea", quantity=2),
        commands.AddLine("apples", weight_g=333),
        commands.AddLine(gtin=gtin_of(2)),
        commands.RemoveLine("l1"),
        commands.RemoveLine("l2"),
        commands.CorrectLine("l1", "wine"),
        commands.CorrectLine("l2", "milk"),
        commands.AnswerAsk("a1", "cola"),
        commands.AnswerAsk("a2", "tea"),
        commands.AnswerAsk("a1", ""),
    ]
)
SENDS = st.tuples(st.just("send"), COMMANDS, st.just(""), st.just(False))
HANDS = st.tuples(st.just("hand"), st.just(0), st.just(""), st.booleans())
COURSES = st.lists(st.one_of(PUTS, TAKES, SENDS, HANDS), max_size=25)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def lived(course: list[tuple[object, ...]]) -> LaneScript:
    lane = LaneScript()
    for what, who, sku_id, flag in course:
        act(lane, what, who, str(sku_id), bool(flag))
        lane.run(300)
    return lane


def act(lane: LaneScript, what: object, who: object, sku_id: str, flag: bool) -> None:
    if what == "put":
        assert isinstance(who, int)
        lane.put(who, sku_id, margin=6.0 if flag else 0.2)
    elif what == "take":
        assert isinstance(who, int)
        lane.take(who)
    elif what == "hand":
        lane.hands = {"one"} if flag else set()
    else:
        lane.send(who)  # type: ignore[arg-type]


def durable(counter: Counter, state: LaneState) -> BasketSnapshot:
    """What of a snapshot comes from the journal alone."""
    return snapshot_of(state, (), Surroundings("lane1", "EUR", 2, 0))


def pieces(state: LaneState) -> Multiset[str]:
    held: Multiset[str] = Multiset()
    for line in state.basket.lines.values() if state.basket else ():
        held[line.terms.sku_id] += line.quantity
    return held


@QUICK
@given(course=COURSES)
def test_lines_are_what_was_added_less_what_was_removed(course: list[tuple[object, ...]]) -> None:
    lane = lived(course)
    state = LaneState()
    books: dict[str, Multiset[str]] = {}
    for event in lane.events:
        sku_of = {x.line_id: x.terms.sku_id for x in state.basket.lines.values()} if (
            state.basket
        ) else {}  # fmt: skip
        book = books.setdefault(event.basket_id, Multiset())
        if isinstance(event.body, LineAdded):
            book[event.body.terms.sku_id] += event.body.quantity
        if isinstance(event.body, LineRemoved):
            book[sku_of[event.body.line_id]] -= event.body.quantity
        fold(state, event)
    basket_id = state.basket.basket_id if state.basket else ""
    assert pieces(state) == +books.get(basket_id, Multiset())


@QUICK
@given(course=COURSES)
def test_every_charged_item_stands_behind_exactly_one_piece(
    course: list[tuple[object, ...]],
) -> None:
    lane = lived(course)
    lines = lane.counter.state.basket.lines.values() if lane.counter.state.basket else ()
    behind = [item_id for line in lines for item_id in line.item_ids]
    assert len(behind) == len(set(behind))
    assert all(len(line.item_ids) <= line.quantity for line in lines)


@QUICK
@given(course=COURSES)
def test_replaying_any_prefix_of_the_journal_gives_the_same_basket(
    course: list[tuple[object, ...]],
) -> None:
    lane = lived(course)
    state = LaneState()
    for count, event in enumerate(lane.events, start=1):
        fold(state, copy.deepcopy(event))
        read_back = [as_read(e) for e in lane.events[:count]]
        again = replay(read_back)
        assert durable(lane.counter, again) == durable(lane.counter, state)
    final = durable(lane.counter, lane.counter.state)
    assert durable(lane.counter, replay(lane.events)) == final


def as_read(event: Event) -> Event:
    """The event as it comes back from disk."""
    body = msgspec.json.decode(msgspec.json.encode(event.body), type=EventBody)
    return msgspec.structs.replace(event, body=body)


@QUICK
@given(course=COURSES, command=COMMANDS)
def test_a_command_sent_twice_changes_nothing_the_second_time(
    course: list[tuple[object, ...]], command: commands.BasketCommand
) -> None:
    lane = lived(course)
    reply = lane.send(command, command_id="same")
    before = durable(lane.counter, lane.counter.state), len(lane.events)
    again = lane.send(command, command_id="same")
    assert (durable(lane.counter, lane.counter.state), len(lane.events)) == before
    assert again.is_done >= reply.is_done


@QUICK
@given(course=COURSES)
def test_a_restart_changes_nothing_and_a_still_counter_stays_as_it_is(
    course: list[tuple[object, ...]],
) -> None:
    lane = lived(course)
    lane.hands = set()
    lane.run(3_000)
    before = durable(lane.counter, lane.counter.state)
    lane.restart()
    assert durable(lane.counter, lane.counter.state) == before
    lane.run(2_000)
    assert lane.shot.lines == before.lines


@QUICK
@given(course=COURSES)
def test_a_total_is_the_sum_of_its_lines_and_payment_needs_answers(
    course: list[tuple[object, ...]],
) -> None:
    shot = lived(course).shot
    parts = [x.amount_minor - x.discount_minor + x.deposit_minor for x in shot.lines]
    assert shot.total_minor == sum(parts)
    assert 0 <= shot.tax_minor <= shot.total_minor
    assert not (shot.can_pay and (shot.asks or not shot.lines))
