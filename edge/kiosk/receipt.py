"""The receipt of a paid basket as data; the page shows and prints it.

Flow: BasketSnapshot -> Receipt

Adds nothing up that the basket has not added up. No clock: the caller passes the moment.
"""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from edge.messages.basket_messages import BasketLine, BasketSnapshot, Phase

MAX_KEPT = 16  # the last sales, so that a reload or a question at the exit finds its receipt


class ReceiptLine(msgspec.Struct, frozen=True):
    """One line as it is printed; money in minor units."""

    name: str
    sku_id: str
    quantity: int
    unit_amount_minor: int
    amount_minor: int
    weight_g: int
    deposit_minor: int
    discount_minor: int
    discount_name: str
    list_amount_minor: int = 0


class Receipt(msgspec.Struct, frozen=True):
    """What the shopper takes home.

    Attributes:
        issued_at: RFC 3339, UTC.
        tax_minor: contained in the total.
        loyalty: last digits of the shopper's number in the loyalty program.
        is_practice: staff trained; this is the receipt of nothing.
    """

    receipt_id: str
    store: str
    lane_id: str
    issued_at: str
    currency: str
    exponent: int
    lines: tuple[ReceiptLine, ...]
    num_items: int
    total_minor: int
    tax_minor: int
    format: int = 1
    loyalty: str = ""
    is_practice: bool = False


def receipt_of(snapshot: BasketSnapshot, store: str, issued_at: datetime) -> Receipt:
    """The receipt of a basket."""
    return Receipt(
        receipt_id=snapshot.basket_id,
        store=store,
        lane_id=snapshot.lane_id,
        issued_at=issued_at.isoformat(timespec="seconds"),
        currency=snapshot.currency,
        exponent=snapshot.exponent,
        lines=tuple(_line(line) for line in snapshot.lines),
        num_items=sum(line.quantity for line in snapshot.lines),
        total_minor=snapshot.total_minor,
        tax_minor=snapshot.tax_minor,
        loyalty=snapshot.loyalty,
        is_practice=snapshot.is_practice,
    )


def _line(line: BasketLine) -> ReceiptLine:
    return ReceiptLine(
        name=line.name,
        sku_id=line.sku_id,
        quantity=line.quantity,
        unit_amount_minor=line.unit_amount_minor,
        amount_minor=line.amount_minor,
        weight_g=line.weight_g,
        deposit_minor=line.deposit_minor,
        discount_minor=line.discount_minor,
        discount_name=line.discount_name,
        list_amount_minor=line.list_amount_minor,
    )


@dataclass(slots=True)
class ReceiptBook:
    """The receipts of the last sales; a receipt's moment is when its sale was first seen paid."""

    store: str
    _receipts: dict[str, Receipt] = field(default_factory=dict)

    def take(self, snapshot: BasketSnapshot, now: datetime) -> None:
        """Write the receipt if the basket has just been paid."""
        if snapshot.phase is not Phase.PAID or snapshot.basket_id in self._receipts:
            return
        self._receipts[snapshot.basket_id] = receipt_of(snapshot, self.store, now)
        while len(self._receipts) > MAX_KEPT:
            del self._receipts[next(iter(self._receipts))]

    def find(self, basket_id: str) -> Receipt | None:
        """The receipt of a basket, or None if it was not paid or is long ago."""
        return self._receipts.get(basket_id)
