"""Tables of onboarding: a new SKU, its photos with their vectors, the segments it became."""

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Integer, String, Table

from trainer.store.schema import METADATA, Utc

ONBOARDINGS = Table(
    "onboardings",
    METADATA,
    Column("onboarding_id", String(40), primary_key=True),
    Column("sku_id", String(80), ForeignKey("skus.sku_id"), nullable=False, index=True),
    Column("status", String(20), nullable=False),  # open, published
    Column("by", String(120), nullable=False),
    Column("created_at", Utc, nullable=False, index=True),
)

PHOTOS = Table(
    "onboarding_photos",
    METADATA,
    Column("photo_id", String(40), primary_key=True),
    Column(
        "onboarding_id",
        String(40),
        ForeignKey("onboardings.onboarding_id"),
        nullable=False,
        index=True,
    ),
    Column("side", String(10), nullable=False),
    Column("blob", String(64), nullable=False),
    Column("crop_blob", String(64), nullable=False),
    Column("sharpness", Float, nullable=False),
    Column("problems", JSON, nullable=False),
    Column("vectors", JSON, nullable=False),  # embedder_id -> whitened float32, base64
    Column("at", Utc, nullable=False),
)

SEGMENTS = Table(
    "onboarding_segments",
    METADATA,
    Column("onboarding_id", String(40), ForeignKey("onboardings.onboarding_id"), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("channel", String(63), primary_key=True),
    Column("embedder_id", String(80), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", Utc, nullable=False),
)
