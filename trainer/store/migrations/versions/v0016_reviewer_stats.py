"""An index that statistics of reviewers are read from alone."""

from alembic import op

revision = "0016"
down_revision = "0015"

NAME = "ix_answers_stats"
COLUMNS = ("reviewer", "is_undone", "seconds", "num_boxes", "gold_wrong", "is_agreed")


def upgrade() -> None:
    """Make it; a new database has it already (0001 makes today's form)."""
    op.create_index(NAME, "answers", list(COLUMNS), if_not_exists=True)


def downgrade() -> None:
    """Take it away."""
    op.drop_index(NAME, "answers")
