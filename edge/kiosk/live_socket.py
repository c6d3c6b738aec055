"""The one WebSocket of a screen: snapshots and frames out, commands in.

Flow: LiveFeed -> JSON text + binary frames -> browser; browser -> JSON -> Command -> LiveFeed

Sends a frame only when the browser has drawn the one before, so a slow screen gets fewer frames and
never a queue. Knows no bus and no disk.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio
import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from edge.errors import CommandRefusedError
from edge.kiosk.desk_answers import DeskQuestion, answer_desk, checked_loyalty
from edge.kiosk.handhelds import HandheldDesk
from edge.kiosk.live_feed import BoxStatus, CounterPicture, Lane, LiveFeed
from edge.kiosk.permissions import check_permission, is_age_checked
from edge.kiosk.receipt import ReceiptBook
from edge.kiosk.socket_messages import (
    Attendant,
    CommandRequest,
    Drawn,
    FromScreen,
    Leave,
    Watch,
    frame_message,
    hello_message,
    queue_entries,
)
from edge.kiosk.tokens import ATTENDANT_NS, PinGuard
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import Command, CommandReply, GiveLoyalty

MAX_MESSAGE_BYTES = 8192  # the longest command is under 1 kB
TOO_LONG, ABNORMAL = 1009, 1006  # RFC 6455, section 7.4.1
TICK_S = 1.0  # the page gives up after 3 s of silence
FRAMES_IN_FLIGHT = 2  # one being drawn, one on its way
MAX_LATENCIES = 512

_decode = msgspec.json.Decoder(FromScreen).decode
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Desk:
    """What all screens of one server share.

    Attributes:
        handhelds: phones of the staff; None where they are switched off.
        painted_ms: from "boxes of a frame known and sent" to "browser has painted them".
    """

    feed: LiveFeed
    pins: PinGuard
    receipts: ReceiptBook
    greeting: dict[str, object]
    clock_ns: Callable[[], int] = time.monotonic_ns
    handhelds: HandheldDesk | None = None
    painted_ms: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_LATENCIES))
    num_screens: int = 0


@dataclass(slots=True)
class ScreenSession:
    """One browser for as long as its socket lives."""

    desk: Desk
    lane: Lane
    socket: WebSocket
    is_handheld: bool = False
    watched: tuple[str, ...] = ()
    attendant_until_ns: int = 0
    _sent_basket: tuple[object, ...] | None = None
    _sent_status: BoxStatus | None = None
    _sent_queue: list[dict[str, object]] = field(default_factory=list)
    _sent_sequence: dict[str, int] = field(default_factory=dict)
    _in_flight: dict[tuple[str, int], int] = field(default_factory=dict)
    _sent_at_ns: int = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Serve this screen until it goes away."""
        greeting = {**self.desk.greeting, "is_handheld": self.is_handheld}
        await self._send(hello_message(self.lane, self.desk.feed.lanes(), greeting))
        close_code = 0
        async with anyio.create_task_group() as both:
            both.start_soon(self._keep_sending)
            close_code = await self._keep_listening()
            both.cancel_scope.cancel()
        if close_code:
            await self.socket.close(close_code)

    @property
    def is_attendant(self) -> bool:
        """The PIN was entered and the attendant has not been idle since."""
        return self.desk.clock_ns() < self.attendant_until_ns

    async def _keep_sending(self) -> None:
        version = -1
        try:
            while True:
                await self._push_state()
                await self._push_frames()
                if self.desk.clock_ns() - self._sent_at_ns > TICK_S * 1e9:
                    await self._send({"type": "tick"})
                version = await self.desk.feed.changes.wait(version, TICK_S)
        except WebSocketDisconnect:
            return  # the listener hears of it too and ends the session

    async def _push_state(self) -> None:
        snapshot = self.desk.feed.snapshot(self.lane.lane_id)
        if snapshot is not None:
            self.desk.receipts.take(snapshot, datetime.now(UTC))
            checked = is_age_checked(snapshot)
            state = (msgspec.structs.replace(snapshot, at_ns=0), checked, self.is_attendant)
            if state != self._sent_basket:
                self._sent_basket = state
                await self._send(_basket_message(snapshot, checked, self.is_attendant))
        status = self.desk.feed.status(self.lane.lane_id)
        if self._sent_status is None or _shown(status) != _shown(self._sent_status):
            self._sent_status = status
            await self._send({"type": "status", **_shown(status)})
        if self.is_attendant:
            queue = queue_entries(self.desk.feed)
            if queue != self._sent_queue:
                self._sent_queue = queue
                await self._send({"type": "queue", "lanes": queue})

    async def _push_frames(self) -> None:
        async with self._lock:
            for camera_id in self.watched:
                if (
                    sum(1 for camera, _ in self._in_flight if camera == camera_id)
                    >= FRAMES_IN_FLIGHT
                ):
                    continue
                newest = self.desk.feed.newest_sequence(self.lane.lane_id, camera_id)
                if newest == self._sent_sequence.get(camera_id, -1):
                    continue
                picture = self.desk.feed.picture(self.lane.lane_id, camera_id)
                if picture is not None:
                    await self._send_frame(picture)

    async def _send_frame(self, picture: CounterPicture) -> None:
        if picture.sequence == self._sent_sequence.get(picture.camera_id, -1):
            return
        now_ns = self.desk.clock_ns()
        self._sent_sequence[picture.camera_id] = picture.sequence
        self._in_flight[picture.camera_id, picture.sequence] = now_ns
        self._sent_at_ns = now_ns
        await hand_over(self.socket.send_bytes(frame_message(picture, now_ns)))

    async def _keep_listening(self) -> int:
        """Until the browser has gone (0), or must go: the code to close with."""
        try:
            while True:
                text = await take_over(self.socket.receive_text())
                if len(text) > MAX_MESSAGE_BYTES:
                    return TOO_LONG
                await self._hear(text)
        except WebSocketDisconnect:
            return 0

    async def _hear(self, text: str) -> None:
        try:
            message = _decode(text)
        except msgspec.DecodeError as err:
            await self._send({"type": "error", "code": "kiosk.bad_message", "hint": str(err)})
            return
        await self._receive(message)

    async def _receive(self, message: FromScreen) -> None:
        if isinstance(message, Drawn):
            await self._drawn(message)
        elif isinstance(message, Watch):
            self.watched = tuple(c for c in message.cameras if c in self.lane.cameras)
            self._in_flight.clear()
            self._sent_sequence.clear()
            await self._push_frames()
        elif isinstance(message, CommandRequest):
            await self._send({"type": "reply", **msgspec.to_builtins(await self._command(message))})
        elif isinstance(message, Attendant):
            await self._admit(message.pin)
        elif isinstance(message, Leave):
            self.attendant_until_ns = 0
            await self._push_state()
        elif self.is_attendant:
            await self._answer_desk(message)

    async def _drawn(self, message: Drawn) -> None:
        sent_ns = self._in_flight.pop((message.camera_id, message.sequence), None)
        if sent_ns is not None:
            self.desk.painted_ms.append((self.desk.clock_ns() - sent_ns) / 1e6)
        await self._push_frames()

    async def _command(self, request: CommandRequest) -> CommandReply:
        lane_id = self.lane.lane_id
        if self.is_attendant:
            lane_id = request.lane_id or lane_id
            self.attendant_until_ns = self.desk.clock_ns() + ATTENDANT_NS
        actor = "attendant" if self.is_attendant else "shopper"
        try:
            feed, body = self.desk.feed, request.body
            terminal = next((x.terminal for x in feed.lanes() if x.lane_id == lane_id), None)
            check_permission(
                body,
                feed.snapshot(lane_id),
                terminal or self.lane.terminal,
                self.is_attendant,
                self.is_handheld,
            )
            if isinstance(body, GiveLoyalty):
                body = await checked_loyalty(body, feed)
            command = Command(lane_id, request.command_id, body, actor)
            return await self.desk.feed.send_command(command)
        except CommandRefusedError as err:
            return CommandReply(request.command_id, False, err.code, err.hint or str(err))

    async def _admit(self, pin: str) -> None:
        try:
            self.desk.pins.check(pin, self.desk.clock_ns())
        except CommandRefusedError as err:
            await self._send(
                {"type": "attendant", "is_in": False, "code": err.code, "hint": err.hint}
            )
            return
        self.attendant_until_ns = self.desk.clock_ns() + ATTENDANT_NS
        self._sent_queue = []
        await self._send({"type": "attendant", "is_in": True, "code": "", "hint": ""})
        await self._push_state()

    async def _answer_desk(self, question: DeskQuestion) -> None:
        now_ns = self.desk.clock_ns()
        self.attendant_until_ns = now_ns + ATTENDANT_NS
        desk = self.desk
        await self._send(
            await answer_desk(question, desk.feed, desk.handhelds, self.is_handheld, now_ns)
        )

    async def _send(self, message: dict[str, object]) -> None:
        self._sent_at_ns = self.desk.clock_ns()
        await hand_over(self.socket.send_text(_encode(message).decode()))


async def hand_over(sending: Awaitable[None]) -> None:
    """Send; a socket that the server itself has closed by now counts as gone like any other.

    Raises:
        WebSocketDisconnect: nobody is there any more.
    """
    try:
        await sending
    except RuntimeError as err:  # what uvicorn raises once it has sent the close
        raise WebSocketDisconnect(ABNORMAL) from err


async def take_over(hearing: Awaitable[str]) -> str:
    """The next text; a socket that broke while something was sent counts as gone here as well.

    Raises:
        WebSocketDisconnect: nobody is there any more.
    """
    try:
        return await hearing
    except RuntimeError as err:  # what starlette raises once a send has failed
        raise WebSocketDisconnect(ABNORMAL) from err


def _basket_message(
    snapshot: BasketSnapshot, is_age_checked: bool, is_attendant: bool
) -> dict[str, object]:
    return {
        "type": "basket",
        "basket": msgspec.to_builtins(snapshot),
        "is_age_checked": is_age_checked,
        "is_attendant": is_attendant,
    }


def _shown(status: BoxStatus) -> dict[str, object]:
    """What the page shows; figures that change with every second stay out."""
    return {
        "cameras": [
            {
                "camera_id": c.camera_id,
                "state": c.state,
                "reason": c.reason,
                "conditions": list(c.conditions),
            }
            for c in status.cameras
        ],
        "notices": list(status.notices),
        "failed": [h.process for h in status.health if h.verdict == "failed"],
        "bundle_name": status.bundle_name,
        "product_count": status.product_count,
        "enrol_words": status.enrol_words,
    }
