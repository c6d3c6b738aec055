"""A paid basket, read back from its events: what was bought, and what of it went back.

Flow: Events of one basket -> PastSale -> Refunded

Pure. Amounts of a refund are those that were paid, to the last minor unit: all pieces of a line
refunded one by one give exactly the line's price.
"""

from collections.abc import Iterable, Sequence

from edge.basket import basket_events as events
from edge.basket.basket import Basket, Line, replay
from edge.basket.basket_events import Event
from edge.basket.pricing import LinePrice, price_lines
from edge.messages.basket_messages import Phase
from edge.messages.command_messages import RefundPiece
from edge.messages.desk_messages import PastLine, PastSale


def price_basket(basket: Basket) -> dict[str, LinePrice]:
    """line_id -> what it costs."""
    return price_lines(
        (line.line_id, line.terms, line.quantity, line.weight_g) for line in basket.lines.values()
    )


def past_sale(history: Sequence[Event], lane_id: str) -> PastSale | None:
    """The sale that these events of one basket tell of; None where it was never paid.

    None, too, where the journal's pruning has taken its beginning: amounts cannot be told then.
    """
    paid = next((e for e in history if isinstance(e.body, events.Paid)), None)
    if paid is None or not isinstance(paid.body, events.Paid):
        return None
    if not isinstance(history[0].body, events.SaleOpened):
        return None
    basket = replay(history[: history.index(paid) + 1]).basket
    assert basket is not None
    assert basket.phase is Phase.PAID
    refunds = [e.body for e in history if isinstance(e.body, events.Refunded)]
    pieces_back = _pieces_back(refunds)
    prices = price_basket(basket)
    return PastSale(
        basket_id=paid.basket_id,
        lane_id=lane_id,
        paid_utc=paid.at_utc,
        currency=basket.opened.currency,
        exponent=basket.opened.exponent,
        total_minor=paid.body.total_minor,
        refunded_minor=sum(refund.total_minor for refund in refunds),
        lines=tuple(
            _past_line(line, prices[line.line_id], pieces_back.get(line.line_id, 0))
            for line in basket.lines.values()
        ),
        kind=paid.body.kind,
    )


def refunded_lines(
    sale: PastSale, pieces: Iterable[RefundPiece]
) -> tuple[events.RefundedLine, ...] | None:
    """The money of these pieces; None where a line has not so many left, or stands twice."""
    lines = {line.line_id: line for line in sale.lines}
    refunded = []
    for piece in pieces:
        line = lines.pop(piece.line_id, None)
        if line is None or not 1 <= piece.quantity <= line.quantity - line.refunded:
            return None
        refunded.append(
            events.RefundedLine(
                line.line_id,
                line.sku_id,
                line.name,
                piece.quantity,
                _share(line.amount_minor, line, piece.quantity),
                _share(line.tax_minor, line, piece.quantity),
                line.tax_bp,
            )
        )
    return tuple(refunded) or None


def _share(amount_minor: int, line: PastLine, quantity: int) -> int:
    """The next `quantity` pieces' part of an amount; the parts of all pieces add up to it."""
    before, after = line.refunded, line.refunded + quantity
    return amount_minor * after // line.quantity - amount_minor * before // line.quantity


def _past_line(line: Line, price: LinePrice, refunded: int) -> PastLine:
    return PastLine(
        line_id=line.line_id,
        sku_id=line.terms.sku_id,
        name=line.terms.name,
        quantity=line.quantity,
        amount_minor=price.total_minor,
        tax_minor=price.tax_minor,
        tax_bp=line.terms.tax_bp,
        weight_g=line.weight_g,
        refunded=refunded,
    )


def _pieces_back(refunds: Iterable[events.Refunded]) -> dict[str, int]:
    pieces: dict[str, int] = {}
    for refund in refunds:
        for line in refund.lines:
            pieces[line.line_id] = pieces.get(line.line_id, 0) + line.quantity
    return pieces
