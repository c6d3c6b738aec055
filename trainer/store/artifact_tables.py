"""Tables of artefacts: which blobs workers and people put here, and who has shown every byte."""

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

ARTIFACT_HOLDERS = Table(
    "artifact_holders",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("holder", String(120), primary_key=True),  # sent all of it, so it may read it
)
