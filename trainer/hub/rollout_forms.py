"""Forms of /api/v1/rollouts: what is asked for, and everything a page shows.

No arithmetic and no database: rollout_api.py fills them.
"""

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from trainer.hub.people_auth import Body, Reply
from trainer.hub.store_api import StoreId
from trainer.release.rollout_plan import RolloutPlan

PolicyName = Literal["production", "lab", "demo"]
Step = Literal["", "offered", "fetched", "held", "refused", "swapped", "confirmed", "rolled_back"]
RingState = Literal["waiting", "current", "passed", "withdrawn"]
Act = Literal["next", "hold", "resume", "withdraw"]


class RolloutStartRequest(Body):
    """An approved model, and the rings in their order.

    Attributes:
        rings: names, with the usual limits; `lab` in the first place is the lab lane.
        plan: instead of `rings`: every limit by hand.
        policy: of the boxes' own judgement; signed with every assignment.
    """

    bundle_id: str = Field(pattern="^[0-9a-f]{64}$")
    rings: list[StoreId] = Field(default=[], max_length=12)
    plan: RolloutPlan | None = None
    channel: StoreId = "main"
    policy: PolicyName = "production"
    note: str = Field(default="", max_length=2000)


class RolloutOrderRequest(Body):
    """Why."""

    note: str = Field(default="", max_length=2000)


class RolloutRow(Reply):
    """One line: what goes out, how far it is, how many boxes have it."""

    rollout_id: int
    bundle_id: str
    name: str
    version: str
    channel: str
    policy: str
    phase: Literal["running", "held", "stopped", "withdrawn", "done"]
    ring: str
    place: int
    num_rings: int
    reason: str
    note: str
    started_by: str
    started_at: AwareDatetime
    ring_began_at: AwareDatetime
    ended_at: AwareDatetime | None
    num_boxes: int
    num_confirmed: int
    num_failed: int


class RingReply(Reply):
    """One ring: its limits, what was signed, and how its boxes stand.

    Attributes:
        state: `waiting`, `current`, `passed`, or `withdrawn`.
        silent: serves the release and was not heard for too long; also counted by its step.
        offline: away before it fetched; says nothing about the release.
    """

    place: int
    name: str
    state: RingState
    is_lab: bool
    soak_h: float
    deadline_h: float
    min_confirmed: int
    share_confirmed: float
    previous_bundle_id: str | None
    told: Literal["", "release", "withdrawn"]
    generation: int
    told_at: AwareDatetime | None
    began_at: AwareDatetime | None
    passed_at: AwareDatetime | None
    boxes: int
    offered: int
    fetched: int
    held: int
    refused: int
    swapped: int
    confirmed: int
    rolled_back: int
    silent: int
    offline: int


class DecisionReply(Reply):
    """A decision of the hub or a person, with every number it rested on."""

    decision_id: int
    at: AwareDatetime
    action: str
    by: str
    reason: str
    note: str
    ring: str
    numbers: dict[str, float]
    counts: dict[str, dict[str, int]]


class PointReply(Reply):
    """The judge's numbers at a moment, for charts; logs are natural."""

    at: AwareDatetime
    ring: str
    numbers: dict[str, float]


class BoxProgressReply(Reply):
    """One box and the release."""

    box_id: str
    store_id: str
    ring: str
    step: str
    is_silent: bool
    reason: str
    policy: str
    seen_at: AwareDatetime | None
    swapped_at: AwareDatetime | None
    wins: int
    losses: int
    ties: int
    num_open: int
    log_e_worse: float
    log_e_no_worse: float
    baskets: int
    troubled: int
    drills: dict[str, str]


class BoxProgressPage(Reply):
    """A page of boxes."""

    total: int
    offset: int
    limit: int
    items: list[BoxProgressReply]


class RolloutReply(RolloutRow):
    """A rollout with everything a page shows.

    Attributes:
        waits_for: what the judge says now.
        numbers: the judge's, now; `log_e_needed` is the line in every chart.
        limits: alpha, silent_after_h, tolerated_failures of the plan.
        box_policy, production_policy: what boxes judge by, and production's beside it.
        troubled_boxes: failed, silent or held, at most 100.
    """

    waits_for: str
    numbers: dict[str, float]
    limits: dict[str, float]
    box_policy: dict[str, Any]
    production_policy: dict[str, Any]
    rings: list[RingReply]
    decisions: list[DecisionReply]
    series: list[PointReply]
    troubled_boxes: list[BoxProgressReply]
