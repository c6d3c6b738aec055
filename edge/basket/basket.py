"""The state of a lane: its basket, what is asked, and the items known to lie on the counter.

Flow: Event -> fold -> LaneState

State is nothing but the fold of the journal's events: replaying any prefix gives the same state.
Decides nothing and reads no clock.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from edge.basket import basket_events as events
from edge.basket.basket_events import Event, Place, SkuTerms
from edge.messages.basket_messages import ItemState, Phase

NUM_REMEMBERED_COMMANDS = 512
OPEN_PHASES = (Phase.SHOPPING, Phase.PAYING, Phase.PAID)


@dataclass(slots=True)
class Line:
    """Pieces of one SKU in one tray."""

    line_id: str
    tray: int
    terms: SkuTerms
    origin: str
    quantity: int = 0
    weight_g: int = 0
    item_ids: list[str] = field(default_factory=list)
    confidence: float = 1.0
    list_terms: SkuTerms | None = None
    """The terms before an attendant changed the price; more of the SKU costs these."""


@dataclass(slots=True)
class OpenAsk:
    """A question that waits for its answer."""

    ask_id: str
    item_id: str
    kind: str
    tray: int
    options: tuple[SkuTerms, ...]
    reason: str
    since_ns: int
    rested_at_ns: int


@dataclass(slots=True)
class KnownItem:
    """An item on the counter that the journal knows.

    Attributes:
        basket_id: whose it is; empty for goods left behind by a finished sale.
        is_fixed: a person said what it is.
    """

    item_id: str
    state: ItemState
    basket_id: str
    tray: int = 0
    line_id: str = ""
    sku_id: str = ""
    ask_id: str = ""
    place: Place = field(default_factory=Place)
    is_fixed: bool = False


@dataclass(slots=True)
class Basket:
    """One sale."""

    basket_id: str
    opened: events.SaleOpened
    opened_utc: str
    phase: Phase = Phase.SHOPPING
    lines: dict[str, Line] = field(default_factory=dict)
    asks: dict[str, OpenAsk] = field(default_factory=dict)
    tray: int = 1
    revision: int = 0
    num_lines: int = 0
    num_asks: int = 0
    changed_ns: int = 0
    is_payment_unclear: bool = False
    help_reason: str = ""
    age_checked: int = 0
    loyalty: str = ""
    is_loyalty_known: bool = False

    def terms_of(self, sku_id: str) -> SkuTerms | None:
        """The terms an SKU already has in this basket."""
        lines = (line for line in self.lines.values() if line.terms.sku_id == sku_id)
        return next((line.list_terms or line.terms for line in lines), None)


@dataclass(slots=True)
class LaneState:
    """Everything the journal says about a lane."""

    basket: Basket | None = None
    parked: list[Basket] = field(default_factory=list)
    items: dict[str, KnownItem] = field(default_factory=dict)
    commands: dict[str, None] = field(default_factory=dict)
    num_baskets: int = 0
    num_items: int = 0
    is_practising: bool = False

    @property
    def phase(self) -> Phase:
        """Where the sale stands; a parked basket shows only while no other is open."""
        if self.basket is not None:
            return self.basket.phase
        return Phase.SUSPENDED if self.parked else Phase.IDLE


def fold(state: LaneState, event: Event) -> None:
    """Let one event happen."""
    if event.command_id:
        state.commands[event.command_id] = None
        while len(state.commands) > NUM_REMEMBERED_COMMANDS:
            del state.commands[next(iter(state.commands))]
    body = event.body
    if isinstance(body, events.SaleOpened):
        _sale_opened(state, event, body)
    elif isinstance(body, events.ItemCleared):
        state.items.pop(body.item_id, None)
    elif isinstance(body, events.Resumed):
        _resumed(state, event)
    elif isinstance(body, events.PracticeStarted | events.PracticeEnded):
        _practice(state, body)
    elif state.basket is not None and not isinstance(body, events.Refunded):
        _CHANGES[type(body)](state, state.basket, body, event)
    basket = state.basket
    if basket is not None and basket.basket_id == event.basket_id:
        basket.revision += 1
        basket.changed_ns = event.at_ns


def replay(history: Iterable[Event]) -> LaneState:
    """The state after all of `history`."""
    state = LaneState()
    for event in history:
        fold(state, event)
    return state


def _sale_opened(state: LaneState, event: Event, body: events.SaleOpened) -> None:
    state.num_baskets = max(state.num_baskets, body.number)
    state.basket = Basket(event.basket_id, body, event.at_utc)
    _lie_there(state, body.left_behind)


def _lie_there(state: LaneState, left_behind: tuple[tuple[str, Place], ...]) -> None:
    for item_id, place in left_behind:
        state.items[item_id] = KnownItem(item_id, ItemState.LEFT_BEHIND, "", place=place)
        _count_item(state, item_id)


def _practice(state: LaneState, body: events.PracticeStarted | events.PracticeEnded) -> None:
    state.is_practising = isinstance(body, events.PracticeStarted)
    if isinstance(body, events.PracticeEnded):
        _lie_there(state, body.left_behind)


def _line_added(state: LaneState, basket: Basket, body: events.LineAdded, _: Event) -> None:
    line = basket.lines.get(body.line_id)
    if line is None:
        line = Line(body.line_id, body.tray, body.terms, body.origin)
        basket.lines[body.line_id] = line
        basket.num_lines = max(basket.num_lines, _number_in(body.line_id))
    line.quantity += body.quantity
    line.weight_g += body.weight_g
    line.confidence = min(line.confidence, body.confidence)
    if body.item_id:
        line.item_ids.append(body.item_id)
        state.items[body.item_id] = KnownItem(
            body.item_id,
            ItemState.CHARGED,
            basket.basket_id,
            tray=body.tray,
            line_id=body.line_id,
            sku_id=body.terms.sku_id,
            place=body.place or Place(),
            is_fixed=body.is_fixed,
        )
        _count_item(state, body.item_id)


def _line_removed(state: LaneState, basket: Basket, body: events.LineRemoved, _: Event) -> None:
    line = basket.lines[body.line_id]
    line.quantity -= body.quantity
    line.item_ids = [i for i in line.item_ids if i not in body.item_ids]
    for item_id in body.item_ids:
        item = state.items.get(item_id)
        if item is None:
            continue
        if body.reason == "taken_away":
            del state.items[item_id]
        else:
            item.state, item.line_id = ItemState.IGNORED, ""
    if line.quantity <= 0:
        del basket.lines[body.line_id]


def _ask_opened(state: LaneState, basket: Basket, body: events.AskOpened, event: Event) -> None:
    basket.asks[body.ask_id] = OpenAsk(
        body.ask_id, body.item_id, body.kind, body.tray, body.options, body.reason,
        event.at_ns, body.rested_at_ns,
    )  # fmt: skip
    basket.num_asks = max(basket.num_asks, _number_in(body.ask_id))
    state.items[body.item_id] = KnownItem(
        body.item_id,
        ItemState.UNKNOWN if body.kind == "unknown" else ItemState.ASKING,
        basket.basket_id,
        tray=body.tray,
        ask_id=body.ask_id,
        place=body.place or Place(),
    )
    _count_item(state, body.item_id)


def _ask_answered(state: LaneState, basket: Basket, body: events.AskAnswered, _: Event) -> None:
    ask = basket.asks.pop(body.ask_id)
    item = state.items.get(ask.item_id)
    if item is not None and not body.sku_id:
        item.state, item.ask_id, item.is_fixed = ItemState.IGNORED, "", True


def _ask_closed(state: LaneState, basket: Basket, body: events.AskClosed, _: Event) -> None:
    ask = basket.asks.pop(body.ask_id)
    state.items.pop(ask.item_id, None)


def _item_moved(state: LaneState, basket: Basket, body: events.ItemMoved, _: Event) -> None:
    item = state.items.pop(body.item_id)
    item.item_id, item.place = body.new_item_id, body.place or item.place
    state.items[body.new_item_id] = item
    for line in basket.lines.values():
        line.item_ids = [body.new_item_id if i == body.item_id else i for i in line.item_ids]
    _count_item(state, body.new_item_id)


def _tray_held(_: LaneState, basket: Basket, body: events.TrayHeld, __: Event) -> None:
    basket.tray = body.tray + 1


def _payment_started(_: LaneState, basket: Basket, __: events.PaymentStarted, ___: Event) -> None:
    basket.phase, basket.is_payment_unclear = Phase.PAYING, False


def _payment_failed(_: LaneState, basket: Basket, __: events.PaymentFailed, ___: Event) -> None:
    basket.phase, basket.is_payment_unclear = Phase.SHOPPING, False


def _payment_unclear(_: LaneState, basket: Basket, __: events.PaymentUnclear, ___: Event) -> None:
    basket.is_payment_unclear = True


def _paid(_: LaneState, basket: Basket, __: events.Paid, ___: Event) -> None:
    basket.phase, basket.is_payment_unclear = Phase.PAID, False


def _closed(
    state: LaneState, basket: Basket, _: events.Cancelled | events.SaleClosed, __: Event
) -> None:
    _leave_behind(state, basket, owner="")
    state.basket = None


def _suspended(state: LaneState, basket: Basket, _: events.Suspended, __: Event) -> None:
    _leave_behind(state, basket, owner=basket.basket_id)
    basket.asks.clear()
    state.parked.append(basket)
    state.basket = None


def _resumed(state: LaneState, event: Event) -> None:
    """The lines are held as a finished tray; goods that were asked about are looked at anew."""
    basket = next(b for b in state.parked if b.basket_id == event.basket_id)
    state.parked.remove(basket)
    state.basket = basket
    basket.tray += 1
    for item in [i for i in state.items.values() if i.basket_id == basket.basket_id]:
        if item.line_id:
            item.state = ItemState.CHARGED
        else:
            del state.items[item.item_id]


def _help(
    _: LaneState, basket: Basket, body: events.HelpCalled | events.HelpEnded, __: Event
) -> None:
    basket.help_reason = body.reason if isinstance(body, events.HelpCalled) else ""


def _age_checked(_: LaneState, basket: Basket, body: events.AgeChecked, __: Event) -> None:
    basket.age_checked = max(basket.age_checked, body.age_limit)


def _price_changed(_: LaneState, basket: Basket, body: events.PriceChanged, __: Event) -> None:
    line = basket.lines[body.line_id]
    line.list_terms = line.list_terms or line.terms
    changes = {"unit_amount_minor": body.unit_amount_minor, "promotion": None}
    line.terms = msgspec.structs.replace(line.terms, **changes)


def _loyalty_given(_: LaneState, basket: Basket, body: events.LoyaltyGiven, __: Event) -> None:
    basket.loyalty, basket.is_loyalty_known = body.number, body.is_known


def _leave_behind(state: LaneState, basket: Basket, owner: str) -> None:
    for item in state.items.values():
        if item.basket_id == basket.basket_id:
            item.state, item.basket_id, item.ask_id = ItemState.LEFT_BEHIND, owner, ""


def _count_item(state: LaneState, item_id: str) -> None:
    state.num_items = max(state.num_items, _number_in(item_id))


def _number_in(text: str) -> int:
    digits = re.sub(r"\D", "", text)
    return int(digits) if digits else 0


_CHANGES: dict[type, Callable[..., None]] = {
    events.LineAdded: _line_added,
    events.LineRemoved: _line_removed,
    events.AskOpened: _ask_opened,
    events.AskAnswered: _ask_answered,
    events.AskClosed: _ask_closed,
    events.ItemMoved: _item_moved,
    events.TrayHeld: _tray_held,
    events.PaymentStarted: _payment_started,
    events.PaymentFailed: _payment_failed,
    events.PaymentUnclear: _payment_unclear,
    events.Paid: _paid,
    events.Cancelled: _closed,
    events.SaleClosed: _closed,
    events.Suspended: _suspended,
    events.HelpCalled: _help,
    events.HelpEnded: _help,
    events.AgeChecked: _age_checked,
    events.PriceChanged: _price_changed,
    events.LoyaltyGiven: _loyalty_given,
}
