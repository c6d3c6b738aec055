"""Hands baskets of `external` lanes to the till and brings its answer back.

Flow: BasketSnapshot (paying) -> PaymentRequest -> PointOfSale -> PaymentResult

The total goes out once; an unreachable till is "unknown" and is asked again, never paid twice. What
the till said stands until the basket has it on disk. A restart begins where it was: the same
request again changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from edge.devices.point_of_sale import (
    PaymentRequest,
    PaymentState,
    PaymentWatch,
    PointOfSale,
    TicketLine,
)
from edge.messages.basket_messages import BasketSnapshot, Phase
from edge.messages.command_messages import Command, PaymentResult

ACTOR = "till"
RESULTS = {
    PaymentState.APPROVED: "approved",
    PaymentState.DECLINED: "declined",
    PaymentState.UNKNOWN: "unknown",
}


@dataclass
class LaneTill:
    """One lane's till.

    Attributes:
        watch: of the basket that is being paid; None while none is.
        answer: what the till said and the basket has not confirmed yet.
    """

    point_of_sale: PointOfSale
    watch: PaymentWatch | None = None
    answer: Command | None = None
    _number: int = 0

    def step(self, snapshot: BasketSnapshot, now_ns: int) -> Command | None:
        """What to tell the basket now; the same again until `confirm`. Blocks for a disk."""
        if snapshot.phase is not Phase.PAYING or snapshot.is_practice:
            self.watch = self.answer = None
            return None
        request = request_of(snapshot)
        if self.watch is None or self.watch.request != request:
            self.watch, self.answer = PaymentWatch(self.point_of_sale, request), None
        outcome = self.watch.poll(now_ns)
        if outcome is not None and outcome.state in RESULTS:
            self._number += 1
            command_id = f"till-{snapshot.basket_id}-{snapshot.revision}-{self._number}-{now_ns}"
            body = PaymentResult(RESULTS[outcome.state], outcome.reference, "card")
            self.answer = Command(snapshot.lane_id, command_id, body, ACTOR)
        return self.answer

    def confirm(self) -> None:
        """The basket has the answer on disk."""
        self.answer = None


@dataclass
class TillLink:
    """The tills of every lane that has one; lanes are named once."""

    open_till: Callable[[str], PointOfSale]
    _tills: dict[str, LaneTill] = field(default_factory=dict)

    def till(self, lane_id: str) -> LaneTill:
        """The till of a lane."""
        if lane_id not in self._tills:
            self._tills[lane_id] = LaneTill(self.open_till(lane_id))
        return self._tills[lane_id]


def request_of(snapshot: BasketSnapshot) -> PaymentRequest:
    """What the till is asked for."""
    return PaymentRequest(
        basket_id=snapshot.basket_id,
        amount_minor=snapshot.total_minor,
        currency=snapshot.currency,
        exponent=snapshot.exponent,
        lines=tuple(
            TicketLine(
                line.sku_id,
                line.name,
                line.quantity,
                line.amount_minor - line.discount_minor + line.deposit_minor,
            )
            for line in snapshot.lines
        ),
    )
