"""Catalogue pictures as one ZIP named by GTIN or SKU: /api/v1/photo-archives.

Flow: parts -> resumable upload -> preview | taken, a portion per request -> report

An SKU that has a picture keeps it, so a portion that is sent again changes nothing.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field
from sqlalchemy import Connection, or_, select

from trainer.hub.device_auth import read_body
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Reply, needs
from trainer.hub.sku_api import keep_picture
from trainer.hub.upload_form import progress_reply, upload_place
from trainer.onboarding.photo_archive import ArchivedPhoto, ArchiveError, count_photos, photos_in
from trainer.onboarding.picture_form import PictureError, open_picture
from trainer.store import artifacts
from trainer.store.blobs import MAX_PART_BYTES
from trainer.store.catalogue_tables import SKUS
from trainer.store.database import reading
from trainer.store.role_permissions import Permission

PORTION = 200
MAX_GTIN_DIGITS = 14


class RefusedPhoto(Reply):
    """A picture that was left out, and why."""

    name: str
    reason: str


class ArchiveReply(Reply):
    """What a portion of an archive would do, or did.

    Attributes:
        next: ask again with this `start`; null after the last portion.
    """

    is_preview: bool
    num_photos: int
    taken: list[str] = Field(description="SKUs that get, or got, their picture.")
    has_one: list[str]
    unknown: list[str]
    refused: list[RefusedPhoto]
    next: int | None


def make_photo_archive_router(services: HubServices) -> APIRouter:
    """Endpoints of archives of photos."""
    router = APIRouter(prefix="/api/v1", tags=["catalogue"])
    engine = services.engine
    editor = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_CHANGE))]

    async def body_of(request: Request) -> bytes:
        return await read_body(request, MAX_PART_BYTES)

    @router.put("/photo-archives/{sha256}", status_code=201, response_class=Response)
    def upload(
        who: editor, sha256: str, request: Request, body: Annotated[bytes, Depends(body_of)]
    ) -> Response:
        _require_ours(services, sha256)
        offset, total = upload_place(request)
        here = services.blobs.append(sha256, offset, body, total=total)
        return progress_reply(here, 201 if here.is_complete else 202)

    @router.post("/photo-archives/{sha256}/import")
    def take(
        who: editor,
        sha256: str,
        preview: bool = True,
        start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    ) -> ArchiveReply:
        _require_ours(services, sha256)
        if not services.blobs.has(sha256):
            raise ArchiveError(f"archive {sha256[:12]} is not here", hint="upload it first")
        return _portion(services, sha256, start, who, is_preview=preview)

    return router


def _portion(
    services: HubServices, sha256: str, start: int, who: str, *, is_preview: bool
) -> ArchiveReply:
    path = services.blobs.path(sha256)
    total = count_photos(path)
    taken: list[str] = []
    has_one: list[str] = []
    unknown: list[str] = []
    refused: list[RefusedPhoto] = []
    for photo in photos_in(path, start=start, limit=PORTION):
        with reading(services.engine) as connection:
            sku_id, has_picture = _sku_named(connection, photo.stem)
        if not sku_id:
            unknown.append(photo.stem)
        elif has_picture or sku_id in taken:
            has_one.append(sku_id)
        elif reason := _refusal(services, sku_id, photo, who, is_preview):
            refused.append(RefusedPhoto(name=photo.stem, reason=reason))
        else:
            taken.append(sku_id)
    after = start + PORTION
    return ArchiveReply(
        is_preview=is_preview, num_photos=total, taken=taken, has_one=has_one, unknown=unknown,
        refused=refused, next=after if after < total else None,
    )  # fmt: skip


def _refusal(
    services: HubServices, sku_id: str, photo: ArchivedPhoto, who: str, is_preview: bool
) -> str:
    """Why this picture cannot be taken; empty once it is, or would be."""
    if photo.problem:
        return photo.problem
    try:
        if is_preview:
            open_picture(photo.data)
        else:
            keep_picture(services, sku_id, photo.data, who)
    except PictureError as err:
        return str(err)
    return ""


def _sku_named(connection: Connection, stem: str) -> tuple[str, bool]:
    """The active SKU whose id or GTIN is the file's name, and whether it has a picture."""
    is_code = stem.isascii() and stem.isdigit() and len(stem) <= MAX_GTIN_DIGITS
    same = [SKUS.c.sku_id == stem] + ([SKUS.c.gtin == stem.zfill(14)] if is_code else [])
    row = connection.execute(
        select(SKUS.c.sku_id, SKUS.c.picture_blob)
        .where(or_(*same), SKUS.c.status == "active")
        .order_by(SKUS.c.sku_id != stem)
        .limit(1)
    ).first()
    return ("", False) if row is None else (row.sku_id, bool(row.picture_blob))


def _require_ours(services: HubServices, sha256: str) -> None:
    """A digest that no box sent; anything else is named wrongly."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ArchiveError("an archive is named by 64 hex digits", hint="sha256 of it")
    with reading(services.engine) as connection:
        artifacts.require_free(connection, sha256)
