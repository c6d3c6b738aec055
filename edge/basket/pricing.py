"""What a line costs: promotions, deposit, included tax, weighed goods. Integers only.

Flow: SkuTerms and quantity -> LinePrice -> total and tax

Prices are gross. Money is minor units of one currency. No catalogue and no clock: the terms were
written into the journal when the piece became a line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from edge.basket.basket_events import PromotionTerms, SkuTerms
from sync.catalog import Sku
from sync.price_list import Price, PriceList, Promotion, weighed_amount_minor

BASIS_POINTS = 10_000

PricedLine = tuple[str, SkuTerms, int, int]
"""line_id, terms, quantity, weight_g."""


@dataclass(frozen=True, slots=True)
class LinePrice:
    """One line's money.

    Attributes:
        amount_minor: quantity x unit price (or weight x price per kilogram).
        discount_minor: what the promotion takes off; at most the amount.
        deposit_minor: deposit of all pieces; not discounted.
        tax_minor: tax included in amount - discount + deposit.
    """

    amount_minor: int
    discount_minor: int
    deposit_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        """What the shopper pays for the line."""
        return self.amount_minor - self.discount_minor + self.deposit_minor


@dataclass(frozen=True)
class SkuPrices:
    """Prices and promotions in force at one moment; fixed for the life of a basket."""

    price_list: PriceList
    prices: Mapping[str, Price]
    promotions: Mapping[str, Promotion]

    @classmethod
    def at(cls, price_list: PriceList, moment: datetime) -> "SkuPrices":
        """The prices in force at `moment`."""
        return cls(price_list, price_list.at(moment), price_list.promotions_at(moment))

    def refusal(self, sku_id: str) -> str:
        """Stable code why the SKU cannot be sold, or empty."""
        price = self.prices.get(sku_id)
        if price is None:
            return "price.missing"
        return "price.stopped" if price.is_stopped else ""

    def terms(self, sku: Sku, language: str) -> SkuTerms:
        """What the journal needs to know about the SKU.

        Raises:
            KeyError: the SKU has no price; ask `refusal` first.
        """
        return SkuTerms(
            sku_id=sku.sku_id,
            name=sku.name(language),
            unit_amount_minor=self.prices[sku.sku_id].amount_minor,
            unit=sku.unit,
            deposit_minor=sku.deposit_minor,
            tax_bp=self.price_list.tax_rates.get(sku.tax_class, 0),
            age_limit=sku.age_limit or 0,
            picture=sku.picture or "",
            promotion=self._promotion(sku.sku_id, language),
        )

    def _promotion(self, sku_id: str, language: str) -> PromotionTerms | None:
        promotion = self.promotions.get(sku_id)
        if promotion is None:
            return None
        return PromotionTerms(
            promotion_id=promotion.promotion_id,
            kind=promotion.kind,
            quantity=promotion.quantity,
            amount_minor=promotion.amount_minor,
            percent=promotion.percent,
            name=promotion.names.get(language) or promotion.names.get("en", ""),
        )


def price_lines(lines: Iterable[PricedLine]) -> dict[str, LinePrice]:
    """Price every line; a multi-buy counts over all lines of its SKU, whatever their tray.

    Args:
        lines: (line_id, terms, quantity, weight_g) in the order of the receipt.

    Returns:
        line_id -> LinePrice. A multi-buy's discount stands on the SKU's last lines.
    """
    rows = list(lines)
    amounts = {row[0]: _amount_minor(*row[1:]) for row in rows}
    discounts = {row[0]: _percent_minor(*row[1:]) for row in rows}
    discounts.update(_multi_buys(rows, amounts))
    priced: dict[str, LinePrice] = {}
    for line_id, terms, quantity, _ in rows:
        deposit = terms.deposit_minor * quantity
        gross = amounts[line_id] - discounts[line_id] + deposit
        tax = included_tax_minor(gross, terms.tax_bp)
        priced[line_id] = LinePrice(amounts[line_id], discounts[line_id], deposit, tax)
    return priced


def included_tax_minor(gross_minor: int, tax_bp: int) -> int:
    """Tax contained in a gross amount, rounded half up."""
    divisor = BASIS_POINTS + tax_bp
    return (2 * gross_minor * tax_bp + divisor) // (2 * divisor)


def _amount_minor(terms: SkuTerms, quantity: int, weight_g: int) -> int:
    if terms.unit == "kg":
        return weighed_amount_minor(terms.unit_amount_minor, weight_g)
    return terms.unit_amount_minor * quantity


def _percent_minor(terms: SkuTerms, quantity: int, weight_g: int) -> int:
    """Percentage off each piece, or off the weighed amount; rounded half up."""
    promotion = terms.promotion
    if promotion is None or promotion.kind != "percent":
        return 0
    if terms.unit == "kg":
        return (_amount_minor(terms, quantity, weight_g) * promotion.percent + 50) // 100
    return (terms.unit_amount_minor * promotion.percent + 50) // 100 * quantity


def _multi_buys(rows: list[PricedLine], amounts: dict[str, int]) -> dict[str, int]:
    """Discount of every line whose SKU has a multi-buy; filled from the last line backwards."""
    rows = [row for row in rows if row[1].promotion and row[1].promotion.kind == "multi_buy"]
    pieces: dict[str, int] = {}
    for _, terms, quantity, _ in rows:
        pieces[terms.sku_id] = pieces.get(terms.sku_id, 0) + quantity
    left = {terms.sku_id: _saved_minor(terms, pieces[terms.sku_id]) for _, terms, _, _ in rows}
    discounts: dict[str, int] = {}
    for line_id, terms, _, _ in reversed(rows):
        discounts[line_id] = min(left[terms.sku_id], amounts[line_id])
        left[terms.sku_id] -= discounts[line_id]
    return discounts


def _saved_minor(terms: SkuTerms, num_pieces: int) -> int:
    promotion = terms.promotion
    if promotion is None or promotion.kind != "multi_buy" or terms.unit == "kg":
        return 0
    saved = promotion.quantity * terms.unit_amount_minor - promotion.amount_minor
    return num_pieces // promotion.quantity * max(saved, 0)
