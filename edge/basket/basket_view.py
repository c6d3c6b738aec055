"""The basket as the screen shows it.

Flow: LaneState, FusedItems, notices -> BasketSnapshot

Only reads. Items on the counter that are not in the journal yet are shown as "checking".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.basket.basket import Basket, KnownItem, LaneState, Line, OpenAsk
from edge.basket.basket_events import SkuTerms
from edge.basket.command_rules import totals
from edge.basket.fusion import FusedItem
from edge.basket.pricing import LinePrice
from edge.messages.basket_messages import (
    Ask,
    BasketLine,
    BasketSnapshot,
    ItemState,
    ItemView,
    LineOrigin,
    Option,
    Phase,
)

NOTICE_AGE = "age.check"
NOTICE_PAYMENT_UNCLEAR = "payment.unclear"
NOTICE_HELP = "help.called"
NUM_SHOWN_DIGITS = 4  # of a loyalty number; the whole of it is in the journal alone


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the snapshot says beside the basket itself.

    Attributes:
        refusal: stable code why no sale can be made (the journal cannot be written), or empty.
    """

    lane_id: str
    currency: str
    exponent: int
    now_ns: int
    bundle_id: str = ""
    notices: frozenset[str] = frozenset()
    is_blind: bool = False
    refusal: str = ""
    last_line_latency_ms: float = -1.0
    is_practice: bool = False


def snapshot_of(
    state: LaneState, items: Sequence[FusedItem], around: Surroundings
) -> BasketSnapshot:
    """The whole basket as one message."""
    basket = state.basket
    total, tax, priced = totals(basket) if basket else (0, 0, {})
    lines = tuple(_line(x, priced[x.line_id]) for x in basket.lines.values()) if basket else ()
    asks = tuple(_ask(ask) for ask in basket.asks.values()) if basket else ()
    phase = Phase.REFUSED if around.refusal else state.phase
    return BasketSnapshot(
        lane_id=around.lane_id,
        basket_id=basket.basket_id if basket else "",
        revision=basket.revision if basket else 0,
        phase=phase,
        currency=basket.opened.currency if basket else around.currency,
        exponent=basket.opened.exponent if basket else around.exponent,
        lines=lines,
        asks=asks,
        items=_items(state, items),
        total_minor=total,
        tax_minor=tax,
        tray=basket.tray if basket else 1,
        notices=_notices(basket, around),
        can_pay=phase is Phase.SHOPPING and bool(lines) and not asks,
        is_blind=around.is_blind,
        at_ns=around.now_ns,
        bundle_id=around.bundle_id,
        last_line_latency_ms=around.last_line_latency_ms,
        age_checked=basket.age_checked if basket else 0,
        loyalty=basket.loyalty[-NUM_SHOWN_DIGITS:] if basket else "",
        is_loyalty_known=basket.is_loyalty_known if basket else False,
        is_practice=around.is_practice,
    )


def _line(line: Line, price: LinePrice) -> BasketLine:
    terms = line.terms
    return BasketLine(
        line_id=line.line_id,
        sku_id=terms.sku_id,
        name=terms.name,
        quantity=line.quantity,
        unit_amount_minor=terms.unit_amount_minor,
        amount_minor=price.amount_minor,
        origin=LineOrigin(line.origin),
        tray=line.tray,
        deposit_minor=price.deposit_minor,
        discount_minor=price.discount_minor,
        discount_name=terms.promotion.name if terms.promotion and price.discount_minor else "",
        age_limit=terms.age_limit,
        weight_g=line.weight_g,
        picture=terms.picture,
        item_ids=tuple(line.item_ids),
        confidence=line.confidence,
        list_amount_minor=line.list_terms.unit_amount_minor if line.list_terms else 0,
    )


def _ask(ask: OpenAsk) -> Ask:
    return Ask(
        ask_id=ask.ask_id,
        item_id=ask.item_id,
        kind=ask.kind,
        options=tuple(_option(terms) for terms in ask.options),
        since_ns=ask.since_ns,
    )


def _option(terms: SkuTerms) -> Option:
    return Option(terms.sku_id, terms.name, terms.unit_amount_minor, terms.picture)


def _items(state: LaneState, fused: Sequence[FusedItem]) -> tuple[ItemView, ...]:
    """Known items in the journal's order, then those that are still being looked at."""
    by_id: Mapping[str, FusedItem] = {item.item_id: item for item in fused}
    known = [_known_item(state, item, by_id.get(item.item_id)) for item in state.items.values()]
    new = [
        ItemView(item.item_id, ItemState.CHECKING, tracks=_tracks(item), counter_cm=_at(item))
        for item in fused
        if item.item_id not in state.items and item.is_resting and not item.is_gone
    ]
    return (*known, *new)


def _known_item(state: LaneState, item: KnownItem, fused: FusedItem | None) -> ItemView:
    basket = state.basket
    line = basket.lines.get(item.line_id) if basket and item.line_id else None
    is_ours = line is not None and basket is not None and item.basket_id == basket.basket_id
    return ItemView(
        item_id=item.item_id,
        state=item.state,
        sku_id=item.sku_id,
        name=line.terms.name if line and is_ours else "",
        amount_minor=line.terms.unit_amount_minor if line and is_ours else 0,
        tracks=_tracks(fused) if fused else (),
        counter_cm=_at(fused) if fused else (item.place.x_cm, item.place.y_cm),
    )


def _tracks(item: FusedItem) -> tuple[tuple[str, int], ...]:
    return tuple(item.tracks.items())


def _at(item: FusedItem) -> tuple[float, float]:
    return (item.place.x_cm, item.place.y_cm)


def _notices(basket: Basket | None, around: Surroundings) -> tuple[str, ...]:
    notices = set(around.notices)
    if around.refusal:
        notices.add(around.refusal)
    if basket is not None:
        if any(line.terms.age_limit for line in basket.lines.values()):
            notices.add(NOTICE_AGE)
        if basket.is_payment_unclear:
            notices.add(NOTICE_PAYMENT_UNCLEAR)
        if basket.help_reason:
            notices.add(NOTICE_HELP)
    return tuple(sorted(notices))
