"""Alerts as data: one open per kind and place, acknowledged and closed by people, all audited.

Flow: finding -> open (webhooks in the same transaction) -> acknowledged -> closed

A finding that is told again only refreshes the figures of the alert that is open.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from trainer.errors import DegradedError
from trainer.store import audit, webhooks
from trainer.store.monitor_hours import set_mark
from trainer.store.monitor_tables import ALERTS

STATES = ("open", "acknowledged", "closed")


class AlertError(DegradedError):
    """An alert that cannot be changed so."""

    code = "alert.refused"


class UnknownAlertError(AlertError):
    """No such alert."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it stands."""

    alert_id: int
    kind: str
    place: str
    state: str
    title: str
    facts: dict[str, Any]
    opened_at: datetime
    changed_at: datetime
    changed_by: str
    note: str


def raise_alert(
    connection: Connection, kind: str, place: str, title: str, facts: dict[str, Any], *,
    now: datetime,
) -> Alert | None:  # fmt: skip
    """Open an alert; None where one of this kind and place is open already."""
    key = f"{kind}|{place}"
    known = connection.execute(select(ALERTS.c.alert_id).where(ALERTS.c.open_key == key)).scalar()
    if known is not None:
        where = ALERTS.c.alert_id == known
        connection.execute(update(ALERTS).where(where).values(facts=facts, title=title))
        return None
    result: Any = connection.execute(
        insert(ALERTS).values(
            kind=kind, place=place, state="open", title=title, facts=facts, opened_at=now,
            changed_at=now, changed_by="hub", note="", open_key=key,
        )
    )  # fmt: skip
    alert = find_alert(connection, int(result.inserted_primary_key[0]))
    _tell(connection, alert, "alert.opened", now=now, actor="hub")
    return alert


def settle(connection: Connection, kind: str, place: str, *, note: str, now: datetime) -> None:
    """Close the open alert of a kind and place because its reason is gone."""
    key = f"{kind}|{place}"
    known = connection.execute(select(ALERTS.c.alert_id).where(ALERTS.c.open_key == key)).scalar()
    if known is not None:
        move(connection, int(known), "closed", note=note, now=now, actor="hub")


def move(
    connection: Connection, alert_id: int, state: str, *, note: str, now: datetime, actor: str
) -> Alert:
    """Acknowledge or close.

    Raises:
        UnknownAlertError: there is none.
        AlertError: it is closed, or acknowledged already.
    """
    alert = find_alert(connection, alert_id)
    if alert.state == "closed" or alert.state == state:
        raise AlertError(f"the alert is {alert.state}", hint="a new finding opens a new one")
    values: dict[str, Any] = {"state": state, "changed_at": now, "changed_by": actor, "note": note}
    if state == "closed":
        values["open_key"] = None
    connection.execute(update(ALERTS).where(ALERTS.c.alert_id == alert_id).values(**values))
    if state == "closed" and alert.kind == "drift":  # looked at: evidence begins anew tomorrow
        tomorrow = now.date() + timedelta(days=1)
        set_mark(connection, f"watch:{alert.place}", tomorrow.toordinal())
    moved = find_alert(connection, alert_id)
    _tell(connection, moved, f"alert.{state}", now=now, actor=actor)
    return moved


def find_alert(connection: Connection, alert_id: int) -> Alert:
    """An alert by its number.

    Raises:
        UnknownAlertError: there is none.
    """
    row = connection.execute(select(ALERTS).where(ALERTS.c.alert_id == alert_id)).mappings().first()
    if row is None:
        raise UnknownAlertError(f"no alert {alert_id}", hint="see GET /api/v1/alerts")
    return Alert(**{name: row[name] for name in Alert.__slots__})


def list_alerts(
    connection: Connection, *, state: str, offset: int, limit: int
) -> tuple[int, list[Alert]]:
    """How many there are, and one page, the newest first; `active` is what is not closed."""
    chosen = select(ALERTS)
    if state == "active":
        chosen = chosen.where(ALERTS.c.state != "closed")
    elif state:
        chosen = chosen.where(ALERTS.c.state == state)
    total = connection.execute(select(func.count()).select_from(chosen.subquery())).scalar_one()
    rows = connection.execute(
        chosen.order_by(ALERTS.c.alert_id.desc()).offset(offset).limit(limit)
    ).mappings()
    return total, [Alert(**{name: row[name] for name in Alert.__slots__}) for row in rows]


def alerts_of(connection: Connection, kind: str, place: str, *, since: datetime) -> list[Alert]:
    """Alerts of a kind about a place that were opened since, oldest first; a thousand at most."""
    rows = connection.execute(
        select(ALERTS)
        .where(ALERTS.c.kind == kind, ALERTS.c.place == place, ALERTS.c.opened_at >= since)
        .order_by(ALERTS.c.alert_id)
        .limit(1000)
    ).mappings()
    return [Alert(**{name: row[name] for name in Alert.__slots__}) for row in rows]


def _tell(connection: Connection, alert: Alert, event: str, *, now: datetime, actor: str) -> None:
    audit.record(
        connection, now=now, actor=actor, action=event.replace(".", "_"),
        subject=f"alert:{alert.alert_id}",
        details={"kind": alert.kind, "place": alert.place, "note": alert.note[:300]},
    )  # fmt: skip
    body = {
        "alert_id": alert.alert_id, "kind": alert.kind, "place": alert.place,
        "state": alert.state, "title": alert.title, "facts": alert.facts,
        "changed_by": alert.changed_by, "note": alert.note,
    }  # fmt: skip
    webhooks.announce(connection, event, body, now=now)
