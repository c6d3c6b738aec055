"""Tables of the job queue: jobs with their lease, and what workers said while at it."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from trainer.store.schema import METADATA, RowId, Utc

JOBS = Table(
    "jobs",
    METADATA,
    Column("job_id", String(40), primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("num_gpus", Integer, nullable=False),
    Column("status", String(20), nullable=False),  # queued, leased, done, failed, cancelled
    Column("attempt", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("lease_id", String(40), nullable=False),
    Column("worker", String(120), nullable=False),  # what it calls itself
    Column("holder", String(120), nullable=False, server_default=""),  # whose token leased it
    Column("lease_until", Utc, nullable=True),
    Column("is_cancel_asked", Boolean, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("message", String(2000), nullable=False),
    Column("result", JSON, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("started_at", Utc, nullable=True),
    Column("finished_at", Utc, nullable=True),
    Index("ix_jobs_status_priority", "status", "priority", "created_at"),
)

JOB_LOGS = Table(
    "job_logs",
    METADATA,
    Column("log_id", RowId, primary_key=True, autoincrement=True),
    Column("job_id", String(40), ForeignKey("jobs.job_id"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
)
