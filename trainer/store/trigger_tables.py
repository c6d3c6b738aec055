"""Tables of triggers: what starts a job by itself, and each time it did."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from trainer.store.schema import METADATA, RowId, Utc

TRIGGERS = Table(
    "triggers",
    METADATA,
    Column("trigger_id", String(40), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("is_active", Boolean, nullable=False),
    Column("plan", JSON, nullable=False),  # conditions, votes, cool-down, cost, job
    Column("push_secret", String(200), nullable=False),  # of a push webhook; never shown again
    Column("last_state", String(300), nullable=False),  # why it fired or did not, in words
    Column("since", Utc, nullable=False),  # what is new is counted from here
    Column("created_by", String(120), nullable=False),
    Column("created_at", Utc, nullable=False),
)

FIRINGS = Table(
    "trigger_firings",
    METADATA,
    Column("firing_id", RowId, primary_key=True, autoincrement=True),
    Column("trigger_id", String(40), ForeignKey("triggers.trigger_id"), nullable=False, index=True),
    Column("occasion", String(200), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("job_id", String(40), nullable=False),
    Column("cost", Integer, nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
    UniqueConstraint("trigger_id", "occasion", name="uq_trigger_firings_occasion"),
)
