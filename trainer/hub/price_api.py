"""What a store charges: prices, promotions, files, and the signed list: /api/v1/stores/{id}/...

Flow: prices in the database -> price list -> problems shown -> signed into the store's channel

What is published is the existing feed of sync/price_list.py; a box takes it at its next check-in.
"""

import csv
import io
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, Field, ValidationError

from sync.price_list import Price, Promotion
from trainer.errors import DegradedError
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.hub.sku_api import raw_body
from trainer.hub.sku_exchange_api import MAX_FILE_BYTES, RAW_FILE, ProblemReply, file_reply
from trainer.release import catalogue_signing
from trainer.store import prices, stores
from trainer.store.database import reading, writing
from trainer.store.prices import PricedSku, Publication
from trainer.store.role_permissions import Permission
from trainer.store.sku_exchange import csv_rows
from trainer.store.stores import UnknownStoreError

MAX_AMOUNT = 10**12
COLUMNS = ("sku_id", "amount_minor", "valid_from", "valid_until", "is_stopped")
Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT)]


class PriceListProblemError(DegradedError):
    """The list is not fit to be published."""

    code = "prices.problems"


class PriceRequest(Body):
    """A price from a moment on; from now where none is given."""

    amount_minor: Amount
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    is_stopped: bool = False


class PromotionRequest(Promotion):
    """A promotion as a person writes it."""

    promotion_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    quantity: int = Field(default=1, ge=1, le=10_000)
    amount_minor: Amount = 0
    names: dict[str, str] = Field(default={}, max_length=40)


class ComingPrice(Reply):
    """The next price."""

    amount_minor: int
    valid_from: AwareDatetime


class PriceReply(Reply):
    """One line of a store's prices."""

    sku_id: str
    name: str
    amount_minor: int | None
    is_stopped: bool
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    coming: ComingPrice | None


class PricePage(Reply):
    """A page of prices."""

    total: int
    offset: int
    limit: int
    items: list[PriceReply]


class PriceImportReply(Reply):
    """What a file of prices would do, or did."""

    is_preview: bool
    num_prices: int
    num_errors: int
    errors: list[ProblemReply]


class PublicationReply(Reply):
    """A price list that was signed."""

    version: int
    channel: str
    sha256: str
    num_prices: int
    valid_from: AwareDatetime
    by: str
    at: AwareDatetime


class PriceListReply(Reply):
    """The list as it would be published now."""

    version: int
    num_prices: int
    num_promotions: int
    problems: list[str]
    can_publish: bool
    published: list[PublicationReply]


class PublishRequest(Body):
    """When the list takes effect; at once where no time is given."""

    valid_from: AwareDatetime | None = None


def make_price_router(services: HubServices) -> APIRouter:
    """Endpoints of prices, promotions and the published list."""
    router = APIRouter(prefix="/api/v1/stores/{store_id}", tags=["prices"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_READ))]
    editor = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_CHANGE))]

    @router.get("/prices")
    def list_all(
        who: reader,
        store_id: str,
        q: Annotated[str, Query(max_length=200)] = "",
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> PricePage:
        with reading(engine) as connection:
            stores.find_store(connection, store_id)
            total, found = prices.list_prices(
                connection, store_id, text=q, offset=offset, limit=limit, now=datetime.now(UTC)
            )
        items = [_price_reply(line) for line in found]
        return PricePage(total=total, offset=offset, limit=limit, items=items)

    @router.put("/prices/{sku_id}", status_code=204)
    def set_price(who: editor, store_id: str, sku_id: str, body: PriceRequest) -> None:
        now = datetime.now(UTC)
        price = Price(
            sku_id=sku_id,
            amount_minor=body.amount_minor,
            valid_from=body.valid_from or now,
            valid_until=body.valid_until,
            is_stopped=body.is_stopped,
        )
        with writing(engine) as connection:
            stores.find_store(connection, store_id)
            prices.set_prices(connection, store_id, [price], now=now, actor=who)

    @router.get("/promotions")
    def promotions(who: reader, store_id: str) -> list[Promotion]:
        with reading(engine) as connection:
            stores.find_store(connection, store_id)
            return prices.list_promotions(connection, store_id)

    @router.post("/promotions", status_code=201)
    def set_promotion(who: editor, store_id: str, body: PromotionRequest) -> Promotion:
        plain = Promotion(**{name: getattr(body, name) for name in Promotion.model_fields})
        with writing(engine) as connection:
            stores.find_store(connection, store_id)
            prices.set_promotion(connection, store_id, plain, now=datetime.now(UTC), actor=who)
        return plain

    @router.delete("/promotions/{promotion_id}", status_code=204)
    def drop_promotion(who: editor, store_id: str, promotion_id: str) -> None:
        with writing(engine) as connection:
            was_there = prices.drop_promotion(
                connection, store_id, promotion_id, now=datetime.now(UTC), actor=who
            )
        if not was_there:
            raise UnknownStoreError(f"no promotion {promotion_id[:80]!r} in this store")

    _add_files(router, services)
    _add_publication(router, services)
    return router


def _add_files(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_READ))]
    editor = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_CHANGE))]
    sent = Annotated[bytes, Depends(raw_body(MAX_FILE_BYTES))]

    @router.get("/prices-export", response_class=Response)
    def export(who: reader, store_id: str) -> Response:
        with reading(engine) as connection:
            store = stores.find_store(connection, store_id)
            listed = prices.price_list_of(connection, store, datetime.now(UTC))
        return file_reply(_to_csv(listed.entries), "text/csv; charset=utf-8", "prices.csv")

    @router.post("/prices-import", openapi_extra=RAW_FILE)
    def take(who: editor, store_id: str, data: sent, preview: bool = True) -> PriceImportReply:
        entries, problems = _from_csv(data)
        if not preview and not problems:
            with writing(engine) as connection:
                stores.find_store(connection, store_id)
                prices.set_prices(connection, store_id, entries, now=datetime.now(UTC), actor=who)
        return PriceImportReply(
            is_preview=preview or bool(problems),
            num_prices=len(entries),
            num_errors=len(problems),
            errors=problems[:200],
        )


def _add_publication(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_READ))]
    publisher = Annotated[str, Depends(needs(engine, Permission.PRICES_PUBLISH))]

    @router.get("/price-list")
    def price_list(who: reader, store_id: str) -> PriceListReply:
        with reading(engine) as connection:
            store = stores.find_store(connection, store_id)
            listed = prices.price_list_of(connection, store, datetime.now(UTC))
            problems = prices.problems_of(connection, store, listed)
            published = prices.list_publications(connection, store_id)
        return PriceListReply(
            version=listed.version,
            num_prices=len(listed.entries),
            num_promotions=len(listed.promotions),
            problems=problems,
            can_publish=not problems and services.publisher is not None,
            published=[_publication_reply(entry) for entry in published],
        )

    @router.post("/price-list/publish", status_code=201)
    def publish(who: publisher, store_id: str, body: PublishRequest) -> PublicationReply:
        return _publication_reply(_publish(services, store_id, body.valid_from, who))


def _publish(
    services: HubServices, store_id: str, valid_from: datetime | None, who: str
) -> Publication:
    now = datetime.now(UTC)
    publisher = services.must_publish()
    with reading(services.engine) as connection:
        store = stores.find_store(connection, store_id)
        listed = prices.price_list_of(connection, store, now)
        problems = prices.problems_of(connection, store, listed)
    if problems:
        raise PriceListProblemError(
            f"{len(problems)} problems, first: {problems[0]}", hint="GET .../price-list tells all"
        )
    with publisher.transaction() as signing:
        index = signing.index(store.channel)
        newest = max((entry.version for entry in index.prices), default=0) if index else 0
        numbered = listed.model_copy(update={"version": max(listed.version, newest + 1)})
        entry = catalogue_signing.set_prices(
            signing, store.channel, numbered, valid_from=valid_from or now
        )
    made = Publication(
        version=entry.version,
        channel=store.channel,
        sha256=entry.sha256,
        num_prices=len(listed.entries),
        valid_from=entry.valid_from,
        by=who,
        at=now,
    )
    with writing(services.engine) as connection:
        prices.note_publication(connection, store_id, made, actor=who)
    return made


def _publication_reply(entry: Publication) -> PublicationReply:
    return PublicationReply(**{name: getattr(entry, name) for name in Publication.__slots__})


def _price_reply(line: PricedSku) -> PriceReply:
    coming = line.coming
    return PriceReply(
        sku_id=line.sku_id,
        name=line.name,
        amount_minor=line.now.amount_minor if line.now else None,
        is_stopped=line.now.is_stopped if line.now else False,
        valid_from=line.now.valid_from if line.now else None,
        valid_until=line.now.valid_until if line.now else None,
        coming=ComingPrice(amount_minor=coming.amount_minor, valid_from=coming.valid_from)
        if coming
        else None,
    )


def _to_csv(entries: tuple[Price, ...]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        said = entry.model_dump(mode="json")
        writer.writerow(["" if said[name] is None else said[name] for name in COLUMNS])
    return out.getvalue()


def _from_csv(data: bytes) -> tuple[list[Price], list[ProblemReply]]:
    now = datetime.now(UTC)
    entries: list[Price] = []
    problems: list[ProblemReply] = []
    for line, row in csv_rows(data, needed="amount_minor"):
        fields = {name: cell.strip() for name, cell in row.items() if cell.strip()}
        try:
            request = PriceRequest.model_validate(
                {name: value for name, value in fields.items() if name != "sku_id"}
            )
        except ValidationError as err:
            message = f"{err.errors()[0]['loc']}: {err.errors()[0]['msg']}"
            problems.append(
                ProblemReply(line=line, sku_id=fields.get("sku_id", "")[:80], message=message)
            )
            continue
        entries.append(
            Price(
                sku_id=fields.get("sku_id", ""),
                amount_minor=request.amount_minor,
                valid_from=request.valid_from or now,
                valid_until=request.valid_until,
                is_stopped=request.is_stopped,
            )
        )
    return entries, problems
