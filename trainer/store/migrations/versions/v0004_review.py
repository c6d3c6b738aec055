"""Answers of reviewers, claims, gold questions, labels."""

from alembic import op

from trainer.store import review_tables, schema

revision = "0004"
down_revision = "0003"

TABLES = (
    review_tables.ANSWERS,
    review_tables.CLAIMS,
    review_tables.GOLD_CASES,
    review_tables.LABELS,
)


def upgrade() -> None:
    """Make the tables."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop them."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
