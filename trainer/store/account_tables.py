"""Tables of people: accounts, their sessions, failed logins."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, String, Table

from trainer.store.schema import METADATA, RowId, Utc

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("name", String(63), primary_key=True),
    Column("display_name", String(120), nullable=False, server_default=""),
    Column("roles", JSON, nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("last_login_at", Utc, nullable=True),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("session_sha256", String(64), primary_key=True),
    Column("account_name", String(63), ForeignKey("accounts.name"), nullable=False, index=True),
    Column("csrf_token", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
)

LOGIN_FAILURES = Table(
    "login_failures",
    METADATA,
    Column("failure_id", RowId, primary_key=True, autoincrement=True),
    Column("account_name", String(63), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_login_failures_at", "at"),
)
