"""Accounts of people, their sessions, failed logins."""

from alembic import op

from trainer.store import account_tables, schema

revision = "0002"
down_revision = "0001"

TABLES = (account_tables.ACCOUNTS, account_tables.SESSIONS, account_tables.LOGIN_FAILURES)


def upgrade() -> None:
    """Make the tables."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop them."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
