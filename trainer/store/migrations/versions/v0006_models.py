"""Models, verdicts of the gate, approvals."""

from alembic import op

from trainer.store import model_tables, schema

revision = "0006"
down_revision = "0005"

TABLES = (model_tables.MODELS, model_tables.VERDICTS, model_tables.APPROVALS)


def upgrade() -> None:
    """Make the tables."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop them."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
