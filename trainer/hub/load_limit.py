"""How many requests of boxes the hub takes at a time; the others are told when to come again.

Flow: request of a box -> room? -> application, or 429 with Retry-After

After an outage a whole fleet stands at the door. Who is refused costs no database, no signature and
no body, and is given a time of its own: later, the more were refused before it and the slower this
machine turned out to be. People and health are never refused.
"""

import json
import math
import random
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from sync.device_identity import BOX_HEADER
from sync.protocol import ErrorReply

MAX_IN_FLIGHT = 64  # threads of the server are 40; more would only wait inside
MAX_WAIT_S = 120.0
WINDOW_S = 1.0  # the speed of this machine is measured over so long, while it is full
_BOX = BOX_HEADER.lower().encode()


class LoadLimit:
    """ASGI middleware: a token bucket of one second, and a limit of requests under way."""

    def __init__(
        self,
        app: ASGIApp,
        max_requests_per_s: int,
        *,
        max_in_flight: int = MAX_IN_FLIGHT,
        clock: Callable[[], float] = time.monotonic,
        seed: int | None = None,
    ) -> None:
        self._app = app
        self._rate = float(max_requests_per_s)
        self._max_in_flight = max_in_flight
        self._clock = clock
        self._dice = random.Random(seed)
        self._tokens = self._rate
        self._at = clock()
        self._num_in_flight = 0
        self._num_queued = 0.0  # refused ones who will be back, an estimate
        self._speed = self._rate  # requests per second that this machine really serves
        self._window_at = self._at
        self._num_done = 0
        self._was_full = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse one request."""
        if scope["type"] != "http" or not any(name == _BOX for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        wait_s = self._wait_s()
        if wait_s:
            await _refuse(send, wait_s)
            return
        self._num_in_flight += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._num_in_flight -= 1
            self._num_done += 1

    def _wait_s(self) -> int:
        """0 where there is room, else the seconds after which to ask again."""
        now = self._clock()
        elapsed, self._at = now - self._at, now
        self._tokens = min(self._rate, self._tokens + elapsed * self._rate)
        self._measure(now)
        self._num_queued = max(0.0, self._num_queued - elapsed * self._speed / 2)
        if self._tokens >= 1.0 and self._num_in_flight < self._max_in_flight:
            self._tokens -= 1.0
            return 0
        self._num_queued += 1.0
        self._was_full = True
        spread_s = min(2.0 + 4.0 * self._num_queued / self._speed, MAX_WAIT_S)
        return math.ceil(self._dice.uniform(0.0, spread_s)) or 1

    def _measure(self, now: float) -> None:
        elapsed = now - self._window_at
        if elapsed < WINDOW_S:
            return
        measured = (self._speed + self._num_done / elapsed) / 2 if self._was_full else self._rate
        self._speed = min(max(measured, 1.0), self._rate)
        self._window_at, self._num_done, self._was_full = now, 0, False


async def _refuse(send: Send, wait_s: int) -> None:
    reply = ErrorReply(code="hub.busy", message="too many boxes at once", hint="asked again later")
    body = json.dumps(reply.model_dump()).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(wait_s).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})
