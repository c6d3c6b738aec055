"""SKUs, GTINs and prices with validity."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.catalog import check_digit, gtin14, is_gtin14, load_catalog
from sync.errors import CatalogError
from sync.price_list import Price, PriceList, load_price_list, weighed_amount_minor

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@given(st.integers(0, 10**12 - 1))
def test_every_ean_gets_one_right_check_digit(number: int) -> None:
    body = f"{number:012d}"
    code = body + str(check_digit(body))
    assert gtin14(code) == code.zfill(14)
    wrong = body + str((check_digit(body) + 1) % 10)
    assert not is_gtin14(wrong.zfill(14))


@pytest.mark.parametrize("code", ["", "abc", "12345", "9520000000018x"])
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="is no EAN"):
        gtin14(code)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("{", "Invalid JSON", id="no JSON"),
        pytest.param('{"skus":[{"sku_id":"a","names":{"de":"x"}}]}', "`en`", id="no English name"),
        pytest.param(
            '{"skus":[{"sku_id":"a","names":{"en":"x"}},{"sku_id":"a","names":{"en":"y"}}]}',
            "'a' stands twice",
            id="one id twice",
        ),
        pytest.param(
            '{"skus":[{"sku_id":"a","names":{"en":"x"},"gtin":"123"}]}',
            "no GTIN-14",
            id="short code",
        ),
    ],
)
def test_a_wrong_catalogue_names_the_entry(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(content)
    with pytest.raises(CatalogError, match=reason):
        load_catalog(path)


def test_a_missing_file_is_a_catalogue_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        load_catalog(tmp_path / "none.json")
    with pytest.raises(CatalogError, match="cannot be read"):
        load_price_list(tmp_path / "none.json")


def price(amount: int, start_h: int, end_h: int | None = None) -> Price:
    end = None if end_h is None else NOON + timedelta(hours=end_h)
    return Price(
        sku_id="a",
        amount_minor=amount,
        valid_from=NOON + timedelta(hours=start_h),
        valid_until=end,
    )


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([price(100, -5)], 100, id="one price"),
        pytest.param([price(100, -5), price(90, -1)], 90, id="the newer one"),
        pytest.param([price(90, -1), price(100, -5)], 90, id="whatever the order"),
        pytest.param([price(100, -5), price(90, 1)], 100, id="a price of tomorrow waits"),
        pytest.param([price(100, -5), price(90, -2, -1)], 100, id="an offer that is over"),
        pytest.param([price(100, -5), price(90, 0)], 90, id="valid from this very moment"),
        pytest.param([price(100, -5, 0)], None, id="over at this very moment"),
    ],
)
def test_the_price_in_force(entries: list[Price], expected: int | None) -> None:
    chosen = PriceList(currency="EUR", exponent=2, entries=tuple(entries)).at(NOON).get("a")
    assert (chosen.amount_minor if chosen else None) == expected


@pytest.mark.parametrize(
    ("unit", "grams", "amount"),
    [(199, 1000, 199), (199, 500, 100), (100, 5, 1), (100, 4, 0), (333, 1500, 500)],
)
def test_weighed_lines_round_half_up(unit: int, grams: int, amount: int) -> None:
    assert weighed_amount_minor(unit, grams) == amount
