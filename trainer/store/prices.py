"""What each store charges, from when to when, and which lists of it were published.

A price with the same start replaces the one that was there; everything else is kept, so the list
in force at any past moment can be told. `price_list_of` is what a box will read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select

from sync.price_list import Price, PriceList, Promotion
from trainer.store import audit
from trainer.store.catalogue_tables import PRICE_PUBLICATIONS, PRICES, PROMOTIONS, SKUS
from trainer.store.stores import Store, StoreError, newest_version

MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class PricedSku:
    """One line of a store's prices."""

    sku_id: str
    name: str
    now: Price | None
    coming: Price | None


@dataclass(frozen=True, slots=True)
class Publication:
    """A price list that was signed."""

    version: int
    channel: str
    sha256: str
    num_prices: int
    valid_from: datetime
    by: str
    at: datetime


def prices_of(connection: Connection, store_id: str, sku_ids: list[str]) -> dict[str, list[Price]]:
    """Every price entry of some SKUs in a store, by SKU, oldest first."""
    rows = connection.execute(
        select(PRICES)
        .where(PRICES.c.store_id == store_id, PRICES.c.sku_id.in_(sku_ids))
        .order_by(PRICES.c.valid_from)
    ).mappings()
    found: dict[str, list[Price]] = {sku_id: [] for sku_id in sku_ids}
    for row in rows:
        found[row["sku_id"]].append(_price(dict(row)))
    return found


def prices_of_sku(connection: Connection, sku_id: str, now: datetime) -> dict[str, Price]:
    """Store -> the price of an SKU in force there."""
    rows = connection.execute(
        select(PRICES).where(PRICES.c.sku_id == sku_id).order_by(PRICES.c.valid_from)
    ).mappings()
    by_store: dict[str, list[Price]] = {}
    for row in rows:
        by_store.setdefault(row["store_id"], []).append(_price(dict(row)))
    current = {store: in_force(entries, now) for store, entries in by_store.items()}
    return {store: price for store, price in current.items() if price is not None}


def list_prices(
    connection: Connection, store_id: str, *, text: str, offset: int, limit: int, now: datetime
) -> tuple[int, list[PricedSku]]:
    """SKUs the store has a price for, in order of name: how many, and one page."""
    sold = select(PRICES.c.sku_id).where(PRICES.c.store_id == store_id)
    chosen = select(SKUS.c.sku_id, SKUS.c.name).where(SKUS.c.sku_id.in_(sold))
    for word in text.casefold().split()[:8]:
        chosen = chosen.where(SKUS.c.search_text.contains(word, autoescape=True))
    total = connection.execute(select(func.count()).select_from(chosen.subquery())).scalar_one()
    page = connection.execute(
        chosen.order_by(SKUS.c.name, SKUS.c.sku_id).offset(offset).limit(limit)
    ).all()
    entries = prices_of(connection, store_id, [row.sku_id for row in page])
    return total, [
        PricedSku(
            row.sku_id,
            row.name,
            in_force(entries[row.sku_id], now),
            next((e for e in entries[row.sku_id] if e.valid_from > now), None),
        )
        for row in page
    ]


def set_prices(
    connection: Connection, store_id: str, entries: list[Price], *, now: datetime, actor: str
) -> None:
    """Write price entries of a store; the SKUs must be known.

    Raises:
        StoreError: an SKU is not in the catalogue.
    """
    wanted = {entry.sku_id for entry in entries}
    known = set(connection.execute(select(SKUS.c.sku_id)).scalars())
    if unknown := sorted(wanted - known):
        raise StoreError(
            f"{len(unknown)} SKUs are not in the catalogue, first {unknown[0]}",
            hint="add them to the catalogue first",
        )
    for entry in entries:
        connection.execute(
            delete(PRICES).where(
                and_(PRICES.c.store_id == store_id, PRICES.c.sku_id == entry.sku_id),
                PRICES.c.valid_from == entry.valid_from,
            )
        )
    if entries:
        connection.execute(
            insert(PRICES), [{"store_id": store_id, **entry.model_dump()} for entry in entries]
        )
    audit.record_many(
        connection, now=now, actor=actor, action="price_set",
        subjects={
            f"sku:{e.sku_id}": {
                "store": store_id, "amount_minor": str(e.amount_minor),
                "valid_from": e.valid_from.isoformat(), "is_stopped": str(e.is_stopped).lower(),
            }
            for e in entries
        },
    )  # fmt: skip


def in_force(entries: list[Price], moment: datetime) -> Price | None:
    """Of one SKU's entries, the one that holds now: the same rule as on the box."""
    chosen = PriceList(currency="XXX", exponent=0, entries=tuple(entries)).at(moment)
    return next(iter(chosen.values()), None)


def list_promotions(connection: Connection, store_id: str) -> list[Promotion]:
    """Promotions of a store in order of id."""
    rows = connection.execute(
        select(PROMOTIONS)
        .where(PROMOTIONS.c.store_id == store_id)
        .order_by(PROMOTIONS.c.promotion_id)
    ).mappings()
    return [Promotion(**{k: v for k, v in row.items() if k != "store_id"}) for row in rows]


def set_promotion(
    connection: Connection, store_id: str, promotion: Promotion, *, now: datetime, actor: str
) -> None:
    """Add a promotion, or replace the one of this id.

    Raises:
        StoreError: the SKU is not in the catalogue.
    """
    if not connection.execute(
        select(SKUS.c.sku_id).where(SKUS.c.sku_id == promotion.sku_id)
    ).scalar():
        raise StoreError(f"no SKU {promotion.sku_id}", hint="add it to the catalogue first")
    _delete_promotion(connection, store_id, promotion.promotion_id)
    connection.execute(insert(PROMOTIONS).values(store_id=store_id, **promotion.model_dump()))
    audit.record(
        connection, now=now, actor=actor, action="promotion_set", subject=f"store:{store_id}",
        details={"promotion": promotion.promotion_id, "sku": promotion.sku_id},
    )  # fmt: skip


def drop_promotion(
    connection: Connection, store_id: str, promotion_id: str, *, now: datetime, actor: str
) -> bool:
    """Take a promotion off; False where there was none."""
    if not _delete_promotion(connection, store_id, promotion_id):
        return False
    audit.record(
        connection, now=now, actor=actor, action="promotion_dropped",
        subject=f"store:{store_id}", details={"promotion": promotion_id},
    )  # fmt: skip
    return True


def price_list_of(connection: Connection, store: Store, now: datetime) -> PriceList:
    """The list a box of this store would read next: what holds now and what is to come."""
    rows = connection.execute(
        select(PRICES)
        .join(SKUS, SKUS.c.sku_id == PRICES.c.sku_id)
        .where(PRICES.c.store_id == store.store_id, SKUS.c.status == "active")
        .order_by(PRICES.c.sku_id, PRICES.c.valid_from)
    ).mappings()
    by_sku: dict[str, list[Price]] = {}
    for row in rows:
        by_sku.setdefault(row["sku_id"], []).append(_price(dict(row)))
    entries: list[Price] = []
    for prices in by_sku.values():
        current = in_force(prices, now)
        entries += [current] if current else []
        entries += [entry for entry in prices if entry.valid_from > now]
    return PriceList(
        version=newest_version(connection, store.store_id) + 1,
        currency=store.currency,
        exponent=store.exponent,
        tax_rates=store.tax_rates or {},
        time_zone=store.time_zone,
        entries=tuple(entries),
        promotions=tuple(
            p for p in list_promotions(connection, store.store_id)
            if p.valid_until is None or p.valid_until > now
        ),
    )  # fmt: skip


def problems_of(connection: Connection, store: Store, prices: PriceList) -> list[str]:
    """What a person should mend before this list is published; empty when it may go."""
    if not prices.entries:
        return ["the store has no price that holds now or later"]
    rows = connection.execute(select(SKUS.c.sku_id, SKUS.c.tax_class))
    classes = {row.sku_id: row.tax_class for row in rows}
    priced = {entry.sku_id for entry in prices.entries}
    rates = store.tax_rates or {}
    found = [
        f"sku {sku_id}: tax class {classes[sku_id]} has no rate in store {store.store_id}"
        for sku_id in sorted(priced)
        if classes[sku_id] not in rates
    ]
    found += [
        f"promotion {p.promotion_id}: sku {p.sku_id} has no price"
        for p in prices.promotions
        if p.sku_id not in priced
    ]
    return found[:MAX_PROBLEMS]


def list_publications(connection: Connection, store_id: str) -> list[Publication]:
    """Published lists of a store, newest first."""
    rows = connection.execute(
        select(PRICE_PUBLICATIONS)
        .where(PRICE_PUBLICATIONS.c.store_id == store_id)
        .order_by(PRICE_PUBLICATIONS.c.version.desc())
        .limit(50)
    ).mappings()
    return [Publication(**{name: row[name] for name in Publication.__slots__}) for row in rows]


def note_publication(
    connection: Connection, store_id: str, publication: Publication, *, actor: str
) -> None:
    """Remember what was signed."""
    values = {name: getattr(publication, name) for name in Publication.__slots__}
    connection.execute(insert(PRICE_PUBLICATIONS).values(store_id=store_id, **values))
    audit.record(
        connection, now=publication.at, actor=actor, action="price_list_published",
        subject=f"store:{store_id}",
        details={"version": str(publication.version), "sha256": publication.sha256[:12]},
    )  # fmt: skip


def _price(row: dict[str, Any]) -> Price:
    return Price(**{name: row[name] for name in Price.model_fields})


def _delete_promotion(connection: Connection, store_id: str, promotion_id: str) -> bool:
    result: Any = connection.execute(
        delete(PROMOTIONS).where(
            PROMOTIONS.c.store_id == store_id, PROMOTIONS.c.promotion_id == promotion_id
        )
    )
    return bool(result.rowcount)
