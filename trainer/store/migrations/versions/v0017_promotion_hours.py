"""Days of the week and hours of the day of promotions."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add them; a new database has them already (0003 makes today's form)."""
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("promotions")}
    for column in (
        sa.Column("weekdays", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("from_time", sa.String(5), nullable=False, server_default=""),
        sa.Column("until_time", sa.String(5), nullable=False, server_default=""),
    ):
        if column.name not in known:
            op.add_column("promotions", column)


def downgrade() -> None:
    """Take them away."""
    for name in ("until_time", "from_time", "weekdays"):
        op.drop_column("promotions", name)
