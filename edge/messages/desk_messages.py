"""What an attendant reads at the desk: earlier sales and the totals of a day.

Flow: journal -> past_sales, day_totals -> PastSale, DayTotals -> kiosk, edgectl

Money is `amount_minor` in minor units. Nothing here changes a basket.
"""

import msgspec


class PastLine(msgspec.Struct, frozen=True):
    """One line of a paid basket.

    Attributes:
        amount_minor: what was paid for all pieces, promotion and deposit included.
        refunded: pieces whose money went back already.
    """

    line_id: str
    sku_id: str
    name: str
    quantity: int
    amount_minor: int
    tax_minor: int
    tax_bp: int
    weight_g: int = 0
    refunded: int = 0


class PastSale(msgspec.Struct, frozen=True):
    """A paid basket as it can be refunded; `kind` is how it was paid."""

    basket_id: str
    lane_id: str
    paid_utc: str
    currency: str
    exponent: int
    total_minor: int
    refunded_minor: int
    lines: tuple[PastLine, ...]
    kind: str = ""


class TaxTotal(msgspec.Struct, frozen=True):
    """What was sold at one tax rate, refunds taken off."""

    tax_bp: int
    gross_minor: int
    tax_minor: int


class PaymentTotal(msgspec.Struct, frozen=True):
    """What came in by one kind of payment, and what went back by it."""

    kind: str
    num_sales: int
    sales_minor: int
    refunds_minor: int


class DayTotals(msgspec.Struct, frozen=True):
    """One lane's day.

    Attributes:
        day: local date, YYYY-MM-DD.
        sales_minor: paid; refunds are not taken off.
        voids_minor: what the voided baskets would have cost.
        changes_minor: what price changes took off (negative: added) in paid baskets.
    """

    lane_id: str
    day: str
    currency: str
    exponent: int
    num_sales: int = 0
    num_items: int = 0
    sales_minor: int = 0
    discounts_minor: int = 0
    deposits_minor: int = 0
    num_voids: int = 0
    voids_minor: int = 0
    num_refunds: int = 0
    refunds_minor: int = 0
    num_changes: int = 0
    changes_minor: int = 0
    num_age_checks: int = 0
    num_help_calls: int = 0
    num_practices: int = 0
    payments: tuple[PaymentTotal, ...] = ()
    taxes: tuple[TaxTotal, ...] = ()
