"""Who has shown every byte of an artefact; whose token leased a job."""

import sqlalchemy as sa
from alembic import op

from trainer.store import artifact_tables, schema

revision = "0019"
down_revision = "0018"

HOLDERS, ARTIFACTS = artifact_tables.ARTIFACT_HOLDERS, artifact_tables.ARTIFACTS


def upgrade() -> None:
    """Make them; whoever stored an artefact has it. New databases have the column already."""
    schema.METADATA.create_all(op.get_bind(), tables=(HOLDERS,))
    kept = sa.select(ARTIFACTS.c.sha256, ARTIFACTS.c.created_by)
    op.execute(sa.insert(HOLDERS).from_select(["sha256", "holder"], kept))
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("jobs")}
    if "holder" not in known:
        op.add_column(
            "jobs", sa.Column("holder", sa.String(120), nullable=False, server_default="")
        )


def downgrade() -> None:
    """Take them away."""
    op.drop_column("jobs", "holder")
    schema.METADATA.drop_all(op.get_bind(), tables=(HOLDERS,))
