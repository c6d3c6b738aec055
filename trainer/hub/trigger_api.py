"""Triggers for people and programs, and the door for pushes of a forge: /api/v1/triggers.

Flow: plan -> trigger ; conditions | program | person | signed push -> firing -> job

A push needs no token: it shows HMAC-SHA256 of its body under the trigger's own secret, as GitHub
and Gitea send it (`X-Hub-Signature-256`), and a delivery id that makes it happen once.
"""

import hashlib
import hmac
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, Field

from trainer.hub.care_clock import announce_firing
from trainer.hub.device_auth import read_body
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.monitoring.triggers import TriggerPlan
from trainer.store import trigger_book
from trainer.store.api_tokens import TokenError
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission
from trainer.store.trigger_book import Firing, StoredTrigger

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$")]
MAX_PUSH_BYTES = 1024 * 1024
MAX_DELIVERY_ID = 100


class TriggerRequest(Body):
    """A name and a plan."""

    name: Name
    plan: TriggerPlan


class TriggerPatch(Body):
    """What to change."""

    is_active: bool | None = None
    plan: TriggerPlan | None = None


class FireRequest(Body):
    """Fire now; the same occasion twice fires once."""

    occasion: str = Field(default="", max_length=120, pattern=r"^[\x20-\x7e]*$")
    reason: str = Field(default="asked for", min_length=1, max_length=200, pattern=r"^[^\x00]*$")


class TriggerReply(Reply):
    """A trigger; `last_state` says why it fired or waits."""

    trigger_id: str
    name: str
    is_active: bool
    plan: TriggerPlan
    last_state: str
    since: AwareDatetime
    created_by: str
    created_at: AwareDatetime


class NewTriggerReply(TriggerReply):
    """The only answer that holds the secret of its push webhook."""

    push_secret: str
    push_path: str


class FiringReply(Reply):
    """One time it fired."""

    firing_id: int
    occasion: str
    reasons: list[str]
    job_id: str
    cost: int
    by: str
    at: AwareDatetime


class FiredReply(FiringReply):
    """A firing, and whether this request made it."""

    is_new: bool


def make_trigger_router(services: HubServices) -> APIRouter:
    """Endpoints of triggers."""
    router = APIRouter(tags=["triggers"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.JOBS_READ))]
    person = Annotated[str, Depends(needs(engine, Permission.JOBS_CHANGE))]

    @router.get("/api/v1/triggers")
    def list_all(who: reader) -> list[TriggerReply]:
        with reading(engine) as connection:
            return [TriggerReply(**_values(t)) for t in trigger_book.list_triggers(connection)]

    @router.post("/api/v1/triggers", status_code=201)
    def create(who: person, body: TriggerRequest) -> NewTriggerReply:
        with writing(engine) as connection:
            made, secret = trigger_book.create_trigger(
                connection, body.name, body.plan, now=datetime.now(UTC), actor=who
            )
        path = f"/v1/hooks/push/{made.trigger_id}"
        return NewTriggerReply(**_values(made), push_secret=secret, push_path=path)

    @router.get("/api/v1/triggers/{trigger_id}")
    def read(who: reader, trigger_id: str) -> TriggerReply:
        with reading(engine) as connection:
            return TriggerReply(**_values(trigger_book.find_trigger(connection, trigger_id)))

    @router.patch("/api/v1/triggers/{trigger_id}")
    def change(who: person, trigger_id: str, body: TriggerPatch) -> TriggerReply:
        with writing(engine) as connection:
            found = trigger_book.find_trigger(connection, trigger_id)
            changed = trigger_book.change_trigger(
                connection, found.trigger_id, is_active=body.is_active, plan=body.plan,
                now=datetime.now(UTC), actor=who,
            )  # fmt: skip
        return TriggerReply(**_values(changed))

    @router.delete("/api/v1/triggers/{trigger_id}", status_code=204)
    def delete(who: person, trigger_id: str) -> None:
        with writing(engine) as connection:
            found = trigger_book.find_trigger(connection, trigger_id)
            trigger_book.delete_trigger(
                connection, found.trigger_id, now=datetime.now(UTC), actor=who
            )

    _add_firings(router, services)
    return router


def _add_firings(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.JOBS_READ))]
    person = Annotated[str, Depends(needs(engine, Permission.JOBS_CHANGE))]

    async def body_of(request: Request) -> bytes:
        return await read_body(request, MAX_PUSH_BYTES)

    @router.get("/api/v1/triggers/{trigger_id}/firings")
    def firings(who: reader, trigger_id: str) -> list[FiringReply]:
        with reading(engine) as connection:
            found = trigger_book.find_trigger(connection, trigger_id)
            listed = trigger_book.firings_of(connection, found.trigger_id)
        return [FiringReply(**_firing(one)) for one in listed]

    @router.post("/api/v1/triggers/{trigger_id}/fire", status_code=201)
    def fire(who: person, trigger_id: str, body: FireRequest) -> FiredReply:
        occasion = f"asked:{body.occasion or uuid.uuid4().hex}"
        return _fire(services, trigger_id, occasion, body.reason, who)

    @router.post("/v1/hooks/push/{trigger_id}", status_code=201)
    def push(
        trigger_id: str, request: Request, body: Annotated[bytes, Depends(body_of)]
    ) -> FiredReply:
        with reading(engine) as connection:
            secret = trigger_book.push_secret(connection, trigger_id)
        shown = request.headers.get("x-hub-signature-256", "")
        wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        is_right = hmac.compare_digest(shown.encode(), wanted.encode())
        if not secret or not is_right:
            raise TokenError("the signature is wrong", hint="sign the body with push_secret")
        headers = request.headers
        delivery = headers.get("x-github-delivery") or headers.get("x-gitea-delivery") or ""
        occasion = delivery[:MAX_DELIVERY_ID] or hashlib.sha256(body).hexdigest()
        return _fire(services, trigger_id, f"push:{occasion}", "push", "push webhook")


def _fire(
    services: HubServices, trigger_id: str, occasion: str, reason: str, who: str
) -> FiredReply:
    now = datetime.now(UTC)
    with writing(services.engine) as connection:
        fired, is_new = trigger_book.fire_now(
            connection, trigger_id, occasion, reason, now=now, actor=who
        )
        if is_new:
            trigger = trigger_book.find_trigger(connection, trigger_id)
            announce_firing(connection, trigger.name, fired, now=now)
    return FiredReply(**_firing(fired), is_new=is_new)


def _values(trigger: StoredTrigger) -> dict[str, Any]:
    return {name: getattr(trigger, name) for name in TriggerReply.model_fields}


def _firing(firing: Firing) -> dict[str, Any]:
    return {name: getattr(firing, name) for name in FiringReply.model_fields}
