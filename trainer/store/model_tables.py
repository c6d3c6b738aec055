"""Tables of models: what was registered, what the gate said, who approved."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table

from trainer.store.schema import METADATA, RowId, Utc

MODELS = Table(
    "models",
    METADATA,
    Column("bundle_id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("version", String(40), nullable=False),
    Column("embedder_id", String(80), nullable=False),
    Column("manifest", JSON, nullable=False),
    Column("lineage", JSON, nullable=False),
    Column("note", String(2000), nullable=False),
    Column("stage", String(20), nullable=False),
    Column("registered_by", String(120), nullable=False),
    Column("registered_at", Utc, nullable=False, index=True),
)

VERDICTS = Table(
    "gate_verdicts",
    METADATA,
    Column("verdict_id", RowId, primary_key=True, autoincrement=True),
    Column("bundle_id", String(64), ForeignKey("models.bundle_id"), nullable=False, index=True),
    Column("champion_id", String(64), nullable=False),
    Column("blind_set", String(64), nullable=False),
    Column("look", Integer, nullable=False),
    Column("policy", String(40), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("document", JSON, nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_gate_verdicts_blind_set", "blind_set", "look", unique=True),
)

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("approval_id", RowId, primary_key=True, autoincrement=True),
    Column("bundle_id", String(64), ForeignKey("models.bundle_id"), nullable=False, index=True),
    Column("verdict_id", RowId, ForeignKey("gate_verdicts.verdict_id"), nullable=True),
    Column("decision", String(10), nullable=False),  # approve, reject
    Column("note", String(2000), nullable=False),
    Column("is_single_operator", Boolean, nullable=False),
    Column("mode", String(10), nullable=False, server_default="manual"),  # automatic, veto
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
)
