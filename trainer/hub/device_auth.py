"""Which box is calling: the signature, the date, the counter, the status.

Flow: request -> CallingBox, or a refusal with a stable code

Every endpoint but health and enrolment depends on this.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request
from sqlalchemy import Connection, Engine

from sync.device_identity import IdentityError, SignedRequest, claims_of, verify_request
from sync.errors import PublisherError
from sync.protocol import DIGEST_HEADER
from trainer.store.database import writing
from trainer.store.fleet import BoxRow, adopt_next_key, find_box, use_counter


class UnknownBoxError(PublisherError):
    """A request of a box that is not enrolled here."""

    code = "identity.not_enrolled"


class BodyTooLargeError(PublisherError):
    """More bytes than this endpoint takes."""

    code = "request.too_large"


class DamagedBodyError(PublisherError):
    """The body is not the one that was sent; nobody's fault but the road's."""

    code = "request.damaged"


@dataclass(frozen=True, slots=True)
class CallingBox:
    """A box whose request is its own, new and in time."""

    row: BoxRow
    claims: SignedRequest
    body: bytes
    now: datetime


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body, never more than allowed in memory.

    Raises:
        BodyTooLargeError: it is larger, whatever its Content-Length said.
    """
    hint = f"at most {max_bytes} bytes; send smaller batches"
    try:
        announced = int(request.headers.get("content-length", "0"))
    except ValueError as err:
        raise BodyTooLargeError("Content-Length is no number", hint=hint) from err
    if announced > max_bytes:
        raise BodyTooLargeError(f"body of {announced} bytes", hint=hint)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise BodyTooLargeError(f"body of more than {max_bytes} bytes", hint=hint)
        chunks.append(chunk)
    return b"".join(chunks)


def path_of(request: Request) -> str:
    """Path and query as they stood on the request line."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (raw.split(b"?")[0] + (b"?" + query if query else b"")).decode("ascii", "replace")


def identify(engine: Engine, request: Request, body: bytes) -> CallingBox:
    """Prove who is calling, in a transaction of its own; see `identify_in`."""
    with writing(engine) as connection:
        return identify_in(connection, request, body)


def identify_in(connection: Connection, request: Request, body: bytes) -> CallingBox:
    """Prove who is calling and that the request is new, inside the caller's transaction.

    One commit for the counter and what the request does: half the time of a check-in.

    Raises:
        IdentityError: not signed, not in time, or not by this box.
        UnknownBoxError: not enrolled, revoked or quarantined.
        ReplayError: the request was seen before.
        DamagedBodyError: it says itself that its body was another one.
    """
    now = datetime.now(UTC)
    claims = claims_of(request.headers)
    digest = hashlib.sha256(body).digest()
    _require_whole(request.headers.get(DIGEST_HEADER, ""), digest)
    body_sha256 = digest.hex()
    box = find_box(connection, claims.box_id)
    if box is None or box.status != "enrolled":
        raise UnknownBoxError(
            f"box {claims.box_id} is {box.status if box else 'not known here'}",
            hint="ask the operator of the hub; enrolment: edgectl enrol",
        )
    key = _key_that_signed(request, box, body_sha256, now)
    use_counter(connection, box.box_id, claims.epoch, claims.counter, now=now)
    if key != box.public_key:
        adopt_next_key(connection, box, now=now)
    return CallingBox(box, claims, body, now)


def _require_whole(said: str, digest: bytes) -> None:
    """Raise where a request names its body's digest and it is another one.

    Raises:
        DamagedBodyError: as the name says.

    Source: RFC 9530, Content-Digest; only sha-256 is looked at.
    """
    if said.startswith("sha-256=") and said != f"sha-256=:{base64.b64encode(digest).decode()}:":
        raise DamagedBodyError("body was damaged on its way", hint="send it again")


def _key_that_signed(request: Request, box: BoxRow, body_sha256: str, now: datetime) -> str:
    """The box's key, or the one it is changing to.

    Raises:
        IdentityError: neither signed this request.
    """
    keys = [key for key in (box.public_key, box.next_public_key) if key]
    failure: IdentityError | None = None
    for key in keys:
        try:
            verify_request(
                request.headers,
                key,
                method=request.method,
                path=path_of(request),
                body_sha256=body_sha256,
                now=now,
            )
        except IdentityError as err:
            failure = err
        else:
            return key
    assert failure is not None
    raise failure
