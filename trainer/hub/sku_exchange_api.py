"""The catalogue as a file: /api/v1/skus-export, /api/v1/skus-import with a preview.

Flow: file -> plan -> preview for a person | applied all or nothing
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response

from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Reply, needs
from trainer.hub.sku_api import raw_body
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission
from trainer.store.sku_exchange import (
    ImportPlan,
    apply_import,
    plan_import,
    read_csv,
    read_json,
    to_csv,
    to_json,
)
from trainer.store.sku_table import all_active, differences

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_SHOWN = 200
RAW_FILE = {"requestBody": {"required": True, "content": {"application/octet-stream": {}}}}

Form = Literal["csv", "json"]


class ProblemReply(Reply):
    """What is wrong with one row."""

    line: int
    sku_id: str
    message: str


class ChangeReply(Reply):
    """What would become of one SKU: field -> before and after."""

    sku_id: str
    kind: Literal["created", "changed"]
    fields: dict[str, tuple[str, str]]


class ImportReply(Reply):
    """What a file would do, or did; the first 200 of each list."""

    is_preview: bool
    num_created: int
    num_changed: int
    num_unchanged: int
    num_errors: int
    errors: list[ProblemReply]
    changes: list[ChangeReply]


def make_sku_exchange_router(services: HubServices) -> APIRouter:
    """Export and import of the catalogue."""
    router = APIRouter(prefix="/api/v1", tags=["catalogue"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_READ))]
    editor = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_CHANGE))]
    sent = Annotated[bytes, Depends(raw_body(MAX_FILE_BYTES))]

    @router.get("/skus-export", response_class=Response)
    def export(who: reader, format: Form = "csv") -> Response:
        with reading(engine) as connection:
            skus = all_active(connection)
        if format == "json":
            return file_reply(to_json(skus), "application/json", "catalogue.json")
        return file_reply(to_csv(skus), "text/csv; charset=utf-8", "catalogue.csv")

    @router.post("/skus-import", openapi_extra=RAW_FILE)
    def take(who: editor, data: sent, format: Form = "csv", preview: bool = True) -> ImportReply:
        rows = read_json(data) if format == "json" else read_csv(data)
        if preview:
            with reading(engine) as connection:
                return _report(plan_import(connection, rows), is_preview=True)
        with writing(engine) as connection:
            plan = plan_import(connection, rows)
            if not plan.problems:
                apply_import(connection, plan, now=datetime.now(UTC), actor=who)
        return _report(plan, is_preview=bool(plan.problems))

    return router


def file_reply(text: str, media_type: str, name: str) -> Response:
    """A file to save."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type=media_type, headers=headers)


def _report(plan: ImportPlan, *, is_preview: bool) -> ImportReply:
    """`is_preview` stays true where errors kept the file from being taken."""
    created = [
        ChangeReply(sku_id=sku.sku_id, kind="created", fields={"name": ("", sku.names["en"])})
        for sku in plan.created[:MAX_SHOWN]
    ]
    changed = [
        ChangeReply(sku_id=new.sku_id, kind="changed", fields=differences(old.sku, new))
        for old, new in plan.changed[:MAX_SHOWN]
    ]
    return ImportReply(
        is_preview=is_preview,
        num_created=len(plan.created),
        num_changed=len(plan.changed),
        num_unchanged=plan.num_unchanged,
        num_errors=len(plan.problems),
        errors=[
            ProblemReply(line=p.line, sku_id=p.sku_id, message=p.message)
            for p in plan.problems[:MAX_SHOWN]
        ],
        changes=(changed + created)[:MAX_SHOWN],
    )
