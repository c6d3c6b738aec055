"""Stores' own margins."""

from alembic import op

from trainer.store import margin_tables, schema

revision = "0020"
down_revision = "0019"

TABLES = (margin_tables.STORE_MARGINS,)


def upgrade() -> None:
    """Make it."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Take it away."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
