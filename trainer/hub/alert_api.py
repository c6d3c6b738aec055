"""Alerts, and webhooks that are told of them: /api/v1/alerts, /api/v1/webhooks.

Flow: person -> acknowledge | close ; person -> webhook -> its secret, once
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.hub.webhook_sender import check_address, send_due
from trainer.store import alerts, webhooks
from trainer.store.alerts import Alert
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission

Number = Annotated[int, Field(ge=1, le=2**62)]
Event = Literal["alert.opened", "alert.acknowledged", "alert.closed", "trigger.fired"]
DEFAULT_EVENTS: list[Event] = ["alert.opened", "trigger.fired"]


class NoteRequest(Body):
    """Why."""

    note: str = Field(default="", max_length=2000, pattern=r"^[^\x00]*$")


class AlertReply(Reply):
    """One alert."""

    alert_id: int
    kind: str
    place: str
    state: Literal["open", "acknowledged", "closed"]
    title: str
    facts: dict[str, Any]
    opened_at: AwareDatetime
    changed_at: AwareDatetime
    changed_by: str
    note: str


class AlertPage(Reply):
    """A page of alerts."""

    total: int
    offset: int
    limit: int
    items: list[AlertReply]


class WebhookRequest(Body):
    """Where to, and about what."""

    url: str = Field(min_length=8, max_length=500, pattern=r"^[\x21-\x7e]+$")
    events: list[Event] = Field(default=DEFAULT_EVENTS, min_length=1, max_length=10)


class WebhookReply(Reply):
    """A webhook without its secret."""

    webhook_id: str
    url: str
    events: list[str]
    is_active: bool
    created_by: str
    created_at: AwareDatetime


class NewWebhookReply(WebhookReply):
    """The only answer that holds the secret."""

    secret: str


class DeliveryReply(Reply):
    """One message and what became of it."""

    delivery_id: str
    event: str
    status: Literal["waiting", "done", "failed"]
    attempts: int
    next_at: AwareDatetime
    last_error: str
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


def make_alert_router(services: HubServices) -> APIRouter:
    """Endpoints of alerts and webhooks."""
    router = APIRouter(prefix="/api/v1", tags=["monitoring"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.MONITORING_READ))]
    keeper = Annotated[str, Depends(needs(engine, Permission.MONITORING_CHANGE))]

    @router.get("/alerts")
    def list_all(
        who: reader,
        state: Literal["", "active", "open", "acknowledged", "closed"] = "",
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> AlertPage:
        with reading(engine) as connection:
            total, found = alerts.list_alerts(connection, state=state, offset=offset, limit=limit)
        return AlertPage(
            total=total, offset=offset, limit=limit, items=[alert_reply(a) for a in found]
        )

    @router.post("/alerts/{alert_id}/acknowledge")
    def acknowledge(who: keeper, alert_id: Number, body: NoteRequest) -> AlertReply:
        return _move(services, alert_id, "acknowledged", body.note, who)

    @router.post("/alerts/{alert_id}/close")
    def close(who: keeper, alert_id: Number, body: NoteRequest) -> AlertReply:
        return _move(services, alert_id, "closed", body.note, who)

    _add_webhooks(router, services)
    return router


def _add_webhooks(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    operator = Annotated[str, Depends(needs(engine, Permission.WEBHOOKS_CHANGE))]

    @router.get("/webhooks")
    def list_webhooks(who: operator) -> list[WebhookReply]:
        with reading(engine) as connection:
            found = webhooks.list_webhooks(connection)
        return [WebhookReply(**_values(hook)) for hook in found]

    @router.post("/webhooks", status_code=201)
    def create(who: operator, body: WebhookRequest) -> NewWebhookReply:
        check_address(body.url, services.webhook_hosts)
        with writing(engine) as connection:
            hook, secret = webhooks.create_webhook(
                connection, body.url, list(body.events), now=datetime.now(UTC), actor=who
            )
        return NewWebhookReply(**_values(hook), secret=secret)

    @router.delete("/webhooks/{webhook_id}", status_code=204)
    def delete(who: operator, webhook_id: str) -> None:
        with writing(engine) as connection:
            webhooks.delete_webhook(connection, webhook_id, now=datetime.now(UTC), actor=who)

    @router.post("/webhooks/{webhook_id}/test")
    def test(who: operator, webhook_id: str) -> list[DeliveryReply]:
        now = datetime.now(UTC)
        with writing(engine) as connection:
            webhooks.find_webhook(connection, webhook_id)
            webhooks.announce(connection, "webhook.test", {"by": who}, now=now, only=webhook_id)
        send_due(engine, services.webhook_hosts, now=now)
        return _deliveries(services, webhook_id)

    @router.get("/webhooks/{webhook_id}/deliveries")
    def deliveries(who: operator, webhook_id: str) -> list[DeliveryReply]:
        return _deliveries(services, webhook_id)


def _deliveries(services: HubServices, webhook_id: str) -> list[DeliveryReply]:
    with reading(services.engine) as connection:
        webhooks.find_webhook(connection, webhook_id)
        found = webhooks.deliveries_of(connection, webhook_id)
    names = DeliveryReply.model_fields
    return [DeliveryReply(**{n: getattr(one, n) for n in names}) for one in found]


def _move(services: HubServices, alert_id: int, state: str, note: str, who: str) -> AlertReply:
    with writing(services.engine) as connection:
        moved = alerts.move(
            connection, alert_id, state, note=note, now=datetime.now(UTC), actor=who
        )
    return alert_reply(moved)


def alert_reply(alert: Alert) -> AlertReply:
    """An alert as it is told."""
    return AlertReply(**{name: getattr(alert, name) for name in AlertReply.model_fields})


def _values(hook: webhooks.Webhook) -> dict[str, Any]:
    return {name: getattr(hook, name) for name in WebhookReply.model_fields}
