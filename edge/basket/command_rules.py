"""What a command of the shopper or an attendant does to the basket.

Flow: Command -> Draft of Events, or a refusal with a code and what can be done instead

A command that came before (same `command_id`) changes nothing. Pure.
"""

from collections.abc import Callable

from edge.basket import basket_events as events
from edge.basket import pricing
from edge.basket.basket import Basket, Line, OpenAsk
from edge.basket.desk_rules import (
    DESK_ACTIONS,
    RefusedError,
    basket_at_shopping,
    open_basket,
)
from edge.basket.drafting import Draft
from edge.basket.past_sales import price_basket
from edge.messages import command_messages as commands
from edge.messages.basket_messages import LineOrigin, Phase
from sync.catalog import gtin14

MAX_QUANTITY = 999
MAX_WEIGHT_G = 99_999

ORIGINS = {"attendant": LineOrigin.ATTENDANT}


def carry_out(draft: Draft, command: commands.Command) -> None:
    """Propose what a command does.

    Raises:
        RefusedError: it cannot be done now; nothing may be written.
    """
    action = _ACTIONS.get(type(command.body))
    if action is not None:
        action(draft, command.body, command.actor)


def totals(basket: Basket) -> tuple[int, int, dict[str, pricing.LinePrice]]:
    """Total, included tax, and the price of every line."""
    priced = price_basket(basket)
    total = sum(price.total_minor for price in priced.values())
    return total, sum(price.tax_minor for price in priced.values()), priced


def _answer_ask(draft: Draft, body: commands.AnswerAsk, actor: str) -> None:
    basket = basket_at_shopping(draft)
    ask = basket.asks.get(body.ask_id)
    if ask is None:
        raise RefusedError("ask.closed", "the question was withdrawn, look at the screen again")
    if body.sku_id:
        _must_be_sellable(draft, body.sku_id)
        if draft.skus[body.sku_id].unit == "kg":
            raise RefusedError("weight.missing", "put it on the scale, or add it with its weight")
    draft.answer_ask(ask, body.sku_id, ORIGINS.get(actor, LineOrigin.ANSWER))


def _remove_line(draft: Draft, body: commands.RemoveLine, _: str) -> None:
    basket = basket_at_shopping(draft)
    line = _line(basket, body.line_id)
    if not 1 <= body.quantity <= line.quantity:
        raise RefusedError("quantity.invalid", f"the line holds {line.quantity}")
    draft.add(
        events.LineRemoved(
            line.line_id, body.quantity, "by_hand", _items_to_free(line, body.quantity)
        )
    )


def _add_line(draft: Draft, body: commands.AddLine, actor: str) -> None:
    if not 1 <= body.quantity <= MAX_QUANTITY:
        raise RefusedError("quantity.invalid", f"1 to {MAX_QUANTITY}")
    if not 0 <= body.weight_g <= MAX_WEIGHT_G:
        raise RefusedError("weight.invalid", f"0 to {MAX_WEIGHT_G} g")
    sku_id = body.sku_id or _sku_of_gtin(draft, body.gtin)
    _must_be_sellable(draft, sku_id)
    is_weighed = draft.skus[sku_id].unit == "kg"
    if is_weighed and (body.weight_g == 0 or body.quantity != 1):
        raise RefusedError("weight.missing", "put it on the scale")
    origin = ORIGINS.get(actor, LineOrigin.SCAN if body.gtin else LineOrigin.SEARCH)
    basket = draft.basket() if draft.state.basket is None else basket_at_shopping(draft)
    ask = _ask_it_answers(basket, sku_id) if body.quantity == 1 else None
    if ask is not None:
        draft.answer_ask(ask, sku_id, origin, body.weight_g)
    else:
        draft.add_line(
            sku_id,
            tray=basket.tray,
            quantity=body.quantity,
            weight_g=body.weight_g,
            origin=origin,
        )


def _correct_line(draft: Draft, body: commands.CorrectLine, actor: str) -> None:
    """The whole line is another SKU; its items stay where they are and are not asked again."""
    basket = basket_at_shopping(draft)
    line = _line(basket, body.line_id)
    _must_be_sellable(draft, body.sku_id)
    if body.sku_id == line.terms.sku_id:
        return
    if (draft.skus[body.sku_id].unit == "kg") != (line.terms.unit == "kg"):
        raise RefusedError("weight.missing", "remove the line and add the other one")
    draft.add(events.LineRemoved(line.line_id, line.quantity, "corrected", tuple(line.item_ids)))
    origin = ORIGINS.get(actor, LineOrigin.ANSWER)
    lying = [item_id for item_id in line.item_ids if item_id in draft.state.items]
    for item_id in lying:
        item = draft.item_on_counter(item_id)
        draft.add_line(body.sku_id, tray=line.tray, origin=origin, item=item, corrects=line.line_id)
    rest = line.quantity - len(lying)
    if rest > 0:
        draft.add_line(
            body.sku_id,
            tray=line.tray,
            quantity=rest,
            weight_g=line.weight_g,
            origin=origin,
            corrects=line.line_id,
        )


def _add_more(draft: Draft, _: commands.AddMore, __: str) -> None:
    basket = basket_at_shopping(draft)
    trays = {line.tray for line in basket.lines.values()}
    if basket.tray not in trays | {ask.tray for ask in basket.asks.values()}:
        raise RefusedError("tray.empty", "nothing of this tray is in the basket yet")
    draft.add(events.TrayHeld(basket.tray))


def _finish(draft: Draft, _: commands.Finish, __: str) -> None:
    basket = basket_at_shopping(draft)
    if basket.asks:
        raise RefusedError("ask.open", "answer the open questions first")
    if not basket.lines:
        raise RefusedError("basket.empty", "put something on the counter")
    total, tax, _prices = totals(basket)
    draft.add(events.PaymentStarted(total, tax))


def _payment_result(draft: Draft, body: commands.PaymentResult, _: str) -> None:
    basket = draft.state.basket
    if basket is None or basket.phase is not Phase.PAYING:
        raise RefusedError("payment.none", "no basket waits for a payment")
    if body.result == "approved":
        draft.add(events.Paid(totals(basket)[0], body.reference, body.kind))
    elif body.result == "declined":
        draft.add(events.PaymentFailed(body.reference))
    elif body.result == "unknown":
        if not basket.is_payment_unclear:
            draft.add(events.PaymentUnclear(body.reference))
    else:
        raise RefusedError("payment.invalid", "approved, declined or unknown")


def _cancel(draft: Draft, _: commands.CancelBasket, actor: str) -> None:
    basket = open_basket(draft)
    if basket.phase is Phase.PAYING:
        raise RefusedError("payment.running", "end the payment at the terminal first")
    if basket.phase is Phase.PAID:
        draft.add(events.SaleClosed("by_hand"))
    else:
        draft.add(events.Cancelled(actor))


def _suspend(draft: Draft, _: commands.Suspend, actor: str) -> None:
    basket = basket_at_shopping(draft)
    if not basket.lines:
        raise RefusedError("basket.empty", "there is nothing to park")
    draft.add(events.Suspended(actor))


def _resume(draft: Draft, _: commands.Resume, __: str) -> None:
    basket = draft.state.basket
    if not draft.state.parked:
        raise RefusedError("basket.none_parked", "no basket is parked on this lane")
    if basket is not None:
        if basket.phase is Phase.PAYING or basket.lines or basket.asks:
            if basket.phase is not Phase.PAID:
                raise RefusedError("basket.open", "finish or suspend the open basket first")
            draft.add(events.SaleClosed("next_shopper"))
        else:
            draft.add(events.Cancelled("empty"))
    draft.add(events.Resumed(), draft.state.parked[-1].basket_id)


def _call_help(draft: Draft, body: commands.CallHelp, _: str) -> None:
    draft.basket()
    draft.add(events.HelpCalled(body.reason))


def _swap_lease(draft: Draft, _: commands.SwapLease, __: str) -> None:
    basket = draft.state.basket  # a paid one is over; at a busy counter the next follows at once
    if basket is not None and basket.phase is not Phase.PAID:
        raise RefusedError("basket.open", "models are swapped between baskets")


def _line(basket: Basket, line_id: str) -> Line:
    line = basket.lines.get(line_id)
    if line is None:
        raise RefusedError("line.gone", "the line is no longer in the basket")
    return line


def _items_to_free(line: Line, quantity: int) -> tuple[str, ...]:
    """Items that stay uncharged: pieces added by hand go first, then the newest items."""
    num_by_hand = line.quantity - len(line.item_ids)
    num_items = max(quantity - num_by_hand, 0)
    return tuple(line.item_ids[len(line.item_ids) - num_items :])


def _must_be_sellable(draft: Draft, sku_id: str) -> None:
    refusal = draft.refusal(sku_id)
    if refusal:
        hint = "it may not be sold now" if refusal == "price.stopped" else "call an attendant"
        raise RefusedError(refusal, hint)


def _sku_of_gtin(draft: Draft, code: str) -> str:
    try:
        wanted = gtin14(code)
    except ValueError as err:
        raise RefusedError("gtin.invalid", "scan it again, or type the digits") from err
    for sku in draft.skus.values():
        if sku.gtin == wanted:
            return sku.sku_id
    raise RefusedError("sku.unknown", "this shop does not know the code: call an attendant")


def _ask_it_answers(basket: Basket, sku_id: str) -> OpenAsk | None:
    """The question a scan or search answers: one that offers the SKU, else the only unknown."""
    offering = [a for a in basket.asks.values() if any(o.sku_id == sku_id for o in a.options)]
    if offering:
        return offering[0]
    unknown = [a for a in basket.asks.values() if a.kind == "unknown"]
    return unknown[0] if len(unknown) == 1 else None


_ACTIONS: dict[type, Callable[..., None]] = {
    commands.AnswerAsk: _answer_ask,
    commands.RemoveLine: _remove_line,
    commands.AddLine: _add_line,
    commands.CorrectLine: _correct_line,
    commands.AddMore: _add_more,
    commands.Finish: _finish,
    commands.PaymentResult: _payment_result,
    commands.CancelBasket: _cancel,
    commands.Suspend: _suspend,
    commands.Resume: _resume,
    commands.CallHelp: _call_help,
    commands.SwapLease: _swap_lease,
    **DESK_ACTIONS,
}
