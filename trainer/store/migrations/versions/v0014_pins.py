"""Pins of blobs."""

from alembic import op

from trainer.store import care_tables, schema

revision = "0014"
down_revision = "0013"

TABLES = (care_tables.BLOB_PINS,)


def upgrade() -> None:
    """Make the table."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop it."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
