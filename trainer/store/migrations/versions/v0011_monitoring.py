"""Monitoring, alerts, webhooks and triggers."""

from alembic import op

from trainer.store import monitor_tables, schema, trigger_tables

revision = "0011"
down_revision = "0010"

TABLES = (
    monitor_tables.MONITOR_HOURS,
    monitor_tables.MONITOR_MARKS,
    monitor_tables.MONITOR_RESULTS,
    monitor_tables.ALERTS,
    monitor_tables.WEBHOOKS,
    monitor_tables.DELIVERIES,
    trigger_tables.TRIGGERS,
    trigger_tables.FIRINGS,
)


def upgrade() -> None:
    """Make the tables."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop them."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
