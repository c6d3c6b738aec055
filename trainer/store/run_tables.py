"""Tables of runs: what was tried, with which curves, and what it left."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from trainer.store.schema import METADATA, Utc

RUNS = Table(
    "runs",
    METADATA,
    Column("run_id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("kind", String(60), nullable=False),  # of the job that does it: pipeline, script
    Column("status", String(20), nullable=False),  # draft, queued, running, done, failed, cancelled
    Column("parent_id", String(32), nullable=False),
    Column("job_id", String(40), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("capture", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("started_at", Utc, nullable=True),
    Column("finished_at", Utc, nullable=True),
    Index("ix_runs_created_at", "created_at"),
)

RUN_SCALARS = Table(
    "run_scalars",
    METADATA,
    Column("run_id", String(32), ForeignKey("runs.run_id"), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("step", BigInteger, primary_key=True),
    Column("value", Float(53), nullable=False),
)

RUN_FILES = Table(
    "run_files",
    METADATA,
    Column("run_id", String(32), ForeignKey("runs.run_id"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
)
