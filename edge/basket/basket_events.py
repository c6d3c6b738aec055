"""What happens to a sale, as it is written into the journal.

Flow: rules, command_rules -> Event -> journal -> basket

An event holds everything that is needed to rebuild the basket without a catalogue, a price list or
a camera: a price that changes tomorrow changes no basket of today.
"""

import msgspec


class Place(msgspec.Struct, frozen=True):
    """Where an item lies: centre and size on the counter in cm, and the boxes that showed it.

    After a restart the item is found again by its tracks, else by its boxes.
    """

    x_cm: float = 0.0
    y_cm: float = 0.0
    width_cm: float = 0.0
    depth_cm: float = 0.0
    height_cm: float = 0.0
    boxes: tuple[tuple[str, int, float, float, float, float], ...] = ()
    """(camera_id, track_id, x1, y1, x2, y2)."""


class PromotionTerms(msgspec.Struct, frozen=True):
    """A promotion as it stood when the basket was opened."""

    promotion_id: str
    kind: str
    quantity: int = 1
    amount_minor: int = 0
    percent: int = 0
    name: str = ""


class SkuTerms(msgspec.Struct, frozen=True):
    """What an SKU is called and costs in this basket.

    Attributes:
        unit: `each` or `kg`; `unit_amount_minor` is per piece or per kilogram.
        tax_bp: tax rate in basis points, included in the price.
    """

    sku_id: str
    name: str
    unit_amount_minor: int
    unit: str = "each"
    deposit_minor: int = 0
    tax_bp: int = 0
    age_limit: int = 0
    picture: str = ""
    promotion: PromotionTerms | None = None


class SaleOpened(msgspec.Struct, frozen=True, tag="sale_opened"):
    """A new basket; `left_behind` lay on the counter before and belongs to nobody."""

    number: int
    currency: str
    exponent: int
    price_list_version: int
    bundle_id: str
    left_behind: tuple[tuple[str, Place], ...] = ()
    is_restart_point: bool = True
    """No suspended basket is older than this event, so a replay may begin here."""


class LineAdded(msgspec.Struct, frozen=True, tag="line_added"):
    """Pieces of one SKU, for an item on the counter or by hand (`item_id` empty).

    Attributes:
        is_fixed: said by a person; vision changes nothing about it.
        rested_at_ns: capture time of the first frame in which the item rested; 0 by hand.
        corrects: the line these pieces were taken from by a correction.
    """

    line_id: str
    tray: int
    terms: SkuTerms
    quantity: int = 1
    weight_g: int = 0
    origin: str = "vision"
    item_id: str = ""
    place: Place | None = None
    confidence: float = 1.0
    is_fixed: bool = False
    rested_at_ns: int = 0
    num_views: int = 0
    corrects: str = ""


class LineRemoved(msgspec.Struct, frozen=True, tag="line_removed"):
    """Pieces leave a line.

    Attributes:
        reason: `taken_away`, `by_hand`, `corrected` or `changed`.
        item_ids: the items behind the pieces; after `by_hand` they lie there uncharged.
        last_seen_ns: when a camera last saw a taken item at its place; 0 where none was taken.
    """

    line_id: str
    quantity: int
    reason: str
    item_ids: tuple[str, ...] = ()
    last_seen_ns: int = 0


class AskOpened(msgspec.Struct, frozen=True, tag="ask_opened"):
    """An item cannot be charged without help.

    Attributes:
        kind: `which`, `unknown` or `weigh`.
        reason: stable code: decision.ask, decision.unknown, price.missing, price.stopped,
            weight.missing.
    """

    ask_id: str
    item_id: str
    kind: str
    tray: int
    options: tuple[SkuTerms, ...] = ()
    reason: str = "decision.ask"
    place: Place | None = None
    rested_at_ns: int = 0


class AskAnswered(msgspec.Struct, frozen=True, tag="ask_answered"):
    """A person answered; `sku_id` empty leaves the item out."""

    ask_id: str
    sku_id: str


class AskClosed(msgspec.Struct, frozen=True, tag="ask_closed"):
    """The question is no longer needed: `taken_away`, `recognised` or `asked_again`.

    Attributes:
        last_seen_ns: when a camera last saw a taken item at its place; 0 where none was taken.
    """

    ask_id: str
    reason: str
    last_seen_ns: int = 0


class ItemCleared(msgspec.Struct, frozen=True, tag="item_cleared"):
    """An item that costs nothing in this tray any more left the counter."""

    item_id: str
    last_seen_ns: int = 0


class ItemMoved(msgspec.Struct, frozen=True, tag="item_moved"):
    """An item of a fixed basket lies somewhere else now, under a new physical id."""

    item_id: str
    new_item_id: str
    place: Place | None = None


class TrayHeld(msgspec.Struct, frozen=True, tag="tray_held"):
    """`tray` is complete; what still lies there belongs to it until it is taken away."""

    tray: int


class PaymentStarted(msgspec.Struct, frozen=True, tag="payment_started"):
    """The basket is fixed."""

    total_minor: int
    tax_minor: int


class PaymentFailed(msgspec.Struct, frozen=True, tag="payment_failed"):
    """Declined: the basket is open again."""

    reference: str = ""


class PaymentUnclear(msgspec.Struct, frozen=True, tag="payment_unclear"):
    """The terminal does not know; its status is asked and the basket stays fixed."""

    reference: str = ""


class Paid(msgspec.Struct, frozen=True, tag="paid"):
    """Money has moved; `kind` is how: `card`, `cash`, `voucher`, or empty where nobody told."""

    total_minor: int
    reference: str = ""
    kind: str = ""


class Cancelled(msgspec.Struct, frozen=True, tag="cancelled"):
    """Void: `shopper`, `attendant`, `walk_away` or `empty`."""

    reason: str


class SaleClosed(msgspec.Struct, frozen=True, tag="sale_closed"):
    """The counter is free for the next shopper; what lies there is left behind."""

    reason: str = "cleared"


class Suspended(msgspec.Struct, frozen=True, tag="suspended"):
    """Parked: `shopper`, `attendant` or `walk_away`."""

    reason: str


class Resumed(msgspec.Struct, frozen=True, tag="resumed"):
    """The parked basket named by the event's `basket_id` is on the counter again."""


class HelpCalled(msgspec.Struct, frozen=True, tag="help_called"):
    """An attendant was called; `reason` is a stable code."""

    reason: str


class HelpEnded(msgspec.Struct, frozen=True, tag="help_ended"):
    """The attendant was there."""

    actor: str


class AgeChecked(msgspec.Struct, frozen=True, tag="age_checked"):
    """`actor` found the shopper old enough for everything up to `age_limit`."""

    age_limit: int
    actor: str


class PriceChanged(msgspec.Struct, frozen=True, tag="price_changed"):
    """`actor` changed the unit price of a line; its promotion no longer counts."""

    line_id: str
    unit_amount_minor: int
    reason: str
    actor: str


class RefundedLine(msgspec.Struct, frozen=True):
    """Pieces of one line whose money went back; amounts as they were paid."""

    line_id: str
    sku_id: str
    name: str
    quantity: int
    amount_minor: int
    tax_minor: int
    tax_bp: int


class Refunded(msgspec.Struct, frozen=True, tag="refunded"):
    """Money of the paid basket named by the event's `basket_id` went back."""

    lines: tuple[RefundedLine, ...]
    total_minor: int
    reason: str
    actor: str
    kind: str = ""


class LoyaltyGiven(msgspec.Struct, frozen=True, tag="loyalty_given"):
    """The shopper's number in the loyalty program; empty takes it back."""

    number: str
    is_known: bool = False


class PracticeStarted(msgspec.Struct, frozen=True, tag="practice_started"):
    """From here on staff train; no event of it is in this journal."""

    actor: str


class PracticeEnded(msgspec.Struct, frozen=True, tag="practice_ended"):
    """Real sales again; `left_behind` lies on the counter and belongs to nobody."""

    reason: str
    left_behind: tuple[tuple[str, Place], ...] = ()


EventBody = (
    SaleOpened | LineAdded | LineRemoved | AskOpened | AskAnswered | AskClosed | ItemCleared
    | ItemMoved | TrayHeld | PaymentStarted | PaymentFailed | PaymentUnclear | Paid | Cancelled
    | SaleClosed | Suspended | Resumed | HelpCalled | HelpEnded | AgeChecked | PriceChanged
    | Refunded | LoyaltyGiven | PracticeStarted | PracticeEnded
)  # fmt: skip


class Event(msgspec.Struct, frozen=True):
    """One row of the journal.

    Attributes:
        basket_id: `<box>-<lane>-<epoch>-<n>`.
        at_ns: CLOCK_MONOTONIC of the boot `boot_id`.
        at_utc: RFC 3339.
        event_id: UUIDv7, given by the journal; empty in a draft.
        command_id: the command that caused it, so that a repeated delivery is known.
    """

    basket_id: str
    at_ns: int
    at_utc: str
    body: EventBody
    command_id: str = ""
    event_id: str = ""
    boot_id: str = ""
