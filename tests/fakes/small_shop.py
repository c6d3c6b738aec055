"""A shop of ten invented products with drawn pictures, for tests of screens."""

from datetime import UTC, datetime
from typing import NamedTuple

import cv2
import numpy as np

from sync.catalog import Catalog, Sku, check_digit
from sync.price_list import Price, PriceList, Promotion

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Row(NamedTuple):
    sku_id: str
    english: str
    german: str
    price_minor: int
    bgr: tuple[int, int, int]
    deposit_minor: int = 0
    age_limit: int = 0
    family: str = ""
    allergens: tuple[str, ...] = ()


ROWS = (
    Row("milk", "Whole milk 1 l", "Vollmilch 1 l", 119, (214, 150, 70), 0, 0, "milk", ("milk",)),
    Row("milk_low", "Low-fat milk 1 l", "Fettarme Milch 1 l", 109, (120, 190, 110), family="milk"),
    Row("tea_mint", "Mint tea", "Minztee", 249, (120, 170, 60), family="tea"),
    Row("tea_berry", "Berry tea", "Beerentee", 249, (110, 60, 170), family="tea"),
    Row("cola", "Cola 0.33 l", "Cola 0,33 l", 99, (50, 50, 200), deposit_minor=25),
    Row("wine", "Red wine 0.75 l", "Rotwein 0,75 l", 599, (60, 20, 90), age_limit=18),
    Row("pasta", "Penne 500 g", "Penne 500 g", 149, (60, 170, 230), allergens=("wheat",)),
    Row("choc", "Dark chocolate", "Zartbitterschokolade", 189, (40, 60, 100)),
    Row("apples", "Red apples", "Rote Äpfel", 299, (60, 60, 210)),
    Row("jam", "Apricot jam", "Aprikosenkonfitüre", 279, (40, 140, 240)),
)


def small_catalog() -> Catalog:
    return Catalog(
        skus=tuple(
            Sku(
                sku_id=row.sku_id,
                gtin="" if row.sku_id == "apples" else demo_gtin(number),
                names={"en": row.english, "de": row.german},
                unit="kg" if row.sku_id == "apples" else "each",
                deposit_minor=row.deposit_minor,
                age_limit=row.age_limit or None,
                family=row.family or None,
                allergens=row.allergens,
                picture=f"{row.sku_id}.jpg",
            )
            for number, row in enumerate(ROWS)
        )
    )


def small_prices() -> PriceList:
    return PriceList(
        currency="EUR",
        exponent=2,
        tax_rates={"standard": 1900},
        entries=tuple(
            Price(sku_id=row.sku_id, amount_minor=row.price_minor, valid_from=LONG_AGO)
            for row in ROWS
        ),
        promotions=(
            Promotion(
                promotion_id="p1",
                sku_id="choc",
                kind="multi_buy",
                quantity=2,
                amount_minor=300,
                names={"en": "2 for €3"},
                valid_from=LONG_AGO,
            ),
        ),
    )


def small_pictures() -> dict[str, bytes]:
    """A drawn pack per product."""
    return {f"{row.sku_id}.jpg": _pack(row.bgr, row.english[:1]) for row in ROWS}


def demo_gtin(number: int) -> str:
    """GTIN-14 in GS1's demonstration range."""
    digits = f"0952{number:09d}"
    return digits + str(check_digit(digits))


def _pack(colour: tuple[int, int, int], letter: str) -> bytes:
    picture = np.full((200, 200, 3), 255, np.uint8)
    cv2.rectangle(picture, (48, 18), (152, 182), colour, -1, cv2.LINE_AA)
    cv2.circle(picture, (100, 92), 34, (255, 255, 255), -1, cv2.LINE_AA)
    cv2.putText(picture, letter, (82, 108), cv2.FONT_HERSHEY_DUPLEX, 1.6, colour, 3, cv2.LINE_AA)
    return bytes(cv2.imencode(".jpg", picture)[1].data)
