"""A scripted shopper at a real kiosk page: looks, answers questions, pays, goes, comes again.

Flow: kiosk's WebSocket -> BasketSnapshot -> what a shopper would tap -> WebSocket

Speaks to the page's server exactly as the browser does: the token of the address becomes a cookie,
everything else goes over the one socket. The script knows what it put down; the box does not.
"""

import contextlib
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import msgspec
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from edge.config import EdgeConfig
from edge.messages.basket_messages import Ask, BasketSnapshot, Phase
from edge.messages.command_messages import (
    AnswerAsk,
    BasketCommand,
    CancelBasket,
    Finish,
    PaymentResult,
)
from edge.processes.kiosk_address import kiosk_url

THINK_S = 0.4  # nothing has changed for so long: the shopper taps
AGAIN_S = 2.0  # a tap that was not answered is repeated
HEAR_S = 0.1
WARM_S = 10.0  # to open the page on a busy machine


@dataclass(frozen=True)
class PaidBasket:
    """A sale: what was paid, and who named it."""

    basket_id: str
    lines: dict[str, int]
    origins: dict[str, str]
    total_minor: int
    bundle_id: str
    at_s: float


@dataclass(frozen=True)
class Question:
    """A question on the screen, and the answer."""

    kind: str
    num_buttons: int
    answer: str
    at_s: float


@dataclass
class Diary:
    """What the shopper lived through; times are of `time.monotonic`.

    Attributes:
        refused: stable code -> how often a tap was refused.
        num_left: baskets that were left, because the counter was empty before they were right.
    """

    paid: list[PaidBasket] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    num_left: int = 0


class KioskShopper:
    """One shopper after the other at one box, in a thread of its own.

    Attributes:
        hesitates: looks on and does not pay, until it is False again.
    """

    def __init__(self, config: EdgeConfig, truth: Mapping[str, int]) -> None:
        self.diary = Diary()
        self.hesitates = False
        self.snapshot: BasketSnapshot | None = None
        self._config = config
        self._truth = Counter(truth)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._shop, name="shopper", daemon=True)
        self._calm_since = 0.0
        self._seen: tuple[str, int, str] = ("", 0, "")
        self._tapped: tuple[str, float] = ("", 0.0)
        self._waiting: dict[str, BasketCommand] = {}

    def start(self) -> None:
        """Come in."""
        self._thread.start()

    def stop(self) -> None:
        """Go home."""
        self._stopping.set()
        self._thread.join(WARM_S)

    def _shop(self) -> None:
        while not self._stopping.is_set():
            gone = contextlib.suppress(OSError, WebSocketException, httpx.HTTPError)
            with gone, self._page() as socket:
                self._look(socket)
            self._stopping.wait(0.5)

    def _page(self) -> ClientConnection:
        """Open the address that the box printed; then the socket, with the page's cookie."""
        address = kiosk_url(self._config)
        origin = f"http://127.0.0.1:{self._config.kiosk.port}"
        answer = httpx.get(address, timeout=WARM_S)
        cookies = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
        return connect(
            f"{origin.replace('http', 'ws', 1)}/ws", origin=Origin(origin),
            additional_headers={"Cookie": cookies}, open_timeout=WARM_S, compression=None,
        )  # fmt: skip

    def _look(self, socket: ClientConnection) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                text = socket.recv(HEAR_S)
                if isinstance(text, str):
                    self._hear(json.loads(text))
            snapshot = self.snapshot
            if snapshot is not None:
                self._act(socket, snapshot)

    def _hear(self, message: dict[str, object]) -> None:
        if message["type"] == "basket":
            self.snapshot = snapshot = msgspec.convert(message["basket"], BasketSnapshot)
            seen = (snapshot.basket_id, snapshot.revision, snapshot.phase.value)
            if seen != self._seen:
                self._seen, self._calm_since = seen, time.monotonic()
        elif message["type"] == "reply":
            self._note_reply(message)

    def _act(self, socket: ClientConnection, snapshot: BasketSnapshot) -> None:
        """The next tap, if there is one."""
        if time.monotonic() - self._calm_since < THINK_S:
            return
        if snapshot.phase is Phase.PAYING:
            self._tap(socket, PaymentResult("approved", "scripted"))
        elif snapshot.phase is not Phase.SHOPPING:
            return
        elif snapshot.asks:
            self._answer(socket, snapshot, snapshot.asks[0])
        elif snapshot.can_pay and lines_of(snapshot) == self._truth and not self.hesitates:
            self._tap(socket, Finish())
        elif not snapshot.items and not snapshot.is_blind:
            self._tap(socket, CancelBasket())

    def _answer(self, socket: ClientConnection, snapshot: BasketSnapshot, ask: Ask) -> None:
        """Name the piece that is missing in the basket: its button, or by search."""
        missing = sorted((self._truth - lines_of(snapshot)).elements())
        buttons = [option.sku_id for option in ask.options]
        named = next((sku_id for sku_id in missing if sku_id in buttons), "")
        answer = named or (missing[0] if missing else "")
        if self._tap(socket, AnswerAsk(ask.ask_id, answer)):
            asked = Question(ask.kind, len(buttons), answer, time.monotonic())
            self.diary.questions.append(asked)

    def _tap(self, socket: ClientConnection, body: BasketCommand) -> bool:
        """Send it once per state of the basket; again when nobody has answered for long."""
        mark, now = f"{self._seen}{body}", time.monotonic()
        if self._tapped[0] == mark and now - self._tapped[1] < AGAIN_S:
            return False
        is_new = self._tapped[0] != mark
        self._tapped = (mark, now)
        command_id = secrets.token_hex(8)
        self._waiting[command_id] = body
        told = {"type": "command", "command_id": command_id, "body": msgspec.to_builtins(body)}
        socket.send(json.dumps(told))
        return is_new

    def _note_reply(self, reply: dict[str, object]) -> None:
        body = self._waiting.pop(str(reply["command_id"]), None)
        if not reply["is_done"]:
            self.diary.refused[str(reply["code"])] += 1
        elif isinstance(body, CancelBasket):
            self.diary.num_left += 1
        elif isinstance(body, PaymentResult) and self.snapshot is not None:
            self._note_paid(self.snapshot)

    def _note_paid(self, snapshot: BasketSnapshot) -> None:
        if any(one.basket_id == snapshot.basket_id for one in self.diary.paid[-3:]):
            return
        origins = {line.sku_id: line.origin.value for line in snapshot.lines}
        sale = PaidBasket(
            snapshot.basket_id, dict(lines_of(snapshot)), origins, snapshot.total_minor,
            snapshot.bundle_id, time.monotonic(),
        )  # fmt: skip
        self.diary.paid.append(sale)


def lines_of(snapshot: BasketSnapshot) -> Counter[str]:
    """SKU -> pieces."""
    lines: Counter[str] = Counter()
    for line in snapshot.lines:
        lines[line.sku_id] += line.quantity
    return lines
