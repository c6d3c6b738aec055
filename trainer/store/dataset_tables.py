"""Tables of data sets: what pictures are like, versions with their items and boxes, weak labels."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from trainer.store.schema import METADATA, RowId, Utc

PICTURE_FACTS = Table(
    "picture_facts",
    METADATA,
    Column("blob", String(64), primary_key=True),
    Column("box_id", String(63), nullable=False),  # whose seal; empty for a plain picture
    Column("picture", String(64), nullable=False, index=True),  # sha256 of the JPEG itself
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("sharpness", Integer, nullable=False),
    Column("brightness", Integer, nullable=False),
    Column("row_hash", String(16), nullable=False),
    Column("column_hash", String(16), nullable=False),
    Column("problem", String(40), nullable=False),
    Column("measured_at", Utc, nullable=False),
)

DATASETS = Table(
    "datasets",
    METADATA,
    Column("dataset_no", RowId, primary_key=True, autoincrement=True),
    Column("version_id", String(64), nullable=False, unique=True),
    Column("name", String(100), nullable=False, index=True),
    Column("note", String(2000), nullable=False),
    Column("recipe", JSON, nullable=False),
    Column("counts", JSON, nullable=False),  # items, boxes, skus, quarantined, per split
    Column("size", BigInteger, nullable=False),  # of the manifest
    Column("is_pinned", Boolean, nullable=False),
    Column("withdrawn", String(200), nullable=False, server_default=""),  # why; empty: in use
    Column("by", String(120), nullable=False),
    Column("created_at", Utc, nullable=False),
)

DATASET_ITEMS = Table(
    "dataset_items",
    METADATA,
    Column("dataset_no", RowId, ForeignKey("datasets.dataset_no"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("picture", String(64), nullable=False, index=True),
    Column("blob", String(64), nullable=False),
    Column("store_id", String(63), nullable=False),
    Column("camera_id", String(80), nullable=False),
    Column("day", String(10), nullable=False),
    Column("source", String(12), nullable=False),
    Column("source_id", String(40), nullable=False, index=True),
    Column("split", String(12), nullable=False),
    Column("num_boxes", Integer, nullable=False),
    Index("ix_dataset_items_split", "dataset_no", "split", "position"),
    Index("ix_dataset_items_store", "store_id", "dataset_no", "position"),
)

DATASET_BOXES = Table(
    "dataset_boxes",
    METADATA,
    Column("dataset_no", RowId, ForeignKey("datasets.dataset_no"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("box_no", Integer, primary_key=True, autoincrement=False),
    Column("sku_id", String(80), nullable=False),
    Column("source", String(12), nullable=False),
    Column("answer_id", RowId, nullable=False, index=True),
    Index("ix_dataset_boxes_sku", "sku_id", "dataset_no", "position"),
)

DATASET_QUARANTINE = Table(
    "dataset_quarantine",
    METADATA,
    Column("dataset_no", RowId, ForeignKey("datasets.dataset_no"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("picture", String(64), nullable=False),
    Column("source", String(12), nullable=False),
    Column("source_id", String(40), nullable=False, index=True),
    Column("camera_id", String(80), nullable=False),
    Column("reason", String(40), nullable=False),  # the first
    Column("reasons", JSON, nullable=False),
    Index("ix_dataset_quarantine_reason", "dataset_no", "reason", "position"),
)

WEAK_LABELS = Table(
    "weak_labels",
    METADATA,
    Column("weak_id", RowId, primary_key=True, autoincrement=True),
    Column("case_id", String(40), ForeignKey("cases.case_id"), nullable=False),
    Column("camera_id", String(80), nullable=False),
    Column("item_id", String(80), nullable=False),
    Column("x1", Integer, nullable=False),
    Column("y1", Integer, nullable=False),
    Column("x2", Integer, nullable=False),
    Column("y2", Integer, nullable=False),
    Column("sku_id", String(80), nullable=False),
    Column("source", String(12), nullable=False),  # shopper, barcode
    Column("status", String(12), nullable=False),  # accepted, blocked
    Column("reason", String(40), nullable=False),
    Column("rival", String(80), nullable=False),
    Column("margin", Integer, nullable=False),  # claimed above rival, thousandths of cosine
    Column("vetted_with", String(80), nullable=False),  # embedder
    Column("at", Utc, nullable=False),
    UniqueConstraint("case_id", "camera_id", "item_id", name="uq_weak_labels_item"),
    Index("ix_weak_labels_status", "status", "weak_id"),
)
