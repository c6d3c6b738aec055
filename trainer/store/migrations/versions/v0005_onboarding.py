"""Onboardings, their photos, the segments they became."""

from alembic import op

from trainer.store import onboarding_tables, schema

revision = "0005"
down_revision = "0004"

TABLES = (
    onboarding_tables.ONBOARDINGS,
    onboarding_tables.PHOTOS,
    onboarding_tables.SEGMENTS,
)


def upgrade() -> None:
    """Make the tables."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop them."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
