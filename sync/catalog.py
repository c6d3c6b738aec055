"""What can be sold: SKUs, their names, units and rules, as both sides read them.

Prices are not here (price_list.py): a price changes without a model and without a new catalogue.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError, field_validator

from sync.errors import CatalogError


class Sku(BaseModel):
    """One product as the shop sells it.

    Attributes:
        gtin: GTIN-14 text (leading zeros kept), empty for loose produce.
        names: language code -> name; `en` is always there.
        expected_weight_g: weight of one piece with packaging, None where it varies.
        size_cm: width, depth, height; several cameras tell a small from a large look-alike by it.
        family: look-alikes share a family; its members are asked about rather than guessed.
        deposit_minor: deposit in minor units of the price list's currency.
        picture: path of the catalogue picture, relative to the catalogue file.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    sku_id: str = Field(min_length=1, max_length=80)
    gtin: str = ""
    plu: str | None = None
    names: dict[str, str]
    unit: Literal["each", "kg"] = "each"
    category_path: tuple[str, ...] = ()
    family: str | None = None
    expected_weight_g: float | None = Field(default=None, gt=0)
    weight_tolerance_g: float = Field(default=5.0, ge=0)
    tare_g: float = Field(default=0.0, ge=0)
    size_cm: tuple[PositiveFloat, PositiveFloat, PositiveFloat] | None = None
    age_limit: int | None = Field(default=None, ge=0, le=99)
    allergens: tuple[str, ...] = ()
    deposit_minor: int = Field(default=0, ge=0)
    tax_class: str = "standard"
    picture: str | None = None

    @field_validator("names")
    @classmethod
    def _has_an_english_name(cls, names: dict[str, str]) -> dict[str, str]:
        if not names.get("en"):
            raise ValueError("names must hold `en`, the fallback of every other language")
        return names

    @field_validator("gtin")
    @classmethod
    def _is_a_gtin(cls, gtin: str) -> str:
        if gtin and not is_gtin14(gtin):
            raise ValueError(f"{gtin!r} is no GTIN-14 with a right check digit")
        return gtin

    def name(self, language: str) -> str:
        """The name in `language`, or the English one."""
        return self.names.get(language) or self.names["en"]


class Catalog(BaseModel):
    """Every SKU of one bundle or one store."""

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    skus: tuple[Sku, ...]

    @field_validator("skus")
    @classmethod
    def _ids_are_unique(cls, skus: tuple[Sku, ...]) -> tuple[Sku, ...]:
        seen: set[str] = set()
        for sku in skus:
            if sku.sku_id in seen:
                raise ValueError(f"sku_id {sku.sku_id!r} stands twice")
            seen.add(sku.sku_id)
        return skus

    def by_id(self) -> dict[str, Sku]:
        """sku_id -> Sku."""
        return {sku.sku_id: sku for sku in self.skus}

    def by_gtin(self) -> dict[str, Sku]:
        """GTIN-14 -> Sku; loose produce is left out."""
        return {sku.gtin: sku for sku in self.skus if sku.gtin}


def load_catalog(path: Path) -> Catalog:
    """Read a catalogue file.

    Raises:
        CatalogError: the file is missing, no JSON, or an entry is wrong; names the entry.
    """
    try:
        return Catalog.model_validate_json(path.read_bytes())
    except OSError as err:
        raise CatalogError(f"catalogue {path.name} cannot be read", hint=str(err.strerror)) from err
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CatalogError(
            f"catalogue {path.name}: {place}: {first['msg']}",
            hint="mend the entry and export again",
        ) from err


def gtin14(code: str) -> str:
    """EAN-8, UPC-A, EAN-13 or GTIN-14 digits as GTIN-14 text.

    Raises:
        ValueError: not 8, 12, 13 or 14 digits, or a wrong check digit.
    """
    if not code.isdigit() or len(code) not in (8, 12, 13, 14):
        raise ValueError(f"{code!r} is no EAN, UPC or GTIN")
    padded = code.zfill(14)
    if not is_gtin14(padded):
        raise ValueError(f"{code!r} has a wrong check digit")
    return padded


def is_gtin14(text: str) -> bool:
    """True for 14 digits with a right check digit (GS1 General Specifications 7.9)."""
    if len(text) != 14 or not text.isdigit():
        return False
    return check_digit(text[:13]) == int(text[13])


def check_digit(digits: str) -> int:
    """GS1 check digit of the digits before it: weights 3, 1, 3, ... from the right."""
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return (10 - total % 10) % 10
