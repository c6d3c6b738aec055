"""Events that are proposed but not yet written: they build on one another in a trial state.

Flow: rules, command_rules -> Draft -> Events for the journal

Nothing here has happened yet: the journal writes the events, then the counter applies them.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from edge.basket import basket_events as events
from edge.basket.basket import Basket, LaneState, OpenAsk, fold
from edge.basket.basket_events import Event, EventBody, SkuTerms
from edge.basket.fusion import FusedItem
from edge.basket.pricing import SkuPrices
from edge.messages.basket_messages import ItemState, LineOrigin
from sync.catalog import Sku


@dataclass(frozen=True, slots=True)
class Moment:
    """When and under which names events are drafted."""

    now_ns: int
    now_utc: datetime
    box_id: str
    lane_id: str
    epoch: int

    @property
    def utc_text(self) -> str:
        """RFC 3339 with milliseconds."""
        return self.now_utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def basket_id(self, number: int) -> str:
        """`<box>-<lane>-<epoch>-<n>`."""
        return f"{self.box_id}-{self.lane_id}-{self.epoch}-{number}"


@dataclass
class Draft:
    """Proposed events on top of a state that stays untouched.

    Attributes:
        state: the state as if the events had happened.
        bundle_id: written into a basket that is opened.
        past: the journal's events of an earlier basket, for a refund.
    """

    state: LaneState
    moment: Moment
    skus: dict[str, Sku]
    price_book: Callable[[], SkuPrices]
    bundle_id: str = ""
    language: str = "en"
    command_id: str = ""
    past: Callable[[str], Sequence[Event]] = lambda _: ()
    events: list[Event] = field(default_factory=list)

    def add(self, body: EventBody, basket_id: str | None = None) -> None:
        """Propose one more event."""
        if not self.events:
            self.state = copy.deepcopy(self.state)
        if basket_id is None:
            basket_id = self.state.basket.basket_id if self.state.basket else ""
        event = Event(
            basket_id, self.moment.now_ns, self.moment.utc_text, body, command_id=self.command_id
        )
        self.events.append(event)
        fold(self.state, event)

    @property
    def prices(self) -> SkuPrices:
        """Prices in force now; looked up only when something is sold."""
        return self.price_book()

    def basket(self) -> Basket:
        """The open basket; a new one is opened where there is none."""
        if self.state.basket is None:
            self._open_sale()
        assert self.state.basket is not None
        return self.state.basket

    def terms(self, sku_id: str) -> SkuTerms:
        """Name and price of an SKU in this basket.

        Raises:
            KeyError: not in the catalogue or without a price; ask `refusal` first.
        """
        known = self.state.basket.terms_of(sku_id) if self.state.basket else None
        return known or self.prices.terms(self.skus[sku_id], self.language)

    def refusal(self, sku_id: str) -> str:
        """Stable code why an SKU cannot be sold, or empty."""
        if sku_id not in self.skus:
            return "sku.unknown"
        return self.prices.refusal(sku_id)

    def add_line(
        self,
        sku_id: str,
        *,
        tray: int,
        quantity: int = 1,
        weight_g: int = 0,
        origin: LineOrigin = LineOrigin.VISION,
        item: FusedItem | None = None,
        confidence: float = 1.0,
        corrects: str = "",
    ) -> None:
        """Pieces of an SKU, in the line of the same SKU and tray where there is one."""
        terms = self.terms(sku_id)
        self.add(
            events.LineAdded(
                line_id=self._line_id(terms, tray),
                tray=tray,
                terms=terms,
                quantity=quantity,
                weight_g=weight_g if terms.unit == "kg" else 0,
                origin=origin.value,
                item_id=item.item_id if item else "",
                place=item.place if item else None,
                confidence=confidence,
                is_fixed=origin is not LineOrigin.VISION,
                rested_at_ns=item.rested_at_ns if item else 0,
                num_views=len(item.scores) if item else 0,
                corrects=corrects,
            )
        )

    def open_ask(self, item: FusedItem, kind: str, options: tuple[str, ...], reason: str) -> None:
        """Ask about an item; options that cannot be sold are left out."""
        basket = self.basket()
        sellable = tuple(self.terms(s) for s in options if not self.refusal(s))
        self.add(
            events.AskOpened(
                ask_id=f"a{basket.num_asks + 1}",
                item_id=item.item_id,
                kind=kind if sellable else "unknown",
                tray=basket.tray,
                options=sellable,
                reason=reason,
                place=item.place,
                rested_at_ns=item.rested_at_ns,
            )
        )

    def answer_ask(self, ask: OpenAsk, sku_id: str, origin: LineOrigin, weight_g: int = 0) -> None:
        """Close a question with an SKU: its item becomes a line of the tray it lies in."""
        item = self.item_on_counter(ask.item_id)
        self.add(events.AskAnswered(ask.ask_id, sku_id))
        if sku_id:
            self.add_line(sku_id, tray=ask.tray, weight_g=weight_g, origin=origin, item=item)

    def item_on_counter(self, item_id: str) -> FusedItem | None:
        """An item the journal knows to lie on the counter, or None once it was taken away."""
        known = self.state.items.get(item_id)
        return FusedItem(item_id, place=known.place) if known else None

    def _open_sale(self) -> None:
        number = self.state.num_baskets + 1
        left = tuple(
            (item.item_id, item.place)
            for item in self.state.items.values()
            if item.state is ItemState.LEFT_BEHIND and not item.basket_id
        )
        price_list = self.prices.price_list
        body = events.SaleOpened(
            number, price_list.currency, price_list.exponent, price_list.version, self.bundle_id,
            left_behind=left, is_restart_point=not self.state.parked,
        )  # fmt: skip
        self.add(body, self.moment.basket_id(number))

    def _line_id(self, terms: SkuTerms, tray: int) -> str:
        basket = self.basket()
        for line in basket.lines.values():
            if line.tray == tray and line.terms == terms and terms.unit != "kg":
                return line.line_id
        return f"l{basket.num_lines + 1}"
