"""The table of stores' own margins: one row per store and bundle, what they are and rest on."""

from sqlalchemy import JSON, Column, ForeignKey, String, Table

from trainer.store.schema import METADATA, Utc

STORE_MARGINS = Table(
    "store_margins",
    METADATA,
    Column("store_id", String(63), ForeignKey("stores.store_id"), primary_key=True),
    Column("bundle_id", String(64), primary_key=True),
    Column("state", String(20), nullable=False),  # waiting, doubled, proven
    Column("entry", JSON, nullable=False),  # sync/store_margins.py MarginEntry
    Column("counts", JSON, nullable=False),  # what was not counted, and where labels came from
    Column("computed_at", Utc, nullable=False),
)
