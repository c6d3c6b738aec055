"""Indices for pages of hundreds of thousands of cases."""

from alembic import op

revision = "0015"
down_revision = "0014"

NEW = {
    "ix_cases_status_value": ("status", "value", "case_id"),
    "ix_cases_store": ("store_id", "status", "value", "case_id"),
    "ix_cases_value": ("value", "case_id"),
}


def upgrade() -> None:
    """Make them; a new database has them already (0001 makes today's form)."""
    op.drop_index("ix_cases_status_value", "cases", if_exists=True)
    for name, columns in NEW.items():
        op.create_index(name, "cases", list(columns), if_not_exists=True)


def downgrade() -> None:
    """Back to one of them."""
    for name in NEW:
        op.drop_index(name, "cases")
    op.create_index("ix_cases_status_value", "cases", ["status", "value"])
