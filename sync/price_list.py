"""What an SKU costs, from when to when.

Money is `amount_minor` in minor units of one ISO 4217 currency with its exponent (JPY 0, EUR 2,
KWD 3). Prices are gross; the tax class is carried by the SKU and its rate by the list.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from sync.errors import CatalogError
from sync.promotion_hours import CLOCK_TIME, is_within, next_edge, zone_named


class Price(BaseModel):
    """One price with its validity; `valid_until` is exclusive, None means until replaced."""

    model_config = ConfigDict(frozen=True, extra="allow")

    sku_id: str
    amount_minor: int = Field(ge=0)
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None
    is_stopped: bool = False


class Promotion(BaseModel):
    """A multi-buy or percentage promotion on one SKU.

    Attributes:
        kind: `multi_buy`: every `quantity` pieces cost `amount_minor` together.
            `percent`: `percent` is taken off each piece, rounded half up.
        weekdays: 0 is Monday; empty is every day. A box from before this field takes the promotion
            as one of every day and hour: nobody pays more than the shelf says.
        from_time: HH:MM of the store's clock, inclusive; empty is 00:00.
        until_time: HH:MM, exclusive; not after `from_time`: of the next day; empty is 24:00.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    promotion_id: str
    sku_id: str
    kind: Literal["multi_buy", "percent"]
    quantity: int = Field(default=1, ge=1)
    amount_minor: int = Field(default=0, ge=0)
    percent: int = Field(default=0, ge=0, le=100)
    names: dict[str, str] = {}
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None
    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(default=(), max_length=7)
    from_time: str = Field(default="", pattern=CLOCK_TIME)
    until_time: str = Field(default="", pattern=CLOCK_TIME)

    @property
    def has_hours(self) -> bool:
        """It does not hold at every hour of its time."""
        return bool(self.weekdays or self.from_time or self.until_time)


class PriceList(BaseModel):
    """Every price of one store.

    Attributes:
        exponent: digits behind the decimal point of `currency`.
        tax_rates: tax class -> rate in basis points (1900 = 19 %).
        time_zone: of the store (IANA); hours of promotions are by it.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    version: int = Field(default=1, ge=1)
    currency: str = Field(pattern="^[A-Z]{3}$")
    exponent: int = Field(ge=0, le=4)
    tax_rates: dict[str, int] = {}
    entries: tuple[Price, ...]
    promotions: tuple[Promotion, ...] = ()
    time_zone: str = "UTC"

    @model_validator(mode="after")
    def _know_the_clock(self) -> Self:
        if any(entry.has_hours for entry in self.promotions):
            zone_named(self.time_zone)
        return self

    def at(self, moment: datetime) -> dict[str, Price]:
        """The price in force at `moment` per sku_id; of several, the one that began last."""
        chosen: dict[str, Price] = {}
        for entry in sorted(self.entries, key=lambda e: e.valid_from):
            if _covers(entry.valid_from, entry.valid_until, moment):
                chosen[entry.sku_id] = entry
        return chosen

    def promotions_at(self, moment: datetime) -> dict[str, Promotion]:
        """The promotion in force at `moment` per sku_id; of several, the one that began last."""
        chosen: dict[str, Promotion] = {}
        for entry in sorted(self.promotions, key=lambda e: e.valid_from):
            is_on = _covers(entry.valid_from, entry.valid_until, moment)
            if is_on and self._is_hour(entry, moment):
                chosen[entry.sku_id] = entry
        return chosen

    def next_change(self, moment: datetime) -> datetime | None:
        """When a price or promotion next begins or ends after `moment`; None where none does."""
        spans = [(entry.valid_from, entry.valid_until) for entry in self.entries]
        spans += [(entry.valid_from, entry.valid_until) for entry in self.promotions]
        bounds = {b for span in spans for b in span if b is not None and b > moment}
        bounds |= {
            next_edge(moment, zone_named(self.time_zone), entry.from_time, entry.until_time)
            for entry in self.promotions
            if entry.has_hours and _covers(entry.valid_from, entry.valid_until, moment)
        }
        return min(bounds, default=None)

    def _is_hour(self, entry: Promotion, moment: datetime) -> bool:
        if not entry.has_hours:
            return True
        zone = zone_named(self.time_zone)
        return is_within(moment, zone, entry.weekdays, entry.from_time, entry.until_time)


def weighed_amount_minor(unit_minor: int, weight_g: int) -> int:
    """Price of `weight_g` grams at `unit_minor` per kilogram, rounded half up."""
    return (unit_minor * weight_g + 500) // 1000


def load_price_list(path: Path) -> PriceList:
    """Read a price list file.

    Raises:
        CatalogError: the file is missing, no JSON, or an entry is wrong; names the entry.
    """
    try:
        return PriceList.model_validate_json(path.read_bytes())
    except OSError as err:
        raise CatalogError(
            f"price list {path.name} cannot be read", hint=str(err.strerror)
        ) from err
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CatalogError(
            f"price list {path.name}: {place}: {first['msg']}", hint="mend it and publish again"
        ) from err


def _covers(start: datetime, end: datetime | None, moment: datetime) -> bool:
    return start <= moment and (end is None or moment < end)
