"""A lane's day in figures: sales, voids, refunds, price changes, payment kinds, tax.

Flow: Events of every basket of the day -> DayTotals

Adds up what the journal says happened, in integers, and nothing else. Pure: which day is meant, in
which time zone, is the caller's business.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from edge.basket import basket_events as events
from edge.basket.basket import Basket, replay
from edge.basket.basket_events import Event
from edge.basket.past_sales import price_basket
from edge.basket.pricing import price_lines
from edge.messages.desk_messages import DayTotals, PaymentTotal, TaxTotal

NOT_TOLD = "other"


@dataclass
class _Sums:
    """What is added up so far."""

    counts: Tally[str] = field(default_factory=Tally)
    gross_by_tax: Tally[int] = field(default_factory=Tally)
    tax_by_tax: Tally[int] = field(default_factory=Tally)
    sales_by_kind: Tally[str] = field(default_factory=Tally)
    num_by_kind: Tally[str] = field(default_factory=Tally)
    refunds_by_kind: Tally[str] = field(default_factory=Tally)
    money: tuple[str, int] = ("XXX", 2)


def day_totals(
    baskets: Mapping[str, Sequence[Event]], lane_id: str, day: str, since_utc: str, until_utc: str
) -> DayTotals:
    """Add up what happened from `since_utc` to before `until_utc`.

    Args:
        baskets: basket id -> all its events, from its first on; id "" holds those of no basket.
        since_utc, until_utc: as `Event.at_utc`.
    """
    sums = _Sums()
    for history in baskets.values():
        opened = history[0].body if history else None
        if isinstance(opened, events.SaleOpened):
            sums.money = (opened.currency, opened.exponent)
        for position, event in enumerate(history):
            if since_utc <= event.at_utc < until_utc:
                _add(sums, event, history[: position + 1])
    currency, exponent = sums.money
    return msgspec.structs.replace(
        DayTotals(lane_id, day, currency, exponent),
        **sums.counts,
        payments=_payments(sums),
        taxes=tuple(
            TaxTotal(rate, sums.gross_by_tax[rate], sums.tax_by_tax[rate])
            for rate in sorted(sums.gross_by_tax)
        ),
    )


def _add(sums: _Sums, event: Event, until_here: Sequence[Event]) -> None:
    body = event.body
    if isinstance(body, events.Paid):
        _add_sale(sums, body, until_here)
    elif isinstance(body, events.Cancelled):
        _add_void(sums, until_here)
    elif isinstance(body, events.Refunded):
        _add_refund(sums, body)
    elif isinstance(body, events.AgeChecked):
        sums.counts["num_age_checks"] += 1
    elif isinstance(body, events.HelpCalled):
        sums.counts["num_help_calls"] += 1
    elif isinstance(body, events.PracticeStarted):
        sums.counts["num_practices"] += 1


def _add_sale(sums: _Sums, paid: events.Paid, until_here: Sequence[Event]) -> None:
    basket = _basket_of(until_here)
    if basket is None:
        return
    kind = paid.kind or NOT_TOLD
    sums.sales_by_kind[kind] += paid.total_minor
    sums.num_by_kind[kind] += 1
    sums.counts["num_sales"] += 1
    sums.counts["sales_minor"] += paid.total_minor
    prices = price_basket(basket)
    for line in basket.lines.values():
        price = prices[line.line_id]
        sums.gross_by_tax[line.terms.tax_bp] += price.total_minor
        sums.tax_by_tax[line.terms.tax_bp] += price.tax_minor
        sums.counts["num_items"] += line.quantity
        sums.counts["discounts_minor"] += price.discount_minor
        sums.counts["deposits_minor"] += price.deposit_minor
        if line.list_terms is not None:
            before = price_lines([(line.line_id, line.list_terms, line.quantity, line.weight_g)])
            off = before[line.line_id].amount_minor - price.amount_minor
            sums.counts["num_changes"] += 1
            sums.counts["changes_minor"] += off


def _add_void(sums: _Sums, until_here: Sequence[Event]) -> None:
    """What was voided is what the basket held just before; an empty one is no void."""
    basket = _basket_of(until_here[:-1])
    if basket is None or not basket.lines:
        return
    sums.counts["num_voids"] += 1
    sums.counts["voids_minor"] += sum(p.total_minor for p in price_basket(basket).values())


def _add_refund(sums: _Sums, refund: events.Refunded) -> None:
    sums.counts["num_refunds"] += 1
    sums.counts["refunds_minor"] += refund.total_minor
    sums.refunds_by_kind[refund.kind or NOT_TOLD] += refund.total_minor
    for line in refund.lines:
        sums.gross_by_tax[line.tax_bp] -= line.amount_minor
        sums.tax_by_tax[line.tax_bp] -= line.tax_minor


def _basket_of(history: Iterable[Event]) -> Basket | None:
    return replay(history).basket


def _payments(sums: _Sums) -> tuple[PaymentTotal, ...]:
    kinds = sorted(set(sums.sales_by_kind) | set(sums.refunds_by_kind))
    return tuple(
        PaymentTotal(
            kind, sums.num_by_kind[kind], sums.sales_by_kind[kind], sums.refunds_by_kind[kind]
        )
        for kind in kinds
    )
