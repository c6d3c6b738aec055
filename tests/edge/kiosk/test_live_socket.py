"""What a screen is sent, how fast, and what it may ask for."""

import asyncio

import pytest
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from edge.kiosk.live_feed import Terminal
from edge.kiosk.live_socket import hand_over, take_over
from edge.messages.basket_messages import Phase
from tests.edge.kiosk.kiosk_page import (
    PIN,
    ask_for,
    next_frame,
    signed_in,
    small_box,
    socket_of,
    wait_for,
)


def test_a_screen_learns_first_what_it_is_then_the_basket() -> None:
    client = signed_in(small_box())
    with client, socket_of(client) as socket:
        hello = socket.receive_json()
        basket = wait_for(socket, "basket")["basket"]
    assert hello["cameras"] == ["top", "left", "right"]
    assert hello["languages"][0] == "en"
    assert (basket["phase"], basket["currency"]) == ("idle", "EUR")


def test_a_basket_is_sent_again_only_when_it_changed() -> None:
    feed = small_box()
    client = signed_in(feed)
    with client, socket_of(client) as socket:
        wait_for(socket, "basket")
        client.portal.call(feed.step, 3)
        client.portal.call(feed.put, "milk", 0.0, 0.0)
        client.portal.call(feed.step, 15)
        basket = wait_for(socket, "basket")["basket"]
    assert [line["sku_id"] for line in basket["lines"]] == ["milk"]


def test_no_frame_is_sent_before_a_camera_is_watched_and_none_twice() -> None:
    feed = small_box()
    client = signed_in(feed)
    with client, socket_of(client) as socket:
        client.portal.call(feed.step, 3)
        assert feed.num_encoded == 0
        socket.send_json({"type": "watch", "cameras": ["top", "cellar"]})
        header, jpeg = next_frame(socket)
    assert header["camera_id"] == "top"
    assert jpeg.startswith(b"\xff\xd8")
    assert feed.num_encoded == 1


def test_a_frame_carries_the_boxes_of_exactly_that_frame() -> None:
    feed = small_box()
    number = feed.put("milk", 0, 0)
    feed.step(2)
    client = signed_in(feed)
    with client, socket_of(client) as socket:
        socket.send_json({"type": "watch", "cameras": ["top"]})
        header, _ = next_frame(socket)
    track_id, *corners, is_resting, is_occluded = header["boxes"][0]
    assert (track_id, is_resting, is_occluded) == (number, 1, 0)
    assert all(0 <= corner <= 1 for corner in corners)
    assert header["sequence"] == feed.newest_sequence("1", "top")


def test_a_slow_screen_gets_two_frames_and_then_one_for_each_it_has_drawn() -> None:
    feed = small_box()
    client = signed_in(feed)
    with client, socket_of(client) as socket:
        socket.send_json({"type": "watch", "cameras": ["top"]})
        first, _ = next_frame(socket)
        client.portal.call(feed.step)
        next_frame(socket)
        client.portal.call(feed.step, 5)
        ask_for(socket, {"type": "get_snapshot"})
        assert feed.num_encoded == 2
        drawn = {"type": "drawn", "camera_id": "top", "sequence": first["sequence"]}
        socket.send_json(drawn)
        third, _ = next_frame(socket)
        painted = client.get("/api/status").json()["painted_frames"]
    assert third["sequence"] == first["sequence"] + 6
    assert painted == 1


def test_one_encoding_serves_every_screen() -> None:
    feed = small_box()
    client = signed_in(feed)
    with client, socket_of(client) as one, socket_of(client) as other:
        for socket in (one, other):
            socket.send_json({"type": "watch", "cameras": ["top"]})
            next_frame(socket)
    assert feed.num_encoded == 1


def test_a_tick_is_sent_when_nothing_else_is() -> None:
    client = signed_in(small_box())
    with client, socket_of(client) as socket:
        assert wait_for(socket, "tick") == {"type": "tick"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="no JSON"),
        pytest.param('{"type": "reboot"}', id="an unknown message"),
        pytest.param('{"type": "watch", "cameras": 3}', id="a wrong type"),
        pytest.param('{"type": "leave", "extra": 1}', id="an unknown field"),
    ],
)
def test_nonsense_is_answered_and_does_no_harm(text: str) -> None:
    client = signed_in(small_box())
    with client, socket_of(client) as socket:
        socket.send_text(text)
        assert wait_for(socket, "error")["code"] == "kiosk.bad_message"
        assert ask_for(socket, {"type": "get_snapshot"})["is_done"]


def test_a_message_that_is_too_long_ends_the_connection() -> None:
    client = signed_in(small_box())
    with client, socket_of(client) as socket:
        socket.send_text("x" * 9000)
        with pytest.raises(WebSocketDisconnect):
            wait_for(socket, "never")


def test_a_basket_process_that_does_not_answer_is_said_so_and_the_basket_stays() -> None:
    feed = small_box()
    feed.put("milk", 0, 0)
    feed.step(15)
    feed.is_reachable = False
    client = signed_in(feed)
    with client, socket_of(client) as socket:
        reply = ask_for(socket, {"type": "add_more"})
    assert (reply["is_done"], reply["code"]) == (False, "lane.unreachable")
    assert len(feed.snapshot("1").lines) == 1


def test_a_shopper_cannot_say_that_the_shopper_has_paid() -> None:
    feed = small_box(Terminal.EXTERNAL)
    feed.put("milk", 0, 0)
    feed.step(15)
    client = signed_in(feed)
    with client, socket_of(client) as socket:
        assert ask_for(socket, {"type": "finish"})["is_done"]
        paid = {"type": "payment_result", "result": "approved"}
        assert ask_for(socket, paid, "2")["code"] == "kiosk.not_allowed"
    assert feed.snapshot("1").phase is Phase.PAYING


def test_wine_waits_for_an_attendant_who_has_looked() -> None:
    feed = small_box()
    feed.put("wine", 0, 0)
    feed.step(15)
    client = signed_in(feed)
    with client, socket_of(client) as socket:
        basket = wait_for(socket, "basket")
        assert basket["is_age_checked"] is False
        basket_id = basket["basket"]["basket_id"]
        check = {"type": "check_age", "basket_id": basket_id, "age_limit": 18}
        assert ask_for(socket, check)["code"] == "kiosk.not_allowed"
        assert ask_for(socket, {"type": "finish"}, "2")["code"] == "age.unchecked"
        socket.send_json({"type": "attendant", "pin": PIN})
        assert wait_for(socket, "attendant")["is_in"] is True
        assert wait_for(socket, "queue")["lanes"][0]["reasons"] == ["age.unchecked"]
        assert ask_for(socket, check, "3")["is_done"]
        assert ask_for(socket, {"type": "finish"}, "4")["is_done"]


def test_five_wrong_pins_lock_even_the_right_one_out() -> None:
    client = signed_in(small_box())
    with client, socket_of(client) as socket:
        codes = []
        for pin in ("1", "2", "3", "4", "5", PIN):
            socket.send_json({"type": "attendant", "pin": pin})
            codes.append(wait_for(socket, "attendant")["code"])
    assert codes == ["attendant.refused"] * 5 + ["attendant.locked"]


def test_an_attendant_may_park_a_basket_until_leaving() -> None:
    feed = small_box()
    feed.put("milk", 0, 0)
    feed.step(15)
    client = signed_in(feed)
    with client, socket_of(client) as socket:
        assert ask_for(socket, {"type": "suspend"})["code"] == "kiosk.not_allowed"
        socket.send_json({"type": "attendant", "pin": PIN})
        wait_for(socket, "attendant")
        assert ask_for(socket, {"type": "suspend"}, "2")["is_done"]
        socket.send_json({"type": "leave"})
        assert ask_for(socket, {"type": "resume"}, "3")["code"] == "kiosk.not_allowed"


def test_a_socket_that_the_server_has_closed_counts_as_gone() -> None:
    async def send_after_close() -> None:
        raise RuntimeError("Unexpected ASGI message 'websocket.send'")

    with pytest.raises(WebSocketDisconnect):
        asyncio.run(hand_over(send_after_close()))


def test_a_socket_that_broke_while_something_was_sent_counts_as_gone() -> None:
    socket = WebSocket({"type": "websocket"}, nobody, nobody)  # type: ignore[arg-type]
    socket.application_state = WebSocketState.DISCONNECTED

    with pytest.raises(WebSocketDisconnect):
        asyncio.run(take_over(socket.receive_text()))


async def nobody() -> None:
    raise AssertionError("a broken socket is neither read nor written")


def test_a_thirteenth_screen_is_turned_away() -> None:
    client = signed_in(small_box())
    with client:
        client.app.state.desk.num_screens = 12  # type: ignore[attr-defined]
        with socket_of(client) as socket, pytest.raises(WebSocketDisconnect):
            socket.receive_json()
