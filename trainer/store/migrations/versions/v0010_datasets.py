"""Data sets, facts of pictures, weak labels; labels say where they come from."""

import sqlalchemy
from alembic import op

from trainer.store import dataset_tables, review_tables, schema

revision = "0010"
down_revision = "0009"

TABLES = (
    dataset_tables.PICTURE_FACTS,
    dataset_tables.DATASETS,
    dataset_tables.DATASET_ITEMS,
    dataset_tables.DATASET_BOXES,
    dataset_tables.DATASET_QUARANTINE,
    dataset_tables.WEAK_LABELS,
)
COLUMNS = ("origin", "answer_id")


def upgrade() -> None:
    """Make the tables; a new database has the columns already (0004 makes today's form)."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)
    table = review_tables.LABELS
    here = {column["name"] for column in sqlalchemy.inspect(op.get_bind()).get_columns(table.name)}
    for name in COLUMNS:
        if name not in here:
            op.add_column(table.name, table.c[name].copy())


def downgrade() -> None:
    """Drop them."""
    for name in COLUMNS:
        op.drop_column(review_tables.LABELS.name, name)
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
