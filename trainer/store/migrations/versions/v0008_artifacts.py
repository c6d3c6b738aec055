"""Artefacts of workers and people."""

from alembic import op

from trainer.store import artifact_tables, schema

revision = "0008"
down_revision = "0007"

TABLES = (artifact_tables.ARTIFACTS,)


def upgrade() -> None:
    """Make the table."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop it."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
