"""What people and hubctl call: boxes, enrolment, remote commands, audit. Roles decide who may.

Flow: request with a cookie or a bearer token -> permission -> store -> JSON
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field
from sqlalchemy import Engine

from trainer.hub.people_auth import Body, Caller, Reply, needs
from trainer.store import enrolment, fleet
from trainer.store.api_tokens import Role, create_token, list_tokens, revoke_token
from trainer.store.database import reading, writing
from trainer.store.fleet_list import list_audit, list_boxes
from trainer.store.role_permissions import Permission

BoxStatus = Literal["", "pending", "enrolled", "revoked", "quarantined"]


class ClaimCodeRequest(Body):
    """For one box; an empty name lets the installer choose."""

    box_id: str = Field(default="", max_length=63)
    store_id: str | None = None
    ring: str = Field(default="", max_length=63)


class AcceptRequest(Body):
    """The six words as the person read them on the box's screen."""

    fingerprint_words: str
    store_id: str | None = None
    ring: str = Field(default="", max_length=63)


class StatusRequest(Body):
    """Revoke a box, or let one back in after a person looked."""

    status: Literal["enrolled", "revoked"]
    reason: str = Field(min_length=3, max_length=200)


class CommandRequest(Body):
    """A remote command."""

    kind: Literal["restart", "logs", "support_bundle", "drop_candidate", "rollback", "picture"]


class TokenRequest(Body):
    """A token for a person or a worker; `days` is how long it lives, 0 for ever."""

    name: str = Field(min_length=1, max_length=120)
    role: Role
    days: int = Field(default=0, ge=0, le=3660)


class TokenReply(Reply):
    """A token without its secret."""

    name: str
    role: Role
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    is_revoked: bool


def make_operator_router(engine: Engine) -> APIRouter:
    """Endpoints below /v1/operator."""
    router = APIRouter(prefix="/v1/operator", tags=["operator"])
    viewer = Annotated[str, Depends(needs(engine, Permission.FLEET_READ))]
    auditor = Annotated[str, Depends(needs(engine, Permission.AUDIT_READ))]
    operator = Annotated[str, Depends(needs(engine, Permission.FLEET_CHANGE))]
    admin = Annotated[str, Depends(needs(engine, Permission.ACCOUNTS_CHANGE))]

    @router.get("/boxes")
    def boxes(
        who: viewer,
        status: BoxStatus = "",
        after: Annotated[str, Query(max_length=63)] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> list[dict[str, Any]]:
        with reading(engine) as connection:
            return list_boxes(
                connection, now=datetime.now(UTC), status=status, after=after, limit=limit
            )

    @router.get("/audit")
    def audit_entries(
        who: auditor, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[dict[str, Any]]:
        with reading(engine) as connection:
            return list_audit(connection, limit=limit)

    @router.post("/claim-codes")
    def claim_code(who: operator, body: ClaimCodeRequest) -> dict[str, str]:
        with writing(engine) as connection:
            code = enrolment.create_claim_code(
                connection,
                now=datetime.now(UTC),
                actor=who,
                box_id=body.box_id,
                store_id=body.store_id,
                ring=body.ring,
            )
        return {"claim_code": code}

    @router.get("/tokens")
    def tokens(who: admin) -> list[TokenReply]:
        with reading(engine) as connection:
            return [TokenReply(**row) for row in list_tokens(connection)]

    @router.post("/tokens")
    def token(who: admin, body: TokenRequest) -> dict[str, str]:
        now = datetime.now(UTC)
        ends = now + timedelta(days=body.days) if body.days else None
        with writing(engine) as connection:
            made = create_token(
                connection, body.name, body.role, now=now, actor=who, expires_at=ends
            )
        return {"token": made}

    @router.delete("/tokens/{name}", status_code=204)
    def drop_token(who: admin, name: str) -> None:
        with writing(engine) as connection:
            revoke_token(connection, name, now=datetime.now(UTC), actor=who)

    _add_box_endpoints(router, engine, needs(engine, Permission.FLEET_CHANGE))
    return router


def _add_box_endpoints(router: APIRouter, engine: Engine, needs_operator: Caller) -> None:
    operator = Annotated[str, Depends(needs_operator)]

    @router.post("/boxes/{box_id}/accept")
    def accept(who: operator, box_id: str, body: AcceptRequest) -> dict[str, str]:
        with writing(engine) as connection:
            box = enrolment.accept(
                connection,
                box_id,
                now=datetime.now(UTC),
                actor=who,
                words=body.fingerprint_words,
                store_id=body.store_id,
                ring=body.ring,
            )
        return {"status": box.status}

    @router.post("/boxes/{box_id}/status")
    def set_status(who: operator, box_id: str, body: StatusRequest) -> dict[str, str]:
        with writing(engine) as connection:
            enrolment.set_status(
                connection, box_id, body.status, now=datetime.now(UTC), actor=who,
                reason=body.reason,
            )  # fmt: skip
        return {"status": body.status}

    @router.post("/boxes/{box_id}/replace")
    def replace(who: operator, box_id: str) -> dict[str, str]:
        with writing(engine) as connection:
            code = enrolment.replace_box(connection, box_id, now=datetime.now(UTC), actor=who)
        return {"claim_code": code}

    @router.post("/boxes/{box_id}/commands")
    def command(who: operator, box_id: str, body: CommandRequest) -> dict[str, str]:
        with writing(engine) as connection:
            command_id = fleet.ask_box(
                connection, box_id, body.kind, now=datetime.now(UTC), actor=who
            )
        return {"command_id": command_id}
