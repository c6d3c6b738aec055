"""Every table of the hub database, as SQLAlchemy Core sees it.

Alembic makes them (`migrations/`); a test compares the two. Times are aware UTC datetimes.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# BIGSERIAL on PostgreSQL; SQLite numbers rows by itself only for INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


class Utc(TypeDecorator[datetime]):
    """An aware datetime, stored as UTC; SQLite keeps no time zone of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To UTC; naive values are refused."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database, always aware."""
        if value is None:
            return None
        moment: datetime = value
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


STORES = Table(
    "stores",
    METADATA,
    Column("store_id", String(63), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("time_zone", String(60), nullable=False, server_default="UTC"),
    Column("currency", String(3), nullable=False, server_default="EUR"),
    Column("created_at", Utc, nullable=False),
)

BOXES = Table(
    "boxes",
    METADATA,
    Column("box_id", String(63), primary_key=True),
    Column("store_id", String(63), ForeignKey("stores.store_id"), nullable=True),
    Column("public_key", String(64), nullable=False, unique=True),
    Column("next_public_key", String(64), nullable=False, server_default=""),
    Column("status", String(20), nullable=False),  # pending, enrolled, revoked, quarantined
    Column("status_reason", String(200), nullable=False, server_default=""),
    Column("ring", String(63), nullable=False, server_default=""),
    Column("nonce", String(64), nullable=False, server_default=""),
    Column("previous_nonce", String(64), nullable=False, server_default=""),
    Column("enrolled_at", Utc, nullable=True),
    Column("seen_at", Utc, nullable=True),
    Column("check_in", JSON, nullable=True),
    Column("created_at", Utc, nullable=False),
)

BOX_EPOCHS = Table(
    "box_epochs",
    METADATA,
    Column("box_id", String(63), ForeignKey("boxes.box_id"), primary_key=True),
    Column("epoch", String(32), primary_key=True),
    Column("last_counter", BigInteger, nullable=False),
    Column("acked_through", BigInteger, nullable=False, server_default="0"),
    Column("first_seen_at", Utc, nullable=False),
)

CLAIM_CODES = Table(
    "claim_codes",
    METADATA,
    Column("code_sha256", String(64), primary_key=True),
    Column("box_id", String(63), nullable=False, server_default=""),
    Column("store_id", String(63), ForeignKey("stores.store_id"), nullable=True),
    Column("ring", String(63), nullable=False, server_default=""),
    Column("expires_at", Utc, nullable=False),
    Column("used_by", String(63), nullable=False, server_default=""),
    Column("used_at", Utc, nullable=True),
)

PREAUTHORISED = Table(
    "preauthorised",
    METADATA,
    Column("public_key", String(64), primary_key=True),
    Column("box_id", String(63), nullable=False),
    Column("store_id", String(63), ForeignKey("stores.store_id"), nullable=True),
    Column("ring", String(63), nullable=False, server_default=""),
)

RECEIVED = Table(
    "received",
    METADATA,
    Column("received_id", RowId, primary_key=True, autoincrement=True),
    Column("box_id", String(63), ForeignKey("boxes.box_id"), nullable=False),
    Column("epoch", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    UniqueConstraint("box_id", "epoch", "seq", name="uq_received_box_epoch_seq"),
    Index("ix_received_kind_created", "kind", "created_at"),
)

CASES = Table(
    "cases",
    METADATA,
    Column("case_id", String(40), primary_key=True),
    Column("received_id", RowId, ForeignKey("received.received_id"), nullable=False, unique=True),
    Column("box_id", String(63), nullable=False),
    Column("store_id", String(63), nullable=True),
    Column("basket_id", String(120), nullable=False, server_default=""),
    Column("reason", String(40), nullable=False),
    Column("value", Integer, nullable=False),
    Column("status", String(20), nullable=False, server_default="new"),
    Column("created_at", Utc, nullable=False),
    Index("ix_cases_status_value", "status", "value", "case_id"),
    Index("ix_cases_store", "store_id", "status", "value", "case_id"),
    Index("ix_cases_value", "value", "case_id"),
    Index("ix_cases_basket", "basket_id"),
)

BLOBS = Table(
    "blobs",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("box_id", String(63), nullable=False, server_default=""),
    Column("is_complete", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
)

COMMANDS = Table(
    "commands",
    METADATA,
    Column("command_id", String(40), primary_key=True),
    Column("box_id", String(63), ForeignKey("boxes.box_id"), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("status", String(20), nullable=False),  # waiting, sent, done, failed
    Column("message", String(4096), nullable=False, server_default=""),
    Column("blob", String(64), nullable=False, server_default=""),
    Column("created_at", Utc, nullable=False),
    Column("finished_at", Utc, nullable=True),
    Index("ix_commands_box_status", "box_id", "status"),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("audit_id", RowId, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("details", JSON, nullable=False),
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("token_sha256", String(64), primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=True),
    Column("is_revoked", Boolean, nullable=False, server_default="0"),
)
