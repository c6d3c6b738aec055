"""Tables of the gate: blind sets, the looks spent on them, staged models, how each is approved."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table

from trainer.store.schema import METADATA, RowId, Utc

BLIND_SETS = Table(
    "blind_sets",
    METADATA,
    Column("blind_set_id", String(64), primary_key=True),  # digest of its recordings and truths
    Column("version", Integer, nullable=False, unique=True),
    Column("num_recordings", Integer, nullable=False),
    Column("budget", Integer, nullable=False),
    Column("inherited_looks", Integer, nullable=False),
    Column("note", String(2000), nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("created_at", Utc, nullable=False),
)

BLIND_ITEMS = Table(
    "blind_items",
    METADATA,
    Column("blind_set_id", String(64), ForeignKey("blind_sets.blind_set_id"), primary_key=True),
    Column("recording_id", String(40), primary_key=True),
    Column("received_id", RowId, ForeignKey("received.received_id"), nullable=False),
    Column("basket_id", String(120), nullable=False, index=True),
    Column("cluster", String(120), nullable=False),  # store and day
    Column("truth", JSON, nullable=False),
)

BLIND_LOOKS = Table(
    "blind_looks",
    METADATA,
    Column("look_id", RowId, primary_key=True, autoincrement=True),
    Column("blind_set_id", String(64), ForeignKey("blind_sets.blind_set_id"), nullable=False),
    Column("look", Integer, nullable=False),
    Column("job_id", String(40), nullable=False, unique=True),  # a job that runs again spends once
    Column("bundle_id", String(64), nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_blind_looks_set", "blind_set_id", "look", unique=True),
)

STAGED_FILES = Table(
    "staged_files",
    METADATA,
    Column("bundle_id", String(64), ForeignKey("models.bundle_id"), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
)

APPROVAL_MODES = Table(
    "approval_modes",
    METADATA,
    Column("name", String(100), primary_key=True),  # of the model: its manifest's name
    Column("mode", String(10), nullable=False),  # automatic, veto, manual
    Column("veto_hours", Integer, nullable=False),
    Column("changed_by", String(120), nullable=False),
    Column("changed_at", Utc, nullable=False),
)
