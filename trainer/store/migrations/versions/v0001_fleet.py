"""Boxes, enrolment, what boxes send, blobs, remote commands, audit and tokens."""

from alembic import op

from trainer.store import schema

revision = "0001"
down_revision = None

TABLES = (
    schema.STORES,
    schema.BOXES,
    schema.BOX_EPOCHS,
    schema.CLAIM_CODES,
    schema.PREAUTHORISED,
    schema.RECEIVED,
    schema.CASES,
    schema.BLOBS,
    schema.COMMANDS,
    schema.AUDIT,
    schema.TOKENS,
)


def upgrade() -> None:
    """Make the tables of the first release."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop them."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
