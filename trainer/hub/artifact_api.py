"""Artefacts of workers and people by their sha256: /api/v1/artifacts.

Flow: parts -> resumable upload -> hash -> artefact ; artefact | published blob -> bytes, by Range

A bundle's manifest is an artefact under the bundle's own id. What boxes uploaded (sealed pictures,
recordings) is never served here, whoever asks. Whoever names a digest must have sent every byte of
it: a blob that is here, or half here, helps nobody else. What a worker reads: worker_scope.py.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from trainer.hub.device_auth import read_body
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import needs
from trainer.hub.upload_form import progress_reply, upload_place
from trainer.hub.worker_scope import WorkerScope
from trainer.store import artifacts
from trainer.store.artifacts import UnknownArtifactError
from trainer.store.blobs import MAX_PART_BYTES, UploadProgress
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission


def make_artifact_router(services: HubServices) -> APIRouter:
    """Endpoints of artefacts."""
    router = APIRouter(prefix="/api/v1", tags=["artifacts"])
    engine, scope = services.engine, WorkerScope(services)
    reader = Annotated[str, Depends(needs(engine, Permission.ARTIFACTS_READ))]
    writer = Annotated[str, Depends(needs(engine, Permission.ARTIFACTS_WRITE))]

    async def body_of(request: Request) -> bytes:
        return await read_body(request, MAX_PART_BYTES)

    @router.head("/artifacts/{sha256}", status_code=204, response_class=Response)
    def progress(who: reader, sha256: str, request: Request) -> Response:
        digest = _digest(sha256)
        if _is_readable(services, scope, request, digest):
            size = services.blobs.size(digest)
            services.blobs.touch(digest)  # who asks names it next: no sweep before that
            return progress_reply(UploadProgress(size, is_complete=True), 204)
        with reading(engine) as connection:
            artifacts.require_free(connection, digest)
        return progress_reply(services.blobs.progress(digest, sender=who), 204)

    @router.get("/artifacts/{sha256}", response_class=FileResponse)
    def read(who: reader, sha256: str, request: Request) -> FileResponse:
        digest = _digest(sha256)
        if not _is_readable(services, scope, request, digest):
            raise UnknownArtifactError(f"no artefact {digest[:12]}", hint="was it uploaded?")
        return FileResponse(services.blobs.path(digest), media_type="application/octet-stream")

    @router.put("/artifacts/{sha256}", status_code=201, response_class=Response)
    def write(
        who: writer, sha256: str, request: Request, body: Annotated[bytes, Depends(body_of)]
    ) -> Response:
        digest = _digest(sha256)
        offset, total = upload_place(request, least_total=0)
        with reading(engine) as connection:
            artifacts.require_free(connection, digest)
            size = artifacts.find_size(connection, digest)
            is_mine = artifacts.is_holder(connection, digest, who)
        if is_mine and size is not None and services.blobs.has(digest):
            return progress_reply(UploadProgress(size, is_complete=True), 201)
        here = services.blobs.append(digest, offset, body, total=total, sender=who)
        if here.is_complete:
            with writing(engine) as connection:
                artifacts.note_artifact(
                    connection, digest, here.offset, now=datetime.now(UTC), actor=who
                )
        return progress_reply(here, 201 if here.is_complete else 202)

    return router


def _is_readable(services: HubServices, scope: WorkerScope, request: Request, sha256: str) -> bool:
    """An artefact, or what was published for every box: that lies flat beside the blobs."""
    with reading(services.engine) as connection:
        is_known = artifacts.find_size(connection, sha256) is not None
    if is_known and scope.reads(request, sha256):
        return services.blobs.has(sha256)
    return (services.repository / "blobs" / sha256).is_file()


def _digest(text: str) -> str:
    if len(text) != 64 or not set(text) <= set("0123456789abcdef"):
        raise UnknownArtifactError("an artefact is named by 64 hex digits", hint="sha256 of it")
    return text
