"""Blind sets and their ledger, staged models, how each model is approved."""

import sqlalchemy as sa
from alembic import op

from trainer.store import release_tables, schema

revision = "0009"
down_revision = "0008"

TABLES = (
    release_tables.BLIND_SETS,
    release_tables.BLIND_ITEMS,
    release_tables.BLIND_LOOKS,
    release_tables.STAGED_FILES,
    release_tables.APPROVAL_MODES,
)


def upgrade() -> None:
    """Make the tables; approvals learn their mode (a new database has it from the start)."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("approvals")}
    if "mode" not in columns:
        op.add_column(
            "approvals", sa.Column("mode", sa.String(10), nullable=False, server_default="manual")
        )


def downgrade() -> None:
    """Drop them."""
    op.drop_column("approvals", "mode")
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
