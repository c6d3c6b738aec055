"""Messages from the counter to the screen: the basket as it stands, and what is asked.

Flow: basket -> BasketSnapshot -> kiosk, uplink, edgectl

Money is `amount_minor` in minor units of `currency` with `exponent` digits.
"""

from enum import StrEnum

import msgspec


class Phase(StrEnum):
    """Where a sale stands."""

    IDLE = "idle"
    SHOPPING = "shopping"
    PAYING = "paying"
    PAID = "paid"
    SUSPENDED = "suspended"
    REFUSED = "refused"


class LineOrigin(StrEnum):
    """Who put a line into the basket."""

    VISION = "vision"
    ANSWER = "answer"
    SEARCH = "search"
    SCAN = "scan"
    ATTENDANT = "attendant"


class BasketLine(msgspec.Struct, frozen=True):
    """One line: an SKU, how often, what it costs.

    Attributes:
        line_id: stable while the line lives.
        tray: 1 for the tray on the counter at first; `add more` counts up.
        amount_minor: quantity x unit price, before promotions and deposit.
        item_ids: the physical items behind it, empty where added by hand.
        list_amount_minor: the unit price before an attendant changed it; 0 where nobody did.
    """

    line_id: str
    sku_id: str
    name: str
    quantity: int
    unit_amount_minor: int
    amount_minor: int
    origin: LineOrigin
    tray: int = 1
    deposit_minor: int = 0
    discount_minor: int = 0
    discount_name: str = ""
    age_limit: int = 0
    weight_g: int = 0
    picture: str = ""
    item_ids: tuple[str, ...] = ()
    confidence: float = 1.0
    list_amount_minor: int = 0


class Option(msgspec.Struct, frozen=True):
    """One picture button."""

    sku_id: str
    name: str
    unit_amount_minor: int
    picture: str = ""


class Ask(msgspec.Struct, frozen=True):
    """A question about one item: `which` (options) or `unknown` (search, scan or remove)."""

    ask_id: str
    item_id: str
    kind: str
    options: tuple[Option, ...] = ()
    since_ns: int = 0


class ItemState(StrEnum):
    """What the box thinks of a physical item on the counter."""

    CHECKING = "checking"
    CHARGED = "charged"
    ASKING = "asking"
    UNKNOWN = "unknown"
    IGNORED = "ignored"
    LEFT_BEHIND = "left_behind"


class ItemView(msgspec.Struct, frozen=True):
    """One physical item: which tracks show it and what it is thought to be."""

    item_id: str
    state: ItemState
    sku_id: str = ""
    name: str = ""
    amount_minor: int = 0
    tracks: tuple[tuple[str, int], ...] = ()
    """(camera_id, track_id) pairs."""
    counter_cm: tuple[float, float] = (0.0, 0.0)


class BasketSnapshot(msgspec.Struct, frozen=True):
    """The whole basket; every snapshot replaces the one before.

    Attributes:
        revision: grows by one with every change within a basket.
        notices: stable codes with a calm next step on the screen: camera.lost, camera.covered,
            perception.unavailable, journal.unwritable, item.left_behind, scanner.mode, ...
        can_pay: no open ask, no unknown item, at least one line, phase shopping.
        is_blind: the counter cannot be seen; the screen must say so and never show "empty".
        age_checked: the attendant found this shopper old enough for this limit.
        loyalty: last digits of the shopper's number in the loyalty program; empty: none given.
        is_practice: staff are training; nothing of it is a sale.
    """

    lane_id: str
    basket_id: str
    revision: int
    phase: Phase
    currency: str
    exponent: int
    lines: tuple[BasketLine, ...] = ()
    asks: tuple[Ask, ...] = ()
    items: tuple[ItemView, ...] = ()
    total_minor: int = 0
    tax_minor: int = 0
    tray: int = 1
    notices: tuple[str, ...] = ()
    can_pay: bool = False
    is_blind: bool = False
    at_ns: int = 0
    bundle_id: str = ""
    last_line_latency_ms: float = -1.0
    """From the frame in which the item rested to the journal's fsync; -1 before the first line."""
    age_checked: int = 0
    loyalty: str = ""
    is_loyalty_known: bool = False
    is_practice: bool = False
