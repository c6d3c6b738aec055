"""The catalogue for people: find, read, change with a version, retire, picture: /api/v1/skus.

Flow: request -> permission -> form of sync/catalog.py -> store -> reply
"""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import AwareDatetime

from sync.price_list import Price
from trainer.hub.device_auth import read_body
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Reply, needs
from trainer.onboarding.picture_form import open_picture, to_jpeg
from trainer.store import prices, sku_table
from trainer.store.database import reading, writing
from trainer.store.fleet_list import list_audit
from trainer.store.role_permissions import Permission
from trainer.store.sku_table import CatalogueSku, Missing, SkuError, SkuQuery, Sort, StoredSku
from trainer.store.stores import find_store
from trainer.store.uploads import note_blob

MAX_PICTURE_BYTES = 8 * 1024 * 1024
PICTURE_SIDE_PX = 400  # as the kiosk shows it
PAGE = Query(ge=1, le=500)
RAW_PICTURE = {"requestBody": {"required": True, "content": {"image/jpeg": {}, "image/png": {}}}}


class SkuReply(CatalogueSku):
    """An SKU with what the centre knows beside it."""

    status: Literal["active", "retired"]
    version: int
    has_picture: bool
    updated_at: AwareDatetime
    amount_minor: int | None = None


class StorePrice(Reply):
    """What one store charges now."""

    store_id: str
    amount_minor: int
    currency: str
    exponent: int
    is_stopped: bool


class SkuDetail(SkuReply):
    """One SKU with its prices."""

    prices: list[StorePrice] = []


class SkuPage(Reply):
    """A page of SKUs."""

    total: int
    offset: int
    limit: int
    items: list[SkuReply]


class CategoryReply(Reply):
    """A category and how many SKUs are exactly there."""

    path: str
    num_skus: int


def raw_body(max_bytes: int) -> Callable[[Request], Coroutine[Any, Any, bytes]]:
    """A dependency that reads a file sent as the body, bounded."""

    async def read(request: Request) -> bytes:
        return await read_body(request, max_bytes)

    return read


def make_sku_router(services: HubServices) -> APIRouter:
    """Endpoints of SKUs and categories."""
    router = APIRouter(prefix="/api/v1", tags=["catalogue"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_READ))]

    @router.get("/skus")
    def list_all(
        who: reader,
        q: Annotated[str, Query(max_length=200)] = "",
        category: Annotated[str, Query(max_length=300)] = "",
        family: Annotated[str, Query(max_length=80)] = "",
        unit: Literal["", "each", "kg"] = "",
        tax_class: Annotated[str, Query(max_length=80)] = "",
        status: Literal["", "active", "retired"] = "active",
        store_id: Annotated[str, Query(max_length=63)] = "",
        missing: Missing = "",
        sort: Sort = "name",
        order: Literal["asc", "desc"] = "asc",
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        limit: Annotated[int, PAGE] = 50,
    ) -> SkuPage:
        query = SkuQuery(q, category, family, unit, tax_class, status, store_id, missing, sort,
                         order == "desc", offset, limit)  # fmt: skip
        return _page(services, query)

    @router.get("/categories")
    def categories(who: reader) -> list[CategoryReply]:
        with reading(engine) as connection:
            found = sku_table.list_categories(connection)
        return [CategoryReply(path=path, num_skus=count) for path, count in found.items()]

    @router.get("/skus/{sku_id}")
    def read(who: reader, sku_id: str) -> SkuDetail:
        return _detail(services, sku_id)

    @router.get("/skus/{sku_id}/history")
    def history(
        who: reader, sku_id: str, limit: Annotated[int, PAGE] = 100
    ) -> list[dict[str, Any]]:
        with reading(engine) as connection:
            sku_table.find_sku(connection, sku_id)
            return list_audit(connection, subject=f"sku:{sku_id}", limit=limit)

    @router.get("/skus/{sku_id}/picture", response_class=FileResponse)
    def picture(who: reader, sku_id: str) -> FileResponse:
        with reading(engine) as connection:
            blob = sku_table.find_sku(connection, sku_id).picture_blob
        if not blob or not services.blobs.has(blob):
            raise sku_table.UnknownSkuError(f"no picture of {sku_id}", hint="send one")
        return FileResponse(
            services.blobs.path(blob), media_type="image/jpeg",
            headers={"Cache-Control": "private, max-age=300"},
        )  # fmt: skip

    _add_changes(router, services)
    return router


def _add_changes(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    editor = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_CHANGE))]
    sent = Annotated[bytes, Depends(raw_body(MAX_PICTURE_BYTES))]

    @router.post("/skus", status_code=201)
    def create(who: editor, body: CatalogueSku) -> SkuReply:
        with writing(engine) as connection:
            made = sku_table.create_sku(connection, body, now=datetime.now(UTC), actor=who)
        return sku_reply(made)

    @router.put("/skus/{sku_id}")
    def change(
        who: editor, sku_id: str, body: CatalogueSku, version: Annotated[int, Query(ge=1, le=2**31)]
    ) -> SkuReply:
        if body.sku_id != sku_id:
            raise SkuError(
                f"{body.sku_id} is not {sku_id}", hint="an id never changes: make a new SKU"
            )
        with writing(engine) as connection:
            changed = sku_table.change_sku(
                connection, body, version=version, now=datetime.now(UTC), actor=who
            )
        return sku_reply(changed)

    @router.delete("/skus/{sku_id}", status_code=204)
    def retire(who: editor, sku_id: str) -> None:
        with writing(engine) as connection:
            sku_table.set_status(connection, sku_id, "retired", now=datetime.now(UTC), actor=who)

    @router.post("/skus/{sku_id}/restore")
    def restore(who: editor, sku_id: str) -> SkuReply:
        with writing(engine) as connection:
            known = sku_table.set_status(
                connection, sku_id, "active", now=datetime.now(UTC), actor=who
            )
        return sku_reply(known)

    @router.put("/skus/{sku_id}/picture", status_code=204, openapi_extra=RAW_PICTURE)
    def set_picture(who: editor, sku_id: str, data: sent) -> Response:
        keep_picture(services, sku_id, data, who)
        return Response(status_code=204)


def keep_picture(services: HubServices, sku_id: str, data: bytes, who: str) -> None:
    """Make an upload the catalogue picture of an SKU, small and without metadata.

    Raises:
        PictureError: it is none.
        UnknownSkuError: there is no such SKU.
    """
    jpeg = to_jpeg(open_picture(data), PICTURE_SIDE_PX)
    now = datetime.now(UTC)
    with reading(services.engine) as connection:
        sku_table.find_sku(connection, sku_id)
    blob = services.blobs.put(jpeg)
    with writing(services.engine) as connection:
        note_blob(connection, blob, len(jpeg), box_id="", now=now)
        sku_table.set_picture(connection, sku_id, blob, now=now, actor=who)


def sku_reply(stored: StoredSku, amount_minor: int | None = None) -> SkuReply:
    """An SKU as people read it."""
    return SkuReply.model_construct(**_said(stored), amount_minor=amount_minor)


def _said(stored: StoredSku) -> dict[str, Any]:
    return {
        **{name: getattr(stored.sku, name) for name in CatalogueSku.model_fields},
        "picture": None,
        "status": stored.status,
        "version": stored.version,
        "has_picture": bool(stored.picture_blob),
        "updated_at": stored.updated_at,
    }


def _page(services: HubServices, query: SkuQuery) -> SkuPage:
    now = datetime.now(UTC)
    with reading(services.engine) as connection:
        total, found = sku_table.list_skus(connection, query)
        ids = [stored.sku.sku_id for stored in found]
        entries: dict[str, list[Price]] = (
            prices.prices_of(connection, query.store_id, ids) if query.store_id else {}
        )
    amounts = {
        sku_id: current.amount_minor
        for sku_id, listed in entries.items()
        if (current := prices.in_force(listed, now)) is not None
    }
    items = [sku_reply(stored, amounts.get(stored.sku.sku_id)) for stored in found]
    return SkuPage(total=total, offset=query.offset, limit=query.limit, items=items)


def _detail(services: HubServices, sku_id: str) -> SkuDetail:
    with reading(services.engine) as connection:
        stored = sku_table.find_sku(connection, sku_id)
        current = prices.prices_of_sku(connection, sku_id, datetime.now(UTC))
        shops = {store_id: find_store(connection, store_id) for store_id in current}
    charged = [
        StorePrice(
            store_id=store_id,
            amount_minor=price.amount_minor,
            currency=shops[store_id].currency,
            exponent=shops[store_id].exponent,
            is_stopped=price.is_stopped,
        )
        for store_id, price in sorted(current.items())
    ]
    return SkuDetail.model_construct(**_said(stored), prices=charged)
