"""Versions of data sets for people and workers: /api/v1/datasets.

Flow: filter + rules + split -> version ; version -> pages of items, pictures, quarantine, diff

A version is named by its sha256 or by a beginning of it that only one has. Its pictures are served
here and only those: a recording can be in no version, so nobody who trains can read the blind set.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse

from trainer.dataset.manifest import Split
from trainer.dataset.manifest_diff import diff_manifests
from trainer.hub.dataset_desk import DatasetDesk
from trainer.hub.dataset_forms import (
    After,
    CreateRequest,
    DatasetDetails,
    DatasetPage,
    DatasetReply,
    DiffReply,
    ItemPage,
    ItemRow,
    Limit,
    MeasureReply,
    MeasureRequest,
    PinRequest,
    QuarantinePage,
    QuarantineRow,
    RebuildReply,
    SharesReply,
    diff_reply,
    rebuild_reply,
    row_of,
)
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import needs
from trainer.hub.worker_scope import WorkerScope
from trainer.store import dataset_shares, datasets
from trainer.store.database import reading, writing
from trainer.store.datasets import ItemQuery, StoredDataset, UnknownDatasetError
from trainer.store.role_permissions import Permission


def make_dataset_router(services: HubServices) -> APIRouter:
    """Endpoints of data sets."""
    router = APIRouter(prefix="/api/v1", tags=["datasets"])
    engine = services.engine
    desk, scope = DatasetDesk(services), WorkerScope(services)
    reader = Annotated[str, Depends(needs(engine, Permission.DATASETS_READ))]
    fetcher = Annotated[str, Depends(needs(engine, Permission.DATASETS_FETCH))]

    @router.get("/datasets")
    def list_all(
        who: reader,
        name: Annotated[str, Query(max_length=100)] = "",
        before: Annotated[int, Query(ge=0, le=2_000_000_000)] = 0,
        limit: Limit = 50,
    ) -> DatasetPage:
        with reading(engine) as connection:
            found = datasets.list_all(connection, name=name, before=before, limit=limit)
        last = found[-1].dataset_no if len(found) == limit else 0
        return DatasetPage(items=[DatasetReply(**row_of(d)) for d in found], before=last)

    @router.get("/datasets/{version}")
    def read(who: reader, version: str) -> DatasetDetails:
        with reading(engine) as connection:
            stored = datasets.find(connection, version)
            reasons = datasets.quarantine_counts(connection, stored.dataset_no)
            models = datasets.models_of(connection, [stored.version_id])
        return DatasetDetails(**row_of(stored), quarantined_by_reason=reasons, models=models)

    @router.get("/datasets/{version}/manifest", response_class=FileResponse)
    def manifest(who: fetcher, version: str, request: Request) -> FileResponse:
        scope.require_dataset(request, version)
        path = desk.manifest_file(_find(services, version).version_id)
        return FileResponse(path, media_type="application/x-ndjson")

    @router.get("/datasets/{version}/pictures/{picture}", response_class=Response)
    def picture(who: fetcher, version: str, picture: str, request: Request) -> Response:
        scope.require_dataset(request, version)
        data = desk.picture(version, picture)
        if data is None:
            raise UnknownDatasetError(f"no picture {picture[:12]!r} here", hint="see its items")
        return Response(data, media_type="image/jpeg")

    _add_pages(router, services, desk)
    _add_changes(router, services, desk)
    return router


def _add_pages(router: APIRouter, services: HubServices, desk: DatasetDesk) -> None:
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.DATASETS_READ))]

    @router.get("/datasets/{version}/items")
    def items(
        who: reader,
        version: str,
        split: Split | None = None,
        store_id: Annotated[str, Query(max_length=63)] = "",
        sku_id: Annotated[str, Query(max_length=80)] = "",
        after: After = -1,
        limit: Limit = 100,
    ) -> ItemPage:
        query = ItemQuery(after, limit, split or "", store_id, sku_id)
        with reading(engine) as connection:
            number = datasets.find(connection, version).dataset_no
            found = datasets.items_page(connection, number, query)
        last = found[-1]["position"] if len(found) == limit else -1
        return ItemPage(items=[ItemRow(**row) for row in found], after=last)

    @router.get("/datasets/{version}/shares")
    def shares(who: reader, version: str) -> SharesReply:
        with reading(engine) as connection:
            number = datasets.find(connection, version).dataset_no
            return SharesReply(**dataset_shares.shares_of(connection, number))

    @router.get("/datasets/{version}/quarantine")
    def quarantine(
        who: reader,
        version: str,
        reason: Annotated[str, Query(max_length=40)] = "",
        after: After = -1,
        limit: Limit = 100,
    ) -> QuarantinePage:
        with reading(engine) as connection:
            number = datasets.find(connection, version).dataset_no
            found = datasets.quarantine_page(
                connection, number, reason=reason, after=after, limit=limit
            )
        last = found[-1]["position"] if len(found) == limit else -1
        return QuarantinePage(items=[QuarantineRow(**row) for row in found], after=last)

    @router.get("/datasets/{version}/diff/{other}")
    def diff(who: reader, version: str, other: str) -> DiffReply:
        before = desk.manifest(_find(services, version).version_id)
        after = desk.manifest(_find(services, other).version_id)
        return diff_reply(diff_manifests(before, after))


def _add_changes(router: APIRouter, services: HubServices, desk: DatasetDesk) -> None:
    engine = services.engine
    maker = Annotated[str, Depends(needs(engine, Permission.DATASETS_CHANGE))]

    @router.post("/datasets/measure")
    def measure(who: maker, body: MeasureRequest) -> MeasureReply:
        measured, missing = desk.measure(body.chosen(), body.limit)
        return MeasureReply(num_measured=measured, num_missing=missing)

    @router.post("/datasets", status_code=201)
    def create(who: maker, body: CreateRequest) -> DatasetReply:
        rules, rule = body.rules.limits(), body.split.rule()
        stored = desk.create(body.name, body.note, body.chosen(), rules, rule, who)
        return DatasetReply(**row_of(stored))

    @router.post("/datasets/{version}/rebuild")
    def rebuild(who: maker, version: str) -> RebuildReply:
        return rebuild_reply(desk.rebuild(version))

    @router.put("/datasets/{version}/pin")
    def pin(who: maker, version: str, body: PinRequest) -> DatasetReply:
        with writing(engine) as connection:
            stored = datasets.set_pin(
                connection, version, is_pinned=body.is_pinned, now=datetime.now(UTC), actor=who
            )
        return DatasetReply(**row_of(stored))

    @router.delete("/datasets/{version}", status_code=204)
    def drop(who: maker, version: str) -> None:
        with writing(engine) as connection:
            stored = datasets.drop(connection, version, now=datetime.now(UTC), actor=who)
        services.blobs.forget(stored.version_id)


def _find(services: HubServices, version: str) -> StoredDataset:
    with reading(services.engine) as connection:
        return datasets.find(connection, version)
