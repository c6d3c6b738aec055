"""The job queue and its logs."""

from alembic import op

from trainer.store import job_tables, schema

revision = "0007"
down_revision = "0006"

TABLES = (job_tables.JOBS, job_tables.JOB_LOGS)


def upgrade() -> None:
    """Make the tables."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop them."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
