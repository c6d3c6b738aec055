"""Stores as objects: settings, lanes, which boxes stand there; made new or cloned from another.

What a store sells is what it has a price for (store/prices.py).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.catalogue_tables import (
    PRICE_PUBLICATIONS,
    PRICES,
    PROMOTIONS,
    STORE_SETTINGS,
)
from trainer.store.schema import BOXES, STORES


class StoreError(DegradedError):
    """A store that cannot be made or changed so."""

    code = "shop.refused"


class UnknownStoreError(StoreError):
    """No such store."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class Store:
    """One store.

    Attributes:
        exponent: digits behind the decimal point of `currency`.
        tax_rates: tax class -> rate in basis points (1900 = 19 %).
        channel: under which its price list and new SKUs are published.
    """

    store_id: str
    name: str
    time_zone: str = "UTC"
    currency: str = "EUR"
    exponent: int = 2
    tax_rates: dict[str, int] | None = None
    channel: str = ""
    languages: tuple[str, ...] = ("en",)
    lanes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What belongs to a store."""

    num_prices: int
    boxes: tuple[str, ...]
    price_list_version: int
    created_at: datetime


def list_stores(connection: Connection) -> list[tuple[Store, StoreFacts]]:
    """Every store in order of id."""
    ids = connection.execute(select(STORES.c.store_id).order_by(STORES.c.store_id)).scalars()
    return [(find_store(connection, i), facts_of(connection, i)) for i in list(ids)]


def find_store(connection: Connection, store_id: str) -> Store:
    """A store by its id; settings never given are the defaults.

    Raises:
        UnknownStoreError: there is none.
    """
    query = (
        select(STORES, STORE_SETTINGS)
        .outerjoin(STORE_SETTINGS, STORE_SETTINGS.c.store_id == STORES.c.store_id)
        .where(STORES.c.store_id == store_id)
    )
    row = connection.execute(query).first()
    if row is None:
        raise UnknownStoreError(f"no store {store_id[:63]!r}", hint="see hubctl store list")
    said = row._mapping
    plain = Store(
        store_id=said[STORES.c.store_id],
        name=said[STORES.c.name],
        time_zone=said[STORES.c.time_zone],
        currency=said[STORES.c.currency],
        tax_rates={},
        channel=store_id,
    )
    if said[STORE_SETTINGS.c.channel] is None:
        return plain
    return replace(
        plain,
        exponent=said[STORE_SETTINGS.c.exponent],
        tax_rates=dict(said[STORE_SETTINGS.c.tax_rates]),
        channel=said[STORE_SETTINGS.c.channel],
        languages=tuple(said[STORE_SETTINGS.c.languages]),
        lanes=tuple(said[STORE_SETTINGS.c.lanes]),
    )


def facts_of(connection: Connection, store_id: str) -> StoreFacts:
    """Counts and boxes of a store that is there."""
    num_prices = connection.execute(
        select(func.count(PRICES.c.sku_id.distinct())).where(PRICES.c.store_id == store_id)
    ).scalar_one()
    boxes = connection.execute(
        select(BOXES.c.box_id).where(BOXES.c.store_id == store_id).order_by(BOXES.c.box_id)
    ).scalars()
    created_at = connection.execute(
        select(STORES.c.created_at).where(STORES.c.store_id == store_id)
    ).scalar_one()
    version = newest_version(connection, store_id)
    return StoreFacts(num_prices, tuple(boxes), version, created_at)


def newest_version(connection: Connection, store_id: str) -> int:
    """Version of the newest published price list; 0 before the first."""
    return (
        connection.execute(
            select(func.max(PRICE_PUBLICATIONS.c.version)).where(
                PRICE_PUBLICATIONS.c.store_id == store_id
            )
        ).scalar()
        or 0
    )


def create_store(connection: Connection, store: Store, *, now: datetime, actor: str) -> None:
    """A new store.

    Raises:
        StoreError: the id is taken, or its channel is another store's.
    """
    taken = connection.execute(
        select(STORES.c.store_id).where(STORES.c.store_id == store.store_id)
    ).scalar()
    if taken:
        raise StoreError(f"there is a store {taken!r} already", hint="take another id")
    _require_own_channel(connection, store)
    connection.execute(insert(STORES).values(**_plain(store), created_at=now))
    connection.execute(insert(STORE_SETTINGS).values(**_settings(store)))
    audit.record(
        connection, now=now, actor=actor, action="store_created",
        subject=f"store:{store.store_id}", details={"name": store.name},
    )  # fmt: skip


def change_store(connection: Connection, store: Store, *, now: datetime, actor: str) -> None:
    """Write a store's settings anew.

    Raises:
        UnknownStoreError: there is none.
        StoreError: its channel is another store's.
    """
    old = find_store(connection, store.store_id)
    _require_own_channel(connection, store)
    where = STORES.c.store_id == store.store_id
    connection.execute(update(STORES).where(where).values(**_plain(store)))
    connection.execute(STORE_SETTINGS.delete().where(STORE_SETTINGS.c.store_id == store.store_id))
    connection.execute(insert(STORE_SETTINGS).values(**_settings(store)))
    changed = {
        name: f"{getattr(old, name)} -> {getattr(store, name)}"[:300]
        for name in Store.__slots__
        if getattr(old, name) != getattr(store, name)
    }
    audit.record(
        connection, now=now, actor=actor, action="store_changed",
        subject=f"store:{store.store_id}", details=changed,
    )  # fmt: skip


def clone_store(
    connection: Connection, source_id: str, store_id: str, name: str, *, with_prices: bool,
    now: datetime, actor: str,
) -> None:  # fmt: skip
    """A new store like another: settings, and its prices and promotions; no boxes, own channel.

    Raises:
        UnknownStoreError: there is no such source.
        StoreError: the id is taken.
    """
    source = find_store(connection, source_id)
    clone = replace(source, store_id=store_id, name=name, channel=store_id)
    create_store(connection, clone, now=now, actor=actor)
    for table in (PRICES, PROMOTIONS) if with_prices else ():
        columns = [c for c in table.columns if c.name not in ("store_id", "price_id")]
        rows = connection.execute(select(*columns).where(table.c.store_id == source_id)).mappings()
        copies = [{**row, "store_id": store_id} for row in rows]
        if copies:
            connection.execute(insert(table), copies)
    audit.record(
        connection, now=now, actor=actor, action="store_cloned", subject=f"store:{store_id}",
        details={"from": source_id, "with_prices": str(with_prices).lower()},
    )  # fmt: skip


def _plain(store: Store) -> dict[str, Any]:
    return {
        "store_id": store.store_id,
        "name": store.name,
        "time_zone": store.time_zone,
        "currency": store.currency,
    }


def _settings(store: Store) -> dict[str, Any]:
    return {
        "store_id": store.store_id,
        "exponent": store.exponent,
        "tax_rates": store.tax_rates or {},
        "channel": store.channel or store.store_id,
        "languages": list(store.languages),
        "lanes": list(store.lanes),
    }


def _require_own_channel(connection: Connection, store: Store) -> None:
    """Two stores in one channel would publish over each other's prices."""
    channel = store.channel or store.store_id
    other = connection.execute(
        select(STORE_SETTINGS.c.store_id).where(
            STORE_SETTINGS.c.channel == channel, STORE_SETTINGS.c.store_id != store.store_id
        )
    ).scalar()
    if other:
        raise StoreError(
            f"channel {channel} is of store {other}", hint="every store has a channel of its own"
        )
