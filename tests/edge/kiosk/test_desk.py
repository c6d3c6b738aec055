"""What an attendant does over the socket: sales, refunds, price changes, totals, practice."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import WebSocketTestSession

from edge.basket.basket_events import PriceChanged, Refunded
from edge.messages.basket_messages import Phase
from tests.edge.kiosk.kiosk_page import (
    PIN,
    ask_for,
    heard,
    signed_in,
    small_box,
    socket_of,
    wait_for,
)
from tests.fakes.in_memory_feed import InMemoryFeed


@pytest.fixture
def feed() -> InMemoryFeed:
    feed = small_box()
    feed.put("milk", 0, 0)
    feed.step(15)
    return feed


@pytest.fixture
def socket(feed: InMemoryFeed) -> Iterator[WebSocketTestSession]:
    """A screen at the counter."""
    client = signed_in(feed)
    with client, socket_of(client) as session:
        yield session


def let_in(socket: WebSocketTestSession) -> None:
    socket.send_json({"type": "attendant", "pin": PIN})
    assert wait_for(socket, "attendant")["is_in"] is True


def pay(socket: WebSocketTestSession) -> None:
    assert ask_for(socket, {"type": "finish"}, "finish")["is_done"]
    result = {"type": "payment_result", "result": "approved", "kind": "cash"}
    assert ask_for(socket, result, "pay")["is_done"]


def test_a_sale_is_found_and_refunded_and_in_the_totals_of_the_day(
    socket: WebSocketTestSession, feed: InMemoryFeed
) -> None:
    pay(socket)
    let_in(socket)
    socket.send_json({"type": "ask_sales", "lane_id": "1"})
    sale: Any = wait_for(socket, "sales")["sales"][0]
    assert (sale["total_minor"], sale["kind"]) == (119, "cash")
    refund = {
        "type": "refund",
        "basket_id": sale["basket_id"],
        "pieces": [{"line_id": sale["lines"][0]["line_id"], "quantity": 1}],
        "reason": "damaged",
        "kind": "cash",
    }
    assert ask_for(socket, refund, "r1")["is_done"]
    assert ask_for(socket, refund, "r2")["code"] == "refund.too_many"
    socket.send_json({"type": "ask_totals"})
    (day,) = wait_for(socket, "totals")["lanes"]
    assert (day["num_sales"], day["sales_minor"], day["refunds_minor"]) == (1, 119, 119)
    (back,) = [e.body for e in feed.journal if isinstance(e.body, Refunded)]
    assert back.actor == "attendant"


def test_a_sale_is_found_by_the_number_on_its_receipt(socket: WebSocketTestSession) -> None:
    basket_id = wait_for(socket, "basket")["basket"]["basket_id"]
    pay(socket)
    let_in(socket)
    socket.send_json({"type": "ask_sales", "basket_id": f" {basket_id} "})
    assert [s["basket_id"] for s in wait_for(socket, "sales")["sales"]] == [basket_id]  # type: ignore[attr-defined]
    socket.send_json({"type": "ask_sales", "basket_id": "nobody"})
    assert wait_for(socket, "sales")["sales"] == []


def test_a_price_is_changed_with_a_reason(socket: WebSocketTestSession, feed: InMemoryFeed) -> None:
    let_in(socket)
    change = {"type": "override_price", "line_id": "l1", "unit_amount_minor": 60, "reason": ""}
    assert ask_for(socket, change, "c1")["code"] == "reason.missing"
    assert ask_for(socket, {**change, "reason": "damaged"}, "c2")["is_done"]
    assert feed.counter.snapshot(feed.now_ns).total_minor == 60
    assert any(isinstance(event.body, PriceChanged) for event in feed.journal)


def test_a_shopper_hears_nothing_of_the_desk(socket: WebSocketTestSession) -> None:
    socket.send_json({"type": "ask_totals"})
    socket.send_json({"type": "ask_sales"})
    assert ask_for(socket, {"type": "get_snapshot"})["is_done"]
    socket.send_json({"type": "nonsense"})
    kinds = set()
    while "error" not in kinds:
        kinds.add(wait_for_any(socket))
    assert not kinds & {"totals", "sales"}


def wait_for_any(socket: WebSocketTestSession) -> str:
    text = heard(socket).get("text") or '"type":"frame"'
    return str(text.split('"type":"', 1)[1].split('"', 1)[0])


def test_practice_is_shown_as_such_and_leaves_no_sale(
    socket: WebSocketTestSession, feed: InMemoryFeed
) -> None:
    pay(socket)
    let_in(socket)
    assert ask_for(socket, {"type": "start_practice"}, "p1")["is_done"]
    assert ask_for(socket, {"type": "add_line", "sku_id": "pasta"}, "p2")["is_done"]
    shot = feed.snapshot("1")
    assert shot is not None
    assert shot.is_practice
    pay_again = {"type": "payment_result", "result": "approved"}
    assert ask_for(socket, {"type": "finish"}, "p3")["is_done"]
    assert ask_for(socket, pay_again, "p4")["is_done"]
    socket.send_json({"type": "ask_totals"})
    (day,) = wait_for(socket, "totals")["lanes"]
    assert (day["num_sales"], day["num_practices"]) == (1, 1)
    socket.send_json({"type": "leave"})
    assert ask_for(socket, {"type": "end_practice"}, "p5")["is_done"]
    after = feed.snapshot("1")
    assert after is not None
    assert (after.is_practice, after.phase) == (False, Phase.IDLE)


@pytest.mark.parametrize(
    ("number", "members", "code", "is_known"),
    [
        pytest.param("987654321000", {"987654321000": ""}, "", True, id="a member"),
        pytest.param("11112222", {"987654321000": ""}, "loyalty.unknown", False, id="nobody"),
        pytest.param("11112222", None, "", False, id="the program is away"),
        pytest.param("12", None, "loyalty.invalid", False, id="no number"),
        pytest.param("", None, "", False, id="taken back"),
    ],
)
def test_a_loyalty_number_is_checked_and_never_holds_up_the_sale(
    feed: InMemoryFeed, number: str, members: dict[str, str] | None, code: str, is_known: bool
) -> None:
    feed.members = members
    client = signed_in(feed)
    with client, socket_of(client) as socket:
        body = {"type": "give_loyalty", "number": number, "is_known": True}
        assert ask_for(socket, body)["code"] == code
        assert feed.counter.snapshot(feed.now_ns).is_loyalty_known is is_known
        assert ask_for(socket, {"type": "finish"}, "2")["is_done"]


def test_handhelds_that_are_off_cannot_be_paired(socket: WebSocketTestSession) -> None:
    let_in(socket)
    socket.send_json({"type": "pair_handheld"})
    assert wait_for(socket, "error")["code"] == "handheld.refused"
