"""What the commands of the desk do: refund, price change, age check, loyalty, practice.

Flow: Command of an attendant -> Draft of Events, or a refusal with a code

Every one of them is an event with its actor, so the journal is the record of who did what. Whether
this screen may send it is `edge/kiosk/permissions.py`'s business. Pure.
"""

from collections.abc import Callable

from edge.basket import basket_events as events
from edge.basket.basket import Basket
from edge.basket.drafting import Draft
from edge.basket.past_sales import past_sale, refunded_lines
from edge.errors import CommandRefusedError
from edge.messages import command_messages as commands
from edge.messages.basket_messages import Phase

MAX_UNIT_AMOUNT_MINOR = 10_000_000
MAX_REASON_CHARS = 40
MAX_NUMBER_CHARS = 32  # longer than any card's
MIN_NUMBER_CHARS = 4


class RefusedError(CommandRefusedError):
    """A command cannot be carried out; `reason` is the stable code of the reply."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason, hint=hint)
        self.reason = reason


def open_basket(draft: Draft) -> Basket:
    """The open basket.

    Raises:
        RefusedError: there is none.
    """
    if draft.state.basket is None:
        raise RefusedError("basket.none", "no basket is open")
    return draft.state.basket


def basket_at_shopping(draft: Draft) -> Basket:
    """The open basket, while it can still be changed.

    Raises:
        RefusedError: there is none, or it is fixed.
    """
    basket = open_basket(draft)
    if basket.phase is Phase.PAYING:
        raise RefusedError("basket.paying", "the basket is fixed while it is paid")
    if basket.phase is not Phase.SHOPPING:
        raise RefusedError("basket.paid", "the basket is paid")
    return basket


def _override_price(draft: Draft, body: commands.OverridePrice, actor: str) -> None:
    basket = basket_at_shopping(draft)
    line = basket.lines.get(body.line_id)
    if line is None:
        raise RefusedError("line.gone", "the line is no longer in the basket")
    if not 0 <= body.unit_amount_minor <= MAX_UNIT_AMOUNT_MINOR:
        raise RefusedError("price.invalid", f"0 to {MAX_UNIT_AMOUNT_MINOR}")
    reason = _reason(body.reason)
    draft.add(events.PriceChanged(line.line_id, body.unit_amount_minor, reason, actor))


def _refund(draft: Draft, body: commands.Refund, actor: str) -> None:
    reason = _reason(body.reason)
    sale = past_sale(draft.past(body.basket_id), draft.moment.lane_id)
    if sale is None:
        raise RefusedError("refund.unknown", "no paid basket of this counter has this number")
    lines = refunded_lines(sale, body.pieces)
    if lines is None:
        raise RefusedError("refund.too_many", "so many pieces were not bought, or are back already")
    total = sum(line.amount_minor for line in lines)
    draft.add(events.Refunded(lines, total, reason, actor, body.kind), body.basket_id)


def _check_age(draft: Draft, body: commands.CheckAge, actor: str) -> None:
    basket = open_basket(draft)
    if basket.basket_id != body.basket_id:
        raise RefusedError("basket.none", "this basket is no longer open")
    draft.add(events.AgeChecked(body.age_limit, actor))
    if basket.help_reason == "age_check":
        draft.add(events.HelpEnded(actor))


def _help_done(draft: Draft, _: commands.HelpDone, actor: str) -> None:
    if open_basket(draft).help_reason:
        draft.add(events.HelpEnded(actor))


def _give_loyalty(draft: Draft, body: commands.GiveLoyalty, _: str) -> None:
    number = body.number.replace(" ", "")
    is_plausible = MIN_NUMBER_CHARS <= len(number) <= MAX_NUMBER_CHARS and number.isalnum()
    if number and not is_plausible:
        raise RefusedError("loyalty.invalid", "scan the card again, or go on without it")
    basket = draft.basket() if draft.state.basket is None else basket_at_shopping(draft)
    if number != basket.loyalty or body.is_known != basket.is_loyalty_known:
        draft.add(events.LoyaltyGiven(number, body.is_known))


def _start_practice(draft: Draft, _: commands.StartPractice, actor: str) -> None:
    basket = draft.state.basket
    if basket is not None and (basket.lines or basket.asks) and basket.phase is not Phase.PAID:
        raise RefusedError("basket.open", "finish or park the open basket first")
    if basket is not None:
        is_paid = basket.phase is Phase.PAID
        draft.add(events.SaleClosed("practice") if is_paid else events.Cancelled("empty"))
    if not draft.state.is_practising:
        draft.add(events.PracticeStarted(actor), "")


def _reason(text: str) -> str:
    """A stable code or a few words; a change of money without a reason is no record."""
    reason = text.strip()[:MAX_REASON_CHARS]
    if not reason:
        raise RefusedError("reason.missing", "say why")
    return reason


DESK_ACTIONS: dict[type, Callable[..., None]] = {
    commands.OverridePrice: _override_price,
    commands.Refund: _refund,
    commands.CheckAge: _check_age,
    commands.HelpDone: _help_done,
    commands.GiveLoyalty: _give_loyalty,
    commands.StartPractice: _start_practice,
}
