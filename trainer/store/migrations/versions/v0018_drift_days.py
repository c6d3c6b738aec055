"""What was concluded of each place, day by day."""

from alembic import op

from trainer.store import monitor_tables, schema

revision = "0018"
down_revision = "0017"

TABLES = (monitor_tables.DRIFT_DAYS,)


def upgrade() -> None:
    """Make the table."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop it."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
