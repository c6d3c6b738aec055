"""Tables of monitoring: hours of each camera and box, what was concluded, alerts, webhooks."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from trainer.store.schema import METADATA, RowId, Utc

MONITOR_HOURS = Table(
    "monitor_hours",
    METADATA,
    Column("hour_id", RowId, primary_key=True, autoincrement=True),
    Column("box_id", String(63), nullable=False),
    Column("store_id", String(63), nullable=False),
    Column("ring", String(63), nullable=False),
    Column("camera", String(160), nullable=False),  # lane/camera; empty for sales
    Column("at", Utc, nullable=False),  # begin of the hour
    Column("bundle_id", String(64), nullable=False),  # empty where it does not matter
    Column("counts", JSON, nullable=False),
    Index("ix_monitor_hours_store_at", "store_id", "at"),
)

MONITOR_MARKS = Table(
    "monitor_marks",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

MONITOR_RESULTS = Table(
    "monitor_results",
    METADATA,
    Column("place", String(250), primary_key=True),  # store:s1, camera:box/lane/camera, ring:lab
    Column("at", Utc, nullable=False),
    Column("result", JSON, nullable=False),
)

DRIFT_DAYS = Table(  # what was concluded last on a day; a place's chart
    "drift_days",
    METADATA,
    Column("place", String(250), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("result", JSON, nullable=False),
    Index("ix_drift_days_day", "day"),
)

ALERTS = Table(
    "alerts",
    METADATA,
    Column("alert_id", RowId, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False),
    Column("place", String(250), nullable=False),
    Column("state", String(20), nullable=False),  # open, acknowledged, closed
    Column("title", String(300), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", String(120), nullable=False),
    Column("note", String(2000), nullable=False),
    Column("open_key", String(300), nullable=True, unique=True),  # null once it is closed
    Index("ix_alerts_state", "state", "alert_id"),
)

WEBHOOKS = Table(
    "webhooks",
    METADATA,
    Column("webhook_id", String(40), primary_key=True),
    Column("url", String(500), nullable=False),
    Column("secret", String(200), nullable=False),  # signs; is never shown again
    Column("events", JSON, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("created_at", Utc, nullable=False),
)

DELIVERIES = Table(
    "webhook_deliveries",
    METADATA,
    Column("delivery_id", String(40), primary_key=True),
    Column("webhook_id", String(40), ForeignKey("webhooks.webhook_id"), nullable=False, index=True),
    Column("event", String(60), nullable=False),
    Column("payload", Text, nullable=False),
    Column("status", String(20), nullable=False),  # waiting, done, failed
    Column("attempts", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),
    Column("last_error", String(300), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("finished_at", Utc, nullable=True),
    Index("ix_webhook_deliveries_due", "status", "next_at"),
)
