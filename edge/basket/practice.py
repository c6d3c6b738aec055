"""A lane's counter with a practice mode: staff train on the real cameras and nothing is a sale.

Flow: Observations, Command -> Counter (real) | Counter (practice) -> Events for the journal

The real counter's journal holds only that practice began and how it ended. The practice counter's
events are applied at once and written nowhere. It ends by command, after a while without anybody,
at the latest after `MAX_S`, and with every restart. Pure, like the counter.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from edge.basket import basket_events as events
from edge.basket.basket import LaneState
from edge.basket.basket_events import Event, Place
from edge.basket.counter import Counter, Offer
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import (
    Command,
    CommandReply,
    EndPractice,
    Refund,
    StartPractice,
    SwapLease,
)
from edge.messages.perception_messages import CameraState, Observations
from sync.price_list import PriceList

NS_PER_S = 1_000_000_000
IDLE_S = 180.0  # an instructor explains; the next shopper does not wait longer
MAX_S = 1_800.0
NOTICE_PRACTICE = "practice.running"
PRACTICE_BOX = "practice"  # so that no basket id of practice looks like a sale's
FOR_THE_REAL_ONE = (StartPractice, EndPractice, SwapLease)
NO_REFUND = "practice.no_refund"  # what was sold was sold for money
Past = Callable[[str], Sequence[Event]]


class LaneCounter:
    """What a basket process drives; a `Counter` in all but practice."""

    def __init__(self, make_counter: Callable[[str], Counter]) -> None:
        """Begin with real sales.

        Args:
            make_counter: a new counter of this lane under a box id; empty: the box's own.
        """
        self._make_counter = make_counter
        self.real = make_counter("")
        self.practice: Counter | None = None
        self._offer: Offer | None = None
        self._began_ns = 0

    @property
    def state(self) -> LaneState:
        """What the journal says; practice is not in it. For reading only."""
        return self.real.state

    def restore(
        self, history: Iterable[Event], epoch: int, now_ns: int, notices: Iterable[str] = ()
    ) -> None:
        """Take up the lane where the journal ends; see `Counter.restore`."""
        self.real.restore(history, epoch, now_ns, notices)

    def on_observations(self, message: Observations, now_ns: int, now_utc: datetime) -> list[Event]:
        """One camera's claim; the events to be written."""
        if self.practice is None:
            return self.real.on_observations(message, now_ns, now_utc)
        self.practice.apply(self.practice.on_observations(message, now_ns, now_utc), now_ns)
        return []

    def on_camera_state(self, message: CameraState, now_ns: int) -> None:
        """How a camera does."""
        for counter in self._counters():
            counter.on_camera_state(message, now_ns)

    def on_weight(self, weight_g: int | None, now_ns: int) -> None:
        """What the scale says."""
        for counter in self._counters():
            counter.on_weight(weight_g, now_ns)

    def tick(self, now_ns: int, now_utc: datetime) -> list[Event]:
        """What the passing of time leads to; the end of a practice that nobody goes on with."""
        if self.practice is None:
            if self.real.state.is_practising:  # the process ended in the middle of it
                return [self._ended("restart", now_ns, now_utc)]
            return self.real.tick(now_ns, now_utc)
        self.practice.apply(self.practice.tick(now_ns, now_utc), now_ns)
        idle_s = (now_ns - max(self.practice.activity_ns, self._began_ns)) / NS_PER_S
        if idle_s >= IDLE_S or (now_ns - self._began_ns) / NS_PER_S >= MAX_S:
            return [self._ended("time_out", now_ns, now_utc)]
        return []

    def on_command(
        self, command: Command, now_ns: int, now_utc: datetime, past: Past = lambda _: ()
    ) -> tuple[CommandReply, list[Event]]:
        """Carry out a command; see `Counter.on_command`."""
        if isinstance(command.body, EndPractice):
            is_on = self.practice is not None or self.real.state.is_practising
            ended = [self._ended(command.actor, now_ns, now_utc)] if is_on else []
            return CommandReply(command.command_id, is_done=True), ended
        if self.practice is not None and isinstance(command.body, Refund):
            hint = "end practice first: a refund gives real money back"
            return CommandReply(command.command_id, False, NO_REFUND, hint), []
        if self.practice is None or isinstance(command.body, FOR_THE_REAL_ONE):
            return self.real.on_command(command, now_ns, now_utc, past)
        reply, drafts = self.practice.on_command(command, now_ns, now_utc)
        self.practice.apply(drafts, now_ns)
        return reply, []

    def apply(self, written: Iterable[Event], committed_at_ns: int | None = None) -> None:
        """Let written events happen; practice begins and ends here."""
        written = list(written)
        self.real.apply(written, committed_at_ns)
        for event in written:
            if isinstance(event.body, events.PracticeStarted):
                self._begin(event.at_ns)
            elif isinstance(event.body, events.PracticeEnded):
                self.practice = None
                self.real.look_anew(event.at_ns)

    def snapshot(self, now_ns: int) -> BasketSnapshot:
        """The real basket; while staff train it stands still, which is no fault."""
        shot = self.real.snapshot(now_ns)
        if self.practice is None:
            return shot
        return msgspec.structs.replace(shot, is_blind=False, notices=(NOTICE_PRACTICE,))

    def practice_snapshot(self, now_ns: int) -> BasketSnapshot | None:
        """The basket of practice, marked as such; None while there is none."""
        return self.practice.snapshot(now_ns) if self.practice is not None else None

    def renew(self, offer: Offer) -> None:
        """New catalogue or bundle; see `Counter.renew`."""
        self._offer = offer
        for counter in self._counters():
            counter.renew(offer)

    def renew_prices(self, prices: PriceList) -> None:
        """Other prices; see `Counter.renew_prices`."""
        for counter in self._counters():
            counter.renew_prices(prices)

    def refuse(self, code: str) -> None:
        """No sale can be recorded."""
        for counter in self._counters():
            counter.refuse(code)

    def recover(self) -> None:
        """The journal can be written again."""
        for counter in self._counters():
            counter.recover()

    def take_latencies_ms(self) -> list[float]:
        """Rest-to-line latencies of real sales since the last call."""
        return self.real.take_latencies_ms()

    def _counters(self) -> list[Counter]:
        return [self.real] if self.practice is None else [self.real, self.practice]

    def _begin(self, now_ns: int) -> None:
        self.practice = self._make_counter(PRACTICE_BOX)
        self.practice.restore([], 0, now_ns)
        self.practice.is_practice = True
        if self._offer is not None:
            self.practice.renew(self._offer)
        self._began_ns = now_ns

    def _ended(self, reason: str, now_ns: int, now_utc: datetime) -> Event:
        body = events.PracticeEnded(reason, self._left_behind())
        return self.real.event(body, now_ns, now_utc)

    def _left_behind(self) -> tuple[tuple[str, Place], ...]:
        """What lies on the counter, under names of the real counter."""
        items = self.practice.state.items.values() if self.practice is not None else ()
        first = self.real.state.num_items + 1
        return tuple((f"i{first + i}", item.place) for i, item in enumerate(items))
