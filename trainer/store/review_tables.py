"""Tables of labeling: who looks at what, what they said, what is known for certain, the labels."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table

from trainer.store.schema import METADATA, RowId, Utc

ANSWERS = Table(
    "answers",
    METADATA,
    Column("answer_id", RowId, primary_key=True, autoincrement=True),
    Column("case_id", String(40), ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("reviewer", String(120), nullable=False),
    Column("at", Utc, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("pictures", JSON, nullable=False),
    Column("num_boxes", Integer, nullable=False),
    Column("is_undone", Boolean, nullable=False),
    Column("gold_wrong", Integer, nullable=True),  # items wrong on a gold question; else null
    Column("is_agreed", Boolean, nullable=True),  # beside a colleague's answer; else null
    Column("status_before", String(20), nullable=False),
    Index("ix_answers_reviewer", "reviewer", "answer_id"),
    Index(  # statistics of people are read from it alone: an answer's own row is wide
        "ix_answers_stats",
        "reviewer",
        "is_undone",
        "seconds",
        "num_boxes",
        "gold_wrong",
        "is_agreed",
    ),
)

CLAIMS = Table(
    "case_claims",
    METADATA,
    Column("case_id", String(40), ForeignKey("cases.case_id"), primary_key=True),
    Column("reviewer", String(120), primary_key=True),
    Column("until", Utc, nullable=False),
)

GOLD_CASES = Table(
    "gold_cases",
    METADATA,
    Column("case_id", String(40), ForeignKey("cases.case_id"), primary_key=True),
    Column("pictures", JSON, nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
)

LABELS = Table(
    "labels",
    METADATA,
    Column("label_id", RowId, primary_key=True, autoincrement=True),
    Column("case_id", String(40), ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("camera_id", String(80), nullable=False),
    Column("item_id", String(80), nullable=False),
    Column("x1", Integer, nullable=False),
    Column("y1", Integer, nullable=False),
    Column("x2", Integer, nullable=False),
    Column("y2", Integer, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("sku_id", String(80), nullable=False, index=True),
    Column("source", String(120), nullable=False),  # who said so last
    Column("at", Utc, nullable=False),
    Column("origin", String(12), nullable=False, server_default="reviewer"),  # or import
    Column("answer_id", RowId, nullable=False, server_default="0"),  # 0: by no answer
)
