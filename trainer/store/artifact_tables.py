"""Table of artefacts: which blobs workers and people put here and may read again."""

from sqlalchemy import BigInteger, Column, String, Table

from trainer.store.schema import METADATA, Utc

ARTIFACTS = Table(
    "artifacts",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("created_at", Utc, nullable=False),
)
