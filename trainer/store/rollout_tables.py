"""Tables of rollouts: the release, its rings, its boxes, every decision, the figures over time."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table

from trainer.store.schema import METADATA, RowId, Utc

ROLLOUTS = Table(
    "rollouts",
    METADATA,
    Column("rollout_id", RowId, primary_key=True, autoincrement=True),
    Column("bundle_id", String(64), ForeignKey("models.bundle_id"), nullable=False, index=True),
    Column("channel", String(63), nullable=False),
    Column("policy", String(63), nullable=False),  # of the boxes: sync/swap_policy.py
    Column("plan", JSON, nullable=False),
    Column("note", String(2000), nullable=False),
    Column("phase", String(20), nullable=False, index=True),
    Column("ring", Integer, nullable=False),
    Column("ring_began_at", Utc, nullable=False),
    Column("reason", String(300), nullable=False),
    Column("started_by", String(120), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc, nullable=True),
)

ROLLOUT_RINGS = Table(
    "rollout_rings",
    METADATA,
    Column("rollout_id", RowId, ForeignKey("rollouts.rollout_id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("name", String(63), nullable=False, index=True),
    Column("previous_bundle_id", String(64), nullable=True),
    Column("told", String(20), nullable=False),  # empty, release, withdrawn: what was signed last
    Column("generation", Integer, nullable=False),
    Column("told_at", Utc, nullable=True),
    Column("began_at", Utc, nullable=True),
    Column("passed_at", Utc, nullable=True),
)

ROLLOUT_BOXES = Table(
    "rollout_boxes",
    METADATA,
    Column("rollout_id", RowId, ForeignKey("rollouts.rollout_id"), primary_key=True),
    Column("box_id", String(63), ForeignKey("boxes.box_id"), primary_key=True),
    Column("step", String(20), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("policy", String(63), nullable=False),
    Column("swapped_at", Utc, nullable=True),
    Column("wins", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("ties", Integer, nullable=False),
    Column("num_open", Integer, nullable=False),
    Column("log_e_worse", Float, nullable=False),
    Column("log_e_no_worse", Float, nullable=False),
    Column("baskets", Integer, nullable=False),
    Column("troubled", Integer, nullable=False),
    Column("drills", JSON, nullable=False),
    Column("is_drilled", Boolean, nullable=False),
    Column("changed_at", Utc, nullable=False),
)

ROLLOUT_DECISIONS = Table(
    "rollout_decisions",
    METADATA,
    Column("decision_id", RowId, primary_key=True, autoincrement=True),
    Column("rollout_id", RowId, ForeignKey("rollouts.rollout_id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("action", String(20), nullable=False),
    Column("by", String(120), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("note", String(2000), nullable=False),
    Column("ring", String(63), nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("counts", JSON, nullable=False),  # ring -> step -> boxes
)

ROLLOUT_POINTS = Table(
    "rollout_points",
    METADATA,
    Column("point_id", RowId, primary_key=True, autoincrement=True),
    Column("rollout_id", RowId, ForeignKey("rollouts.rollout_id"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("ring", String(63), nullable=False),
    Column("numbers", JSON, nullable=False),
    Index("ix_rollout_points_rollout_at", "rollout_id", "at"),
)

ALL = (ROLLOUTS, ROLLOUT_RINGS, ROLLOUT_BOXES, ROLLOUT_DECISIONS, ROLLOUT_POINTS)
