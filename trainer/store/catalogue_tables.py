"""Tables of what is sold: SKUs, what stores charge for them, which lists were published."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from trainer.store.schema import METADATA, RowId, Utc

SKUS = Table(
    "skus",
    METADATA,
    Column("sku_id", String(80), primary_key=True),
    Column("gtin", String(14), nullable=False, server_default="", index=True),
    Column("plu", String(20), nullable=True),
    Column("names", JSON, nullable=False),
    Column("name", String(200), nullable=False, index=True),  # the English one, to sort by
    Column("search_text", Text, nullable=False),  # everything a person may type, lower case
    Column("unit", String(10), nullable=False),
    Column("category", String(300), nullable=False, index=True),  # dairy/milk/
    Column("family", String(80), nullable=True, index=True),
    Column("expected_weight_g", Float, nullable=True),
    Column("weight_tolerance_g", Float, nullable=False),
    Column("tare_g", Float, nullable=False),
    Column("size_cm", JSON, nullable=True),
    Column("age_limit", Integer, nullable=True),
    Column("allergens", JSON, nullable=False),
    Column("deposit_minor", BigInteger, nullable=False),
    Column("tax_class", String(40), nullable=False),
    Column("valid_from", Utc, nullable=True),
    Column("valid_until", Utc, nullable=True),
    Column("picture_blob", String(64), nullable=False, server_default=""),
    Column("status", String(20), nullable=False),  # active, retired
    Column("version", Integer, nullable=False),
    Column("updated_at", Utc, nullable=False, index=True),
)

STORE_SETTINGS = Table(
    "store_settings",
    METADATA,
    Column("store_id", String(63), ForeignKey("stores.store_id"), primary_key=True),
    Column("exponent", Integer, nullable=False),
    Column("tax_rates", JSON, nullable=False),
    Column("channel", String(63), nullable=False),
    Column("languages", JSON, nullable=False),
    Column("lanes", JSON, nullable=False),
)

PRICES = Table(
    "prices",
    METADATA,
    Column("price_id", RowId, primary_key=True, autoincrement=True),
    Column("store_id", String(63), ForeignKey("stores.store_id"), nullable=False),
    Column("sku_id", String(80), ForeignKey("skus.sku_id"), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("valid_from", Utc, nullable=False),
    Column("valid_until", Utc, nullable=True),
    Column("is_stopped", Boolean, nullable=False),
    Index("ix_prices_store_sku_from", "store_id", "sku_id", "valid_from", unique=True),
)

PROMOTIONS = Table(
    "promotions",
    METADATA,
    Column("store_id", String(63), ForeignKey("stores.store_id"), primary_key=True),
    Column("promotion_id", String(80), primary_key=True),
    Column("sku_id", String(80), ForeignKey("skus.sku_id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("percent", Integer, nullable=False),
    Column("names", JSON, nullable=False),
    Column("valid_from", Utc, nullable=False),
    Column("valid_until", Utc, nullable=True),
    Column("weekdays", JSON, nullable=False, server_default="[]"),  # 0 is Monday; none is all
    Column("from_time", String(5), nullable=False, server_default=""),  # HH:MM by the store's clock
    Column("until_time", String(5), nullable=False, server_default=""),
)

PRICE_PUBLICATIONS = Table(
    "price_publications",
    METADATA,
    Column("store_id", String(63), ForeignKey("stores.store_id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("channel", String(63), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("num_prices", Integer, nullable=False),
    Column("valid_from", Utc, nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
)
