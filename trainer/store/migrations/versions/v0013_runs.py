"""Runs, their curves and what they left."""

from alembic import op

from trainer.store import run_tables, schema

revision = "0013"
down_revision = "0012"

TABLES = (run_tables.RUNS, run_tables.RUN_SCALARS, run_tables.RUN_FILES)


def upgrade() -> None:
    """Make the tables."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop them."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
