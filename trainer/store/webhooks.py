"""Webhooks and their outbox: what happened, and who is told, commit together.

Flow: event -> a delivery per webhook -> sent with a signature | tried again later -> done | failed

A secret signs and is never read back, logged or audited. Sending is hub/webhook_sender.py's.
"""

import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, insert, select, update

from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.monitor_tables import DELIVERIES, WEBHOOKS

EVENTS = ("alert.opened", "alert.acknowledged", "alert.closed", "trigger.fired", "webhook.test")
MAX_ATTEMPTS = 10  # 10 s, 20 s, 40 s ... 85 min: given up after about 3 h
FIRST_WAIT = timedelta(seconds=10)
MAX_ERROR = 300


class WebhookError(DegradedError):
    """A webhook that cannot be kept."""

    code = "webhook.refused"


class UnknownWebhookError(WebhookError):
    """No such webhook."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody who wants to be told, without the secret."""

    webhook_id: str
    url: str
    events: list[str]
    is_active: bool
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook."""

    delivery_id: str
    webhook_id: str
    event: str
    status: str
    attempts: int
    next_at: datetime
    last_error: str
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery that is due, with what is needed to send it; not for logs."""

    delivery_id: str
    url: str
    secret: str
    event: str
    payload: str
    attempts: int

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Outgoing({self.delivery_id}, {self.event}, attempt {self.attempts})"


def create_webhook(
    connection: Connection, url: str, events: list[str], *, now: datetime, actor: str
) -> tuple[Webhook, str]:
    """A webhook and its secret, which is told this once."""
    webhook_id, secret = uuid.uuid4().hex, secrets.token_urlsafe(32)
    connection.execute(
        insert(WEBHOOKS).values(
            webhook_id=webhook_id, url=url, secret=secret, events=events, is_active=True,
            created_by=actor, created_at=now,
        )
    )  # fmt: skip
    _audit(connection, now, actor, "webhook_created", webhook_id, host=_host(url))
    return find_webhook(connection, webhook_id), secret


def _host(url: str) -> str:
    """What the audit may say: with some services the path is itself a secret."""
    return urlsplit(url).hostname or ""


def delete_webhook(connection: Connection, webhook_id: str, *, now: datetime, actor: str) -> None:
    """Forget a webhook and what it was to be told.

    Raises:
        UnknownWebhookError: there is none.
    """
    found = find_webhook(connection, webhook_id)
    connection.execute(delete(DELIVERIES).where(DELIVERIES.c.webhook_id == webhook_id))
    connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.webhook_id == webhook_id))
    _audit(connection, now, actor, "webhook_deleted", webhook_id, host=_host(found.url))


def find_webhook(connection: Connection, webhook_id: str) -> Webhook:
    """A webhook by its id.

    Raises:
        UnknownWebhookError: there is none.
    """
    where = WEBHOOKS.c.webhook_id == webhook_id
    row = connection.execute(select(WEBHOOKS).where(where)).mappings().first()
    if row is None:
        raise UnknownWebhookError(f"no webhook {webhook_id[:40]!r}", hint="GET /api/v1/webhooks")
    return Webhook(**{name: row[name] for name in Webhook.__slots__})


def list_webhooks(connection: Connection) -> list[Webhook]:
    """All, the oldest first."""
    rows = connection.execute(select(WEBHOOKS).order_by(WEBHOOKS.c.created_at)).mappings()
    return [Webhook(**{name: row[name] for name in Webhook.__slots__}) for row in rows]


def deliveries_of(connection: Connection, webhook_id: str, limit: int = 100) -> list[Delivery]:
    """What a webhook was told, newest first."""
    rows = connection.execute(
        select(DELIVERIES)
        .where(DELIVERIES.c.webhook_id == webhook_id)
        .order_by(DELIVERIES.c.created_at.desc(), DELIVERIES.c.delivery_id)
        .limit(limit)
    ).mappings()
    return [Delivery(**{name: row[name] for name in Delivery.__slots__}) for row in rows]


def announce(
    connection: Connection, event: str, body: dict[str, Any], *, now: datetime, only: str = ""
) -> int:
    """Put a message for every webhook that wants this event into the outbox; how many.

    Args:
        only: this webhook, whatever it wants.
    """
    payload = json.dumps({"event": event, "at": now.isoformat(), **body}, sort_keys=True)
    wanted = [
        hook.webhook_id
        for hook in list_webhooks(connection)
        if (hook.webhook_id == only if only else hook.is_active and event in hook.events)
    ]
    for webhook_id in wanted:
        connection.execute(
            insert(DELIVERIES).values(
                delivery_id=uuid.uuid4().hex, webhook_id=webhook_id, event=event, payload=payload,
                status="waiting", attempts=0, next_at=now, last_error="", created_at=now,
            )
        )  # fmt: skip
    return len(wanted)


def due_deliveries(connection: Connection, *, now: datetime, limit: int = 20) -> list[Outgoing]:
    """What is to be sent now, the oldest first."""
    rows = connection.execute(
        select(DELIVERIES, WEBHOOKS.c.url, WEBHOOKS.c.secret)
        .join(WEBHOOKS, WEBHOOKS.c.webhook_id == DELIVERIES.c.webhook_id)
        .where(DELIVERIES.c.status == "waiting", DELIVERIES.c.next_at <= now)
        .order_by(DELIVERIES.c.next_at)
        .limit(limit)
    ).mappings()
    return [Outgoing(**{name: row[name] for name in Outgoing.__slots__}) for row in rows]


def note_delivery(connection: Connection, sent: Outgoing, error: str, *, now: datetime) -> None:
    """What became of an attempt; an empty error is success."""
    attempts = sent.attempts + 1
    values: dict[str, Any] = {"attempts": attempts, "last_error": error[:MAX_ERROR]}
    if not error:
        values |= {"status": "done", "finished_at": now}
    elif attempts >= MAX_ATTEMPTS:
        values |= {"status": "failed", "finished_at": now}
    else:
        values["next_at"] = now + FIRST_WAIT * 2 ** (attempts - 1)
    where = DELIVERIES.c.delivery_id == sent.delivery_id
    connection.execute(update(DELIVERIES).where(where).values(**values))


def _audit(
    connection: Connection, now: datetime, actor: str, action: str, webhook_id: str, **details: str
) -> None:
    audit.record(
        connection, now=now, actor=actor, action=action, subject=f"webhook:{webhook_id}",
        details=details,
    )  # fmt: skip
