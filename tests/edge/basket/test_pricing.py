from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.basket.basket_events import PromotionTerms, SkuTerms
from edge.basket.pricing import LinePrice, SkuPrices, included_tax_minor, price_lines
from tests.edge.basket.lane_script import START, make_catalog, make_prices

MULTI = PromotionTerms("p", "multi_buy", quantity=3, amount_minor=700, name="3 for 7")
TENTH = PromotionTerms("p", "percent", percent=10)


def each(amount: int = 300, promotion: PromotionTerms | None = None, **more: int) -> SkuTerms:
    return SkuTerms("tea", "Tea", amount, promotion=promotion, **more)


def loose(amount: int = 249, promotion: PromotionTerms | None = None) -> SkuTerms:
    return SkuTerms("apples", "Apples", amount, unit="kg", promotion=promotion)


@pytest.mark.parametrize(
    ("terms", "quantity", "weight_g", "total"),
    [
        pytest.param(each(), 2, 0, 600, id="two pieces"),
        pytest.param(each(deposit_minor=25), 2, 0, 650, id="deposit per piece"),
        pytest.param(loose(), 1, 750, 187, id="186.75 rounds up"),
        pytest.param(loose(250), 1, 750, 188, id="187.5 rounds half up"),
        pytest.param(loose(250), 1, 749, 187, id="187.25 rounds down"),
        pytest.param(each(promotion=MULTI), 2, 0, 600, id="multi-buy not reached"),
        pytest.param(each(promotion=MULTI), 3, 0, 700, id="multi-buy once"),
        pytest.param(each(promotion=MULTI), 7, 0, 1700, id="multi-buy twice and one"),
        pytest.param(each(233, promotion=MULTI), 3, 0, 699, id="a worse multi-buy takes nothing"),
        pytest.param(each(299, promotion=TENTH), 3, 0, 807, id="percent per piece, half up"),
        pytest.param(loose(promotion=TENTH), 1, 750, 168, id="percent of a weighed line"),
        pytest.param(each(0), 5, 0, 0, id="free goods"),
    ],
)
def test_a_line_costs(terms: SkuTerms, quantity: int, weight_g: int, total: int) -> None:
    assert price_lines([("l1", terms, quantity, weight_g)])["l1"].total_minor == total


def test_a_multi_buy_counts_over_trays_and_stands_on_the_last_line() -> None:
    priced = price_lines([("l1", each(promotion=MULTI), 2, 0), ("l2", each(promotion=MULTI), 1, 0)])
    assert [priced["l1"].discount_minor, priced["l2"].discount_minor] == [0, 200]


def test_a_discount_larger_than_its_line_goes_on_with_the_line_before() -> None:
    gift = PromotionTerms("p", "multi_buy", quantity=3, amount_minor=100)
    priced = price_lines([("l1", each(promotion=gift), 2, 0), ("l2", each(promotion=gift), 1, 0)])
    assert [priced["l1"].discount_minor, priced["l2"].discount_minor] == [500, 300]


@pytest.mark.parametrize(
    ("gross", "tax_bp", "tax"),
    [(119, 1900, 19), (107, 700, 7), (100, 0, 0), (1, 1900, 0), (3, 2000, 1), (0, 1900, 0)],
)
def test_tax_is_included_in_the_price(gross: int, tax_bp: int, tax: int) -> None:
    assert included_tax_minor(gross, tax_bp) == tax


@given(gross=st.integers(0, 10**9), tax_bp=st.integers(0, 5000))
def test_included_tax_is_the_exact_fraction_rounded_half_up(gross: int, tax_bp: int) -> None:
    exact = Fraction(gross * tax_bp, 10_000 + tax_bp)
    assert abs(included_tax_minor(gross, tax_bp) - exact) <= Fraction(1, 2)


PROMOTIONS = st.one_of(
    st.none(),
    st.builds(
        lambda q, a: PromotionTerms("p", "multi_buy", quantity=q, amount_minor=a),
        st.integers(1, 6),
        st.integers(0, 5000),
    ),
    st.builds(lambda p: PromotionTerms("p", "percent", percent=p), st.integers(0, 100)),
)


@given(
    unit=st.integers(0, 10_000),
    deposit=st.integers(0, 100),
    promotion=PROMOTIONS,
    quantities=st.lists(st.integers(1, 20), min_size=1, max_size=6),
)
def test_how_pieces_are_spread_over_lines_changes_no_total(
    unit: int, deposit: int, promotion: PromotionTerms | None, quantities: list[int]
) -> None:
    terms = SkuTerms("x", "X", unit, deposit_minor=deposit, promotion=promotion)
    spread = price_lines([(f"l{i}", terms, q, 0) for i, q in enumerate(quantities)])
    whole = price_lines([("l", terms, sum(quantities), 0)])["l"]
    assert sum(price.total_minor for price in spread.values()) == whole.total_minor
    assert all(0 <= p.discount_minor <= p.amount_minor for p in spread.values())


@given(promotion=PROMOTIONS, weight_g=st.integers(0, 50_000), unit=st.integers(0, 10_000))
def test_a_weighed_line_is_never_below_zero(
    promotion: PromotionTerms | None, weight_g: int, unit: int
) -> None:
    price: LinePrice = price_lines([("l", loose(unit, promotion), 1, weight_g)])["l"]
    assert 0 <= price.total_minor <= price.amount_minor


def test_terms_carry_what_the_journal_needs() -> None:
    prices = SkuPrices.at(make_prices(), START)
    skus = make_catalog().by_id()
    tea, wine = (prices.terms(skus[s], "en") for s in ("tea", "wine"))
    assert (tea.promotion and tea.promotion.name, wine.age_limit, wine.tax_bp) == (
        "3 for 7",
        18,
        1900,
    )
    assert [prices.refusal(s) for s in ("tea", "old", "free")] == [
        "",
        "price.stopped",
        "price.missing",
    ]


def test_a_promotion_by_the_hour_is_none_of_its_other_hours() -> None:
    listed = make_prices()
    hour = f"{START.hour:02d}:00"
    timed = listed.promotions[0].model_copy(update={"until_time": hour})
    prices = SkuPrices.at(listed.model_copy(update={"promotions": (timed,)}), START)
    assert prices.terms(make_catalog().by_id()["tea"], "en").promotion is None
    before = SkuPrices.at(prices.price_list, START - timedelta(hours=1))
    assert before.terms(make_catalog().by_id()["tea"], "en").promotion is not None
