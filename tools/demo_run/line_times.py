"""When each line of a clip was heard of, counted from the truth's frame of rest.

Flow: Observations, BasketSnapshots + truth -> milliseconds per put

Listens like any reader of the bus, so a time includes the way from the journal's fsync to here. The
first frame in which the item rests counts, though the hand is still on it. Decides nothing.
"""

import time
from collections import Counter
from dataclasses import dataclass, field

from edge.bus.sockets import Bus, wait_for
from edge.config import EdgeConfig
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.perception_messages import Observations

EARLY_NS = 300_000_000  # a line may come while the item is put down; its rest is the truth's
NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Put:
    """An item that comes to rest in a clip: a put, or a move's second half."""

    sku_id: str
    rest_s: float
    is_move: bool = False


@dataclass
class LineTimes:
    """What was heard of one lane.

    Attributes:
        start_ns: CLOCK_MONOTONIC of the clip's first picture; 0 until a camera has told it.
        added: moment and SKU of every piece that came into the basket.
        own_ms: the box's own figures, from its own frame of rest to the fsync.
    """

    start_ns: int = 0
    added: list[tuple[int, str]] = field(default_factory=list)
    own_ms: list[float] = field(default_factory=list)
    _pieces: Counter[str] = field(default_factory=Counter)

    def on_observations(self, message: Observations) -> None:
        """Learn when the clip began."""
        if message.clip_time_ns is not None and not self.start_ns:
            self.start_ns = message.captured_at_ns - message.clip_time_ns

    def on_basket(self, snapshot: BasketSnapshot, heard_ns: int) -> None:
        """Note what is new in the basket."""
        pieces = Counter[str]()
        for line in snapshot.lines:
            pieces[line.sku_id] += line.quantity
        self.added += [(heard_ns, sku_id) for sku_id in (pieces - self._pieces).elements()]
        self._pieces = pieces
        newest = snapshot.last_line_latency_ms
        if newest >= 0 and newest not in self.own_ms:
            self.own_ms.append(newest)

    def since_rest_ms(self, puts: list[Put]) -> list[float | None]:
        """Per put, in their order: from the truth's rest to the line; None where none was heard.

        A move whose line simply stays is left out.
        """
        left = list(self.added)
        times: list[float | None] = []
        for put in puts:
            rest_ns = self.start_ns + round(put.rest_s * NS_PER_S)
            mine = [a for a in left if a[1] == put.sku_id and a[0] >= rest_ns - EARLY_NS]
            if mine:
                left.remove(mine[0])
                times.append((mine[0][0] - rest_ns) / 1e6)
            elif not put.is_move:
                times.append(None)
        return times


class LineWatch:
    """Hears one lane of a running box."""

    def __init__(self, config: EdgeConfig, lane_id: str) -> None:
        self.times = LineTimes()
        self._bus = bus = Bus(config.paths.run_dir, "edgectl")
        self._basket = bus.subscriber("basket", BasketSnapshot, lane_id)
        self._observed = bus.subscriber("observations", Observations, lane_id)

    def listen(self, timeout_s: float) -> None:
        """Take in what comes within the time."""
        deadline = time.monotonic() + timeout_s
        sockets = [self._basket.socket, self._observed.socket]
        while (left_s := deadline - time.monotonic()) > 0:
            wait_for(sockets, max(1, round(left_s * 1000)))
            snapshot = self._basket.receive()
            if snapshot is not None:
                self.times.on_basket(snapshot, time.monotonic_ns())
            for message in self._observed.receive_all():
                self.times.on_observations(message)

    def close(self) -> None:
        """Stop listening."""
        self._bus.close()
