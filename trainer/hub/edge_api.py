"""The hub half of sync/protocol.py: what boxes call.

Flow: signed request -> store -> reply after the commit

A check-in and a batch are one transaction with their identity check, other requests one after it.
Nothing here decides about models; assignments are signed metadata that the box reads itself.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse
from pydantic import ValidationError
from sqlalchemy import Engine

from sync.chunk_list import chunk_list
from sync.device_identity import (
    IdentityError,
    claims_of,
    fingerprint_words,
    is_signature_of,
    verify_request,
)
from sync.errors import PublisherError
from sync.protocol import (
    ENDPOINTS,
    Batch,
    BatchReply,
    CheckIn,
    CheckInReply,
    CommandResult,
    EnrolReply,
    EnrolRequest,
    RekeyRequest,
    WireMessage,
)
from trainer.hub.device_auth import CallingBox, identify, identify_in, path_of, read_body
from trainer.hub.upload_form import progress_reply, upload_place
from trainer.store import enrolment, fleet
from trainer.store.blobs import FolderBlobs
from trainer.store.database import writing
from trainer.store.inbox import take_batch
from trainer.store.settled_cases import settled_baskets
from trainer.store.uploads import note_blob

MessageT = TypeVar("MessageT", bound=WireMessage)


class BadMessageError(PublisherError):
    """A body that is not of its endpoint's form."""

    code = "request.malformed"


class NotHereError(PublisherError):
    """No such thing at this hub."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class EdgeServices:
    """What the endpoints need; made once at start.

    Attributes:
        repository: folder of the signed metadata, served as it stands.
        root_sha256: of the first root, which a box compares with the one it was given.
        sealing_public_key: X25519, hex; pictures are sealed to it before they are queued.
    """

    engine: Engine
    blobs: FolderBlobs
    repository: Path
    root_sha256: str
    sealing_public_key: str
    check_in_interval_s: int


def make_router(services: EdgeServices) -> APIRouter:
    """Every endpoint of the table but health."""
    router = APIRouter(tags=["edge"])

    async def body_of(request: Request) -> bytes:
        name = str(request.scope["route"].name)
        return await read_body(request, min(ENDPOINTS[name].max_bytes, 16 * 1024 * 1024))

    def calling_box(request: Request, body: Annotated[bytes, Depends(body_of)]) -> CallingBox:
        return identify(services.engine, request, body)

    box_of = Annotated[CallingBox, Depends(calling_box)]
    body_in = Annotated[bytes, Depends(body_of)]

    @router.post(ENDPOINTS["enrol"].path, name="enrol")
    async def enrol(request: Request) -> EnrolReply:
        body = await read_body(request, ENDPOINTS["enrol"].max_bytes)
        return _enrol(services, request, body)

    @router.post(ENDPOINTS["rekey"].path, name="rekey")
    def rekey(box: box_of) -> EnrolReply:
        return _rekey(services, box)

    @router.post(ENDPOINTS["check_in"].path, name="check_in")
    def check_in(request: Request, body: body_in) -> CheckInReply:
        return _check_in(services, request, body)

    @router.post(ENDPOINTS["batch"].path, name="batch")
    def batch(request: Request, body: body_in) -> BatchReply:
        with writing(services.engine) as connection:
            box = identify_in(connection, request, body)
            message = _parse(Batch, body)
            taken = take_batch(connection, box.row.box_id, box.row.store_id, message, now=box.now)
        return BatchReply(
            epoch=message.epoch,
            acked_through=taken.acked_through,
            acked=taken.acked,
            missing_blobs=taken.missing_blobs,
            refused=taken.refused,
        )

    @router.post(ENDPOINTS["command_result"].path, name="command_result", status_code=204)
    def command_result(box: box_of) -> None:
        message = _parse(CommandResult, box.body)
        with writing(services.engine) as connection:
            is_known = fleet.finish_command(
                connection,
                box.row.box_id,
                message.command_id,
                is_done=message.is_done,
                message=message.message,
                blob=message.blob,
                now=box.now,
            )
        if not is_known:
            raise NotHereError(f"no command {message.command_id} for this box")

    _add_blob_endpoints(router, services, calling_box)
    return router


def _add_blob_endpoints(
    router: APIRouter, services: EdgeServices, calling_box: Callable[..., object]
) -> None:
    box_of = Annotated[CallingBox, Depends(calling_box)]

    @router.head(ENDPOINTS["upload_offset"].path, name="upload_offset")
    def upload_offset(sha256: str, box: box_of) -> Response:
        return progress_reply(services.blobs.progress(_digest(sha256)), 204)

    @router.put(ENDPOINTS["upload"].path, name="upload")
    def upload(sha256: str, request: Request, box: box_of) -> Response:
        offset, total = upload_place(request)
        progress = services.blobs.append(_digest(sha256), offset, box.body, total=total)
        if progress.is_complete:
            with writing(services.engine) as connection:
                note_blob(connection, sha256, progress.offset, box_id=box.row.box_id, now=box.now)
        return progress_reply(progress, 201 if progress.is_complete else 202)

    @router.get(ENDPOINTS["download"].path, name="download")
    def download(sha256: str, box: box_of) -> FileResponse:
        if not services.blobs.has(_digest(sha256)):
            raise NotHereError(f"no blob {sha256[:12]}")
        return FileResponse(services.blobs.path(sha256), media_type="application/octet-stream")

    @router.get(ENDPOINTS["chunk_list"].path, name="chunk_list")
    def chunks(sha256: str, box: box_of) -> Response:
        if not services.blobs.has(_digest(sha256)):
            raise NotHereError(f"no blob {sha256[:12]}")
        listed = chunk_list(services.blobs.path(sha256))
        return Response(listed, media_type="application/octet-stream")

    @router.get("/v1/tuf/{name:path}", name="metadata")
    def metadata(name: str, box: box_of) -> FileResponse:
        path = (services.repository / name).resolve()
        if not path.is_relative_to(services.repository.resolve()) or not path.is_file():
            raise NotHereError(f"no metadata {name[:80]}")
        return FileResponse(path, media_type="application/octet-stream")


def _enrol(services: EdgeServices, request: Request, body: bytes) -> EnrolReply:
    message = _parse(EnrolRequest, body)
    now = datetime.now(UTC)
    _prove_own_key(request, body, message, now)
    with writing(services.engine) as connection:
        box = enrolment.enrol(
            connection, message.box_id, message.public_key, message.claim_code, now=now
        )
    return _enrol_reply(services, box)


def _prove_own_key(request: Request, body: bytes, message: EnrolRequest, now: datetime) -> None:
    verify_request(
        request.headers,
        message.public_key,
        method=request.method,
        path=path_of(request),
        body_sha256=hashlib.sha256(body).hexdigest(),
        now=now,
    )
    if claims_of(request.headers).box_id != message.box_id:
        raise IdentityError("signed for another box than it names", hint="enrol again")


def _rekey(services: EdgeServices, box: CallingBox) -> EnrolReply:
    message = _parse(RekeyRequest, box.body)
    proof = f"tillsight-rekey-1\n{box.row.box_id}\n{message.public_key}".encode()
    if not is_signature_of(message.public_key, proof, message.proof):
        raise IdentityError("the new key did not sign for itself", hint="re-key again")
    with writing(services.engine) as connection:
        fleet.set_next_key(connection, box.row.box_id, message.public_key, now=box.now)
    return _enrol_reply(services, box.row)


def _check_in(services: EdgeServices, request: Request, body: bytes) -> CheckInReply:
    try:
        with writing(services.engine) as connection:
            box = identify_in(connection, request, body)
            message = _parse(CheckIn, body)
            nonce = fleet.check_in(connection, box.row, message, now=box.now)
            commands = fleet.waiting_commands(connection, box.row.box_id)
            candidate = message.bundles.get("candidate", "")
            settled = settled_baskets(connection, box.row.box_id, candidate)
    except fleet.CloneError as err:
        with writing(services.engine) as connection:
            enrolment.set_status(
                connection, box.row.box_id, "quarantined", now=box.now, actor="hub",
                reason=str(err),
            )  # fmt: skip
        raise
    return CheckInReply(
        next_nonce=nonce,
        server_time=box.now,
        interval_s=services.check_in_interval_s,
        commands=commands,
        updates_version=_updates_version(services.repository),
        settled=settled,
    )


def _updates_version(repository: Path) -> int:
    """Version of the timestamp role; 0 before the first publication."""
    path = repository / "timestamp.json"
    try:
        return int(json.loads(path.read_bytes())["signed"]["version"])
    except (OSError, ValueError, KeyError):
        return 0


def _enrol_reply(services: EdgeServices, box: fleet.BoxRow) -> EnrolReply:
    return EnrolReply(
        status="enrolled" if box.status == "enrolled" else "pending",
        fingerprint_words=fingerprint_words(box.public_key),
        root_sha256=services.root_sha256,
        sealing_public_key=services.sealing_public_key,
        store_id=box.store_id or "",
        ring=box.ring,
        next_nonce=box.nonce if box.status == "enrolled" else "",
    )


def _parse(kind: type[MessageT], body: bytes) -> MessageT:
    try:
        return kind.model_validate_json(body)
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadMessageError(
            f"{place}: {first['msg']}", hint="see /openapi.json of the hub"
        ) from err


def _digest(text: str) -> str:
    if len(text) != 64 or not set(text) <= set("0123456789abcdef"):
        raise BadMessageError("a blob is named by 64 hex digits")
    return text
