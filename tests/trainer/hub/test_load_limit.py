"""A fleet at the door: so many are let in, the others get a time of their own."""

import asyncio

from starlette.types import Message, Receive, Scope, Send

from tests.fakes.fake_clock import FakeClock
from trainer.hub.load_limit import MAX_WAIT_S, LoadLimit


class Door:
    """An application behind the limit, asked by hand."""

    def __init__(self, rate: int, max_in_flight: int = 64) -> None:
        self.clock = FakeClock()
        self.num_served = 0
        self.limit = LoadLimit(
            self._app, rate, max_in_flight=max_in_flight, clock=self._now_s, seed=1
        )
        self.inner: list[dict[str, str]] = []

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.num_served += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def _now_s(self) -> float:
        return self.clock.now_ns / 1e9

    def ask(self, *, is_box: bool = True) -> tuple[int, int]:
        """(status, Retry-After or 0) of one request."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            raise AssertionError("a refused request is not read")

        headers = [(b"tillsight-box", b"box-1")] if is_box else []
        scope = {"type": "http", "headers": headers, "path": "/v1/check-in"}
        asyncio.run(self.limit(scope, receive, send))
        wait = dict(sent[0]["headers"]).get(b"retry-after", b"0")
        return sent[0]["status"], int(wait)


def test_as_many_as_allowed_are_let_in_each_second() -> None:
    door = Door(rate=5)
    assert [door.ask()[0] for _ in range(8)] == [200] * 5 + [429] * 3
    door.clock.advance(1.0)
    assert [door.ask()[0] for _ in range(6)] == [200] * 5 + [429]


def test_the_longer_the_queue_the_later_one_is_asked_to_return() -> None:
    door = Door(rate=10)
    waits = [door.ask()[1] for _ in range(2000)]
    assert max(waits[10:20]) <= 6
    assert max(waits[1800:]) > 100
    assert max(waits) <= MAX_WAIT_S
    assert len(set(waits[1800:])) > 50


def test_a_machine_that_turns_out_slow_asks_to_return_later() -> None:
    door = Door(rate=1000, max_in_flight=0)
    first = [door.ask()[1] for _ in range(50)]
    for _ in range(12):
        door.clock.advance(1.0)
        door.ask()
    later = [door.ask()[1] for _ in range(50)]
    assert max(first) <= 3
    assert max(later) > 60


def test_people_are_never_refused() -> None:
    door = Door(rate=1)
    door.ask()
    assert door.ask()[0] == 429
    assert door.ask(is_box=False)[0] == 200


def test_no_more_are_under_way_than_there_is_room_for() -> None:
    door = Door(rate=1000, max_in_flight=0)
    assert door.ask()[0] == 429
    assert door.num_served == 0
