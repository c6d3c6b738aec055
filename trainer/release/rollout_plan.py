"""The plan of a rollout as people give it and as it is kept: rings in their order, limits, JSON.

Flow: ring names, knobs -> RolloutPolicy <-> JSON document

Pure. The defaults are a cautious fleet's; a plan that is under way never changes.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trainer.release.rollout import Ring, RolloutPolicy

LAB_RINGS = ("lab",)  # a ring of this name is the lab lane unless the plan says otherwise
HOUR = timedelta(hours=1)


class PlannedRing(BaseModel):
    """One ring of the plan.

    Attributes:
        soak_h, deadline_h: at least and at most so long; then a person looks.
        min_confirmed, share_confirmed: boxes, of those that fetched it.
        is_lab: golden frames, swap and way back must be shown, and one failure stops.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")
    soak_h: float = Field(default=24.0, ge=0, le=24 * 90)
    deadline_h: float = Field(default=14 * 24.0, gt=0, le=24 * 365)
    min_confirmed: int = Field(default=1, ge=1, le=1_000_000)
    share_confirmed: float = Field(default=0.9, gt=0, le=1)
    is_lab: bool = False


class RolloutPlan(BaseModel):
    """Rings and limits of one rollout.

    Attributes:
        alpha: chance of stopping a release that is no worse, and of passing one that is.
        silent_after_h: a box that swapped and was not heard for so long has failed. Boxes that are
            switched off at night need more than their longest night.
        tolerated_failures: share of boxes that fail for reasons of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rings: tuple[PlannedRing, ...] = Field(min_length=1, max_length=12)
    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    silent_after_h: float = Field(default=6.0, gt=0, le=24 * 30)
    tolerated_failures: float = Field(default=0.02, gt=0, lt=0.5)

    @model_validator(mode="after")
    def _has_order(self) -> "RolloutPlan":
        names = [ring.name for ring in self.rings]
        if len(set(names)) != len(names):
            raise ValueError("a ring stands twice")
        if any(ring.is_lab for ring in self.rings[1:]):
            raise ValueError("the lab lane is the first ring")
        return self

    def policy(self) -> RolloutPolicy:
        """In the judge's words."""
        return RolloutPolicy(
            rings=tuple(
                Ring(
                    ring.name, ring.soak_h * HOUR, ring.deadline_h * HOUR, ring.min_confirmed,
                    ring.share_confirmed, ring.is_lab,
                )
                for ring in self.rings
            ),
            alpha=self.alpha,
            silent_after=self.silent_after_h * HOUR,
            tolerated_failures=self.tolerated_failures,
        )  # fmt: skip


def plan_of(names: Sequence[str], **limits: Any) -> RolloutPlan:
    """A plan with the defaults; a first ring called `lab` is the lab lane and soaks two hours.

    Raises:
        ValueError: no ring, one twice, or a limit out of range.
    """
    rings = [
        PlannedRing(name=name, soak_h=2.0, deadline_h=72.0, is_lab=True)
        if index == 0 and name in LAB_RINGS
        else PlannedRing(name=name)
        for index, name in enumerate(names)
    ]
    return RolloutPlan(rings=tuple(rings), **limits)
