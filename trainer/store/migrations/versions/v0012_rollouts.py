"""Rollouts, their rings, boxes, decisions and figures over time."""

from alembic import op

from trainer.store import rollout_tables, schema

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the tables."""
    schema.METADATA.create_all(op.get_bind(), tables=rollout_tables.ALL)


def downgrade() -> None:
    """Drop them."""
    schema.METADATA.drop_all(op.get_bind(), tables=rollout_tables.ALL)
