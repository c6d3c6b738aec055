"""Table of pins: blobs that nothing may sweep, whoever names them or not."""

from sqlalchemy import Column, String, Table

from trainer.store.schema import METADATA, Utc

BLOB_PINS = Table(
    "blob_pins",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("note", String(300), nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
)
