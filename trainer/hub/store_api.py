"""Stores as objects for people: list, make, change, clone: /api/v1/stores."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, Field, StringConstraints, field_validator

from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.store import stores
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission
from trainer.store.sku_table import Language, Text, Word
from trainer.store.stores import Store, StoreFacts

StoreId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Rate = Annotated[int, Field(ge=0, le=10_000)]


class StoreChange(Body):
    """What is given is changed."""

    name: Text | None = None
    time_zone: str | None = Field(default=None, max_length=60)
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    exponent: int | None = Field(default=None, ge=0, le=4)
    tax_rates: dict[Word, Rate] | None = Field(default=None, max_length=40)
    channel: StoreId | None = None
    languages: tuple[Language, ...] | None = Field(default=None, min_length=1, max_length=20)
    lanes: tuple[StoreId, ...] | None = Field(default=None, max_length=100)

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError(f"{zone!r} is no time zone; Europe/Berlin is one")
        return zone


class StoreRequest(StoreChange):
    """A new store; what is not given is the default."""

    store_id: StoreId
    name: Text


class CloneRequest(Body):
    """A new store like another."""

    store_id: StoreId
    name: Text
    with_prices: bool = True


class StoreReply(Reply):
    """A store with what belongs to it."""

    store_id: str
    name: str
    time_zone: str
    currency: str
    exponent: int
    tax_rates: dict[str, int]
    channel: str
    languages: list[str]
    lanes: list[str]
    num_prices: int
    num_boxes: int
    boxes: list[str]
    price_list_version: int
    created_at: AwareDatetime


def make_store_router(services: HubServices) -> APIRouter:
    """Endpoints of stores."""
    router = APIRouter(prefix="/api/v1", tags=["stores"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_READ))]
    editor = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_CHANGE))]

    @router.get("/stores")
    def list_all(who: reader) -> list[StoreReply]:
        with reading(engine) as connection:
            return [_reply(store, facts) for store, facts in stores.list_stores(connection)]

    @router.get("/stores/{store_id}")
    def read(who: reader, store_id: str) -> StoreReply:
        return _store_reply(services, store_id)

    @router.post("/stores", status_code=201)
    def create(who: editor, body: StoreRequest) -> StoreReply:
        given = body.model_dump(exclude_none=True)
        store = Store(**{"channel": body.store_id, "tax_rates": {}, **given})
        with writing(engine) as connection:
            stores.create_store(connection, store, now=datetime.now(UTC), actor=who)
        return _store_reply(services, store.store_id)

    @router.patch("/stores/{store_id}")
    def change(who: editor, store_id: str, body: StoreChange) -> StoreReply:
        with writing(engine) as connection:
            store = replace(
                stores.find_store(connection, store_id), **body.model_dump(exclude_none=True)
            )
            stores.change_store(connection, store, now=datetime.now(UTC), actor=who)
        return _store_reply(services, store_id)

    @router.post("/stores/{store_id}/clone", status_code=201)
    def clone(who: editor, store_id: str, body: CloneRequest) -> StoreReply:
        with writing(engine) as connection:
            stores.clone_store(
                connection, store_id, body.store_id, body.name, with_prices=body.with_prices,
                now=datetime.now(UTC), actor=who,
            )  # fmt: skip
        return _store_reply(services, body.store_id)

    return router


def _store_reply(services: HubServices, store_id: str) -> StoreReply:
    with reading(services.engine) as connection:
        store = stores.find_store(connection, store_id)
        return _reply(store, stores.facts_of(connection, store_id))


def _reply(store: Store, facts: StoreFacts) -> StoreReply:
    return StoreReply(
        store_id=store.store_id,
        name=store.name,
        time_zone=store.time_zone,
        currency=store.currency,
        exponent=store.exponent,
        tax_rates=store.tax_rates or {},
        channel=store.channel,
        languages=list(store.languages),
        lanes=list(store.lanes),
        num_prices=facts.num_prices,
        num_boxes=len(facts.boxes),
        boxes=list(facts.boxes),
        price_list_version=facts.price_list_version,
        created_at=facts.created_at,
    )
