"""SKUs, settings of stores, prices, promotions, published price lists."""

from alembic import op

from trainer.store import catalogue_tables, schema

revision = "0003"
down_revision = "0002"

TABLES = (
    catalogue_tables.SKUS,
    catalogue_tables.STORE_SETTINGS,
    catalogue_tables.PRICES,
    catalogue_tables.PROMOTIONS,
    catalogue_tables.PRICE_PUBLICATIONS,
)


def upgrade() -> None:
    """Make the tables."""
    schema.METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    """Drop them."""
    schema.METADATA.drop_all(op.get_bind(), tables=TABLES)
