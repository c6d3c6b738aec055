"""Messages that ask a process to do something and wait for its answer.

Flow: kiosk, edgectl -> Command -> basket -> CommandReply
"""

import msgspec


class AnswerAsk(msgspec.Struct, frozen=True, tag="answer_ask"):
    """The shopper tapped a picture; `sku_id` empty means "none of these, leave it out"."""

    ask_id: str
    sku_id: str


class RemoveLine(msgspec.Struct, frozen=True, tag="remove_line"):
    """Take `quantity` pieces off a line."""

    line_id: str
    quantity: int = 1


class AddLine(msgspec.Struct, frozen=True, tag="add_line"):
    """Add by search or scan; `gtin` is looked up where `sku_id` is empty."""

    sku_id: str = ""
    gtin: str = ""
    quantity: int = 1
    weight_g: int = 0


class CorrectLine(msgspec.Struct, frozen=True, tag="correct_line"):
    """This line is another SKU; every correction is a free label."""

    line_id: str
    sku_id: str


class AddMore(msgspec.Struct, frozen=True, tag="add_more"):
    """Hold this tray's lines and clear the counter for the next tray."""


class Finish(msgspec.Struct, frozen=True, tag="finish"):
    """Go to payment; the basket is fixed from here on."""


class PaymentResult(msgspec.Struct, frozen=True, tag="payment_result"):
    """What the terminal said: `approved`, `declined`, or `unknown` (then its status is asked).

    `kind` is how it was paid, for the day's totals: `card`, `cash`, `voucher`; empty: not told.
    """

    result: str
    reference: str = ""
    kind: str = ""


class CancelBasket(msgspec.Struct, frozen=True, tag="cancel_basket"):
    """Void the basket; what lies on the counter is left behind until it is taken away."""


class Suspend(msgspec.Struct, frozen=True, tag="suspend"):
    """Park the basket; `Resume` brings it back."""


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """Go on with the suspended basket."""


class CallHelp(msgspec.Struct, frozen=True, tag="call_help"):
    """Call an attendant; `reason` is a stable code."""

    reason: str = "shopper"


class HelpDone(msgspec.Struct, frozen=True, tag="help_done"):
    """The attendant was there; the lane no longer waits for a person."""


class CheckAge(msgspec.Struct, frozen=True, tag="check_age"):
    """The attendant has looked: this shopper is old enough for everything up to `age_limit`."""

    basket_id: str
    age_limit: int


class OverridePrice(msgspec.Struct, frozen=True, tag="override_price"):
    """The pieces of this line cost something else; `reason` is a stable code: damaged, ..."""

    line_id: str
    unit_amount_minor: int
    reason: str


class RefundPiece(msgspec.Struct, frozen=True):
    """So many pieces of a line of a paid basket; a weighed line goes back as a whole (1)."""

    line_id: str
    quantity: int


class Refund(msgspec.Struct, frozen=True, tag="refund"):
    """Money back for pieces of a paid basket of this lane; `kind` is how it is given back."""

    basket_id: str
    pieces: tuple[RefundPiece, ...]
    reason: str
    kind: str = ""


class GiveLoyalty(msgspec.Struct, frozen=True, tag="give_loyalty"):
    """The shopper's number in a loyalty program; empty takes it off the basket again."""

    number: str
    is_known: bool = False
    """Set by the box after it asked the program; a screen's word about it counts nothing."""


class StartPractice(msgspec.Struct, frozen=True, tag="start_practice"):
    """Let staff train: from here on nothing is a sale, until `EndPractice` or a time-out."""


class EndPractice(msgspec.Struct, frozen=True, tag="end_practice"):
    """Back to real sales; what lies on the counter is left behind."""


class GetSnapshot(msgspec.Struct, frozen=True, tag="get_snapshot"):
    """Only tell how the basket stands."""


class SwapLease(msgspec.Struct, frozen=True, tag="swap_lease"):
    """May the models be swapped now? Granted only between baskets."""

    bundle_id: str


BasketCommand = (
    AnswerAsk | RemoveLine | AddLine | CorrectLine | AddMore | Finish | PaymentResult
    | CancelBasket | Suspend | Resume | CallHelp | HelpDone | CheckAge | OverridePrice | Refund
    | GiveLoyalty | StartPractice | EndPractice | GetSnapshot | SwapLease
)  # fmt: skip


class BundleAction(msgspec.Struct, frozen=True, tag="bundle_action"):
    """To the bundles process, never to a lane: `rollback` or `drop_candidate`."""

    action: str
    reason: str = ""


class AuditBasket(msgspec.Struct, frozen=True, tag="audit_basket"):
    """To the shadow process: who was right about an open basket: candidate, active or nobody.

    Attributes:
        truth: instead of a winner: what lay there, SKU -> pieces, as a reviewer labelled it.
    """

    basket_id: str
    winner: str = ""
    truth: dict[str, int] = {}


class UplinkAction(msgspec.Struct, frozen=True, tag="uplink_action"):
    """To the uplink: `revert_segment`, `restore_segment`, `import_stick`, `delete_basket`.

    Attributes:
        subject: first letters of a segment's sha256, a folder, or a basket id.
        root_sha256: of the root to trust on a stick; only where the box was never enrolled.
    """

    action: str
    subject: str
    root_sha256: str = ""


class Command(msgspec.Struct, frozen=True):
    """A command for one lane. `command_id` makes a repeated delivery harmless.

    `lane_id` is empty where the body is the whole box's business (the last three).
    """

    lane_id: str
    command_id: str
    body: BasketCommand | BundleAction | AuditBasket | UplinkAction
    actor: str = "shopper"


class CommandReply(msgspec.Struct, frozen=True):
    """`is_done` False carries a stable code and what can be done instead."""

    command_id: str
    is_done: bool
    code: str = ""
    hint: str = ""
    revision: int = 0


class Health(msgspec.Struct, frozen=True):
    """A process is alive and this is how it does; published by every process once per second.

    Attributes:
        process: its name in the table of processes, with `.lane` or `.lane.camera` behind it.
        verdict: `ok`, `degraded` or `failed`.
        reason: stable code where not ok.
        facts: small figures for `edgectl status`, name -> text.
    """

    process: str
    pid: int
    at_ns: int
    boot_id: str
    verdict: str = "ok"
    reason: str = ""
    message: str = ""
    rss_mib: float = 0.0
    facts: dict[str, str] = {}
