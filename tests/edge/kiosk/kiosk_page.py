"""A kiosk over a box in memory: for requests in this process, and as a real server for browsers."""

import asyncio
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect
from uvicorn import Server
from websockets.exceptions import InvalidState

from edge.kiosk.handhelds import HandheldDesk
from edge.kiosk.kiosk_app import KioskSettings, create_app, kiosk_server
from edge.kiosk.live_feed import Terminal
from edge.kiosk.tokens import hash_pin
from tests.fakes.in_memory_feed import InMemoryFeed
from tests.fakes.small_shop import small_catalog, small_pictures, small_prices

TOKEN = "token-of-this-boot"
PIN = "2468"
ADDRESS = "http://127.0.0.1:8600"
PIN_HASH = hash_pin(PIN, b"salt of the tests")


def small_box(terminal: Terminal = Terminal.PRACTICE) -> InMemoryFeed:
    return InMemoryFeed(small_catalog(), small_prices(), small_pictures(), terminal=terminal)


def kiosk_app(
    feed: InMemoryFeed, port: int = 8600, handhelds: HandheldDesk | None = None
) -> FastAPI:
    settings = KioskSettings(token=TOKEN, port=port, store="Corner", attendant_pin_hash=PIN_HASH)
    return create_app(feed, settings, handhelds)


def signed_in(feed: InMemoryFeed) -> TestClient:
    client = TestClient(kiosk_app(feed), base_url=ADDRESS, follow_redirects=False)
    client.cookies.set("tillsight_kiosk_8600", TOKEN)
    return client


def socket_of(client: TestClient) -> WebSocketTestSession:
    return client.websocket_connect("/ws", headers={"origin": ADDRESS, "host": "127.0.0.1:8600"})


def heard(socket: WebSocketTestSession) -> Any:
    """The next message of the server, or WebSocketDisconnect when it closes."""
    message = socket.receive()
    if message["type"] == "websocket.close":
        raise WebSocketDisconnect(message["code"])
    return message


def wait_for(socket: WebSocketTestSession, kind: str) -> dict[str, Any]:
    """The next JSON message of a kind; frames and others are passed over."""
    for _ in range(200):
        message = heard(socket)
        body = json.loads(message["text"]) if message.get("text") else {}
        if body.get("type") == kind:
            return dict(body)
    raise AssertionError(f"no {kind} in 200 messages")


def next_frame(socket: WebSocketTestSession) -> tuple[dict[str, Any], bytes]:
    """The next frame: its header and its JPEG."""
    for _ in range(200):
        data = heard(socket).get("bytes")
        if data:
            length = int.from_bytes(data[:4], "big")
            return json.loads(data[4 : 4 + length]), data[4 + length :]
    raise AssertionError("no frame in 200 messages")


def ask_for(socket: WebSocketTestSession, body: dict[str, object], number: str = "1") -> Any:
    """Send a command and wait for its reply."""
    socket.send_json({"type": "command", "command_id": f"command-{number}", "body": body})
    return wait_for(socket, "reply")


@dataclass
class RunningKiosk:
    """A real server on a free port, in a thread; the box outlives it."""

    feed: InMemoryFeed
    port: int
    handhelds: HandheldDesk | None = None
    _server: Server | None = None
    _thread: threading.Thread = field(default_factory=threading.Thread)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/?token={TOKEN}"

    def start(self) -> None:
        self._server = kiosk_server(kiosk_app(self.feed, self.port, self.handhelds), self.port)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()

    def stop(self) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join()

    async def _serve(self) -> None:
        assert self._server is not None
        cameras = asyncio.create_task(self.feed.run())
        await serve_until_told(self._server)
        cameras.cancel()
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()  # type: ignore[union-attr]  # as the end of a process does
        await asyncio.sleep(0)


async def serve_until_told(server: Server) -> None:
    """Serve; a page that goes at the very moment of the end is no fault of the server's."""
    try:
        await server.serve()
    except InvalidState:
        return  # uvicorn says goodbye to a socket that has just said so itself
