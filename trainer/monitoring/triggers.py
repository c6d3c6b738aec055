"""When training starts by itself: conditions vote, a cool-down and a cost cap hold it back.

Flow: TriggerPlan + Facts + now -> Decision (an occasion, or why not)

Pure. An occasion has a name that is the same however often it is asked: the scheduled moment of a
calendar, the number of the firing for everything that is counted. Who keeps firings makes the name
unique, so that a restart between two questions fires nothing twice.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Form(BaseModel):
    """Part of a plan: frozen, unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelsCondition(Form):
    """Enough new labels: in all, of one SKU, of one store, of one pair that was confused."""

    kind: Literal["labels"] = "labels"
    per: Literal["all", "sku", "store", "pair"] = "all"
    at_least: int = Field(ge=1, le=10_000_000)


class DriftCondition(Form):
    """A drift alert was opened since the last time; of one place, or anywhere."""

    kind: Literal["drift"] = "drift"
    place: str = Field(default="", max_length=250)


class AccuracyCondition(Form):
    """The expected accuracy of a store, or of any, is below."""

    kind: Literal["accuracy"] = "accuracy"
    below: float = Field(gt=0, lt=1)
    store_id: str = Field(default="", max_length=63)


class CatalogueCondition(Form):
    """So many SKUs are new or changed."""

    kind: Literal["catalogue"] = "catalogue"
    at_least: int = Field(ge=1, le=10_000_000)


class CalendarCondition(Form):
    """Every day, or every week, at an hour (UTC); what was missed while the hub was off, once."""

    kind: Literal["calendar"] = "calendar"
    weekday: int | None = Field(default=None, ge=0, le=6, description="0 is Monday; none: daily")
    hour: int = Field(ge=0, le=23)


Condition = Annotated[
    LabelsCondition | DriftCondition | AccuracyCondition | CatalogueCondition | CalendarCondition,
    Field(discriminator="kind"),
]


class TriggerJob(Form):
    """What is enqueued."""

    kind: str = Field(default="pipeline", pattern=r"^[a-z][a-z0-9_.-]{0,59}$")
    parameters: dict[str, Any] = Field(default={}, max_length=100)
    priority: int = Field(default=0, ge=-100, le=100)
    num_gpus: int = Field(default=0, ge=0, le=64)


class TriggerPlan(Form):
    """A trigger as a person wrote it.

    Attributes:
        conditions: none for a trigger that only a push, a program or a person fires.
        votes: how many conditions must hold at once.
        cool_down_h: hours after a firing in which nothing fires, whoever asks.
        cost: of one run, in whole units of your own (GPU minutes, cents).
        max_cost_30d: of 30 days; what would exceed it is held back. 0: no cap.
    """

    conditions: tuple[Condition, ...] = Field(default=(), max_length=20)
    votes: int = Field(default=1, ge=1, le=20)
    cool_down_h: int = Field(default=24, ge=0, le=8760)
    cost: int = Field(default=0, ge=0, le=1_000_000_000)
    max_cost_30d: int = Field(default=0, ge=0, le=1_000_000_000)
    job: TriggerJob = TriggerJob()

    @model_validator(mode="after")
    def _votes_can_be_reached(self) -> "TriggerPlan":
        if self.conditions and self.votes > len(self.conditions):
            raise ValueError(f"{self.votes} votes of {len(self.conditions)} conditions")
        return self


@dataclass(frozen=True, slots=True)
class Facts:
    """What is so now, counted since the last firing.

    Attributes:
        labels: per `all`, `sku`, `store`, `pair`: name -> new labels.
        drifts: places with a drift alert opened since.
        accuracy: store -> expected accuracy, where it can be told.
        num_firings: so far.
        last_fired_at: None before the first time.
        spent_30d: cost of the firings of the last 30 days.
        created_at: of the trigger; a calendar owes nothing before.
    """

    created_at: datetime
    labels: dict[str, dict[str, int]] = field(default_factory=dict)
    drifts: tuple[str, ...] = ()
    accuracy: dict[str, float] = field(default_factory=dict)
    num_skus_changed: int = 0
    num_firings: int = 0
    last_fired_at: datetime | None = None
    last_scheduled_at: datetime | None = None
    spent_30d: int = 0


@dataclass(frozen=True, slots=True)
class TriggerDecision:
    """What to do; `held_by` says why nothing where `is_due` is false."""

    is_due: bool
    occasion: str = ""
    reasons: tuple[str, ...] = ()
    held_by: str = ""


def decide(plan: TriggerPlan, facts: Facts, now: datetime) -> TriggerDecision:
    """Whether the conditions fire the trigger now."""
    reasons: list[str] = []
    occasion = f"n{facts.num_firings + 1}"
    for condition in plan.conditions:
        reason = _vote(condition, facts, now)
        if reason:
            reasons.append(reason)
            if isinstance(condition, CalendarCondition):
                occasion = reason
    if not plan.conditions:
        return TriggerDecision(False, held_by="fired by hand, by a program or by a push only")
    if len(reasons) < plan.votes:
        told = f"{len(reasons)} of {plan.votes} votes"
        return TriggerDecision(False, reasons=tuple(reasons), held_by=told)
    held_by = held_back(plan, facts, now)
    return TriggerDecision(not held_by, occasion, tuple(reasons), held_by)


def held_back(plan: TriggerPlan, facts: Facts, now: datetime) -> str:
    """Cool-down or cost cap that stands against a firing now; empty where none does."""
    if facts.last_fired_at is not None:
        until = facts.last_fired_at + timedelta(hours=plan.cool_down_h)
        if now < until:
            return f"cools down until {until:%Y-%m-%d %H:%M} UTC"
    if plan.max_cost_30d and facts.spent_30d + plan.cost > plan.max_cost_30d:
        return f"{facts.spent_30d} of {plan.max_cost_30d} spent in 30 days, a run costs {plan.cost}"
    return ""


def scheduled_before(condition: CalendarCondition, now: datetime) -> datetime:
    """The newest scheduled moment that is not in the future."""
    today = now.astimezone(UTC).replace(hour=condition.hour, minute=0, second=0, microsecond=0)
    if today > now:
        today -= timedelta(days=1)
    if condition.weekday is None:
        return today
    return today - timedelta(days=(today.weekday() - condition.weekday) % 7)


def _vote(condition: Condition, facts: Facts, now: datetime) -> str:
    """Why a condition holds; empty where it does not."""
    if isinstance(condition, LabelsCondition):
        counts = facts.labels.get(condition.per, {})
        name, count = max(counts.items(), key=lambda entry: entry[1], default=("", 0))
        return f"labels:{condition.per}:{name}:{count}" if count >= condition.at_least else ""
    if isinstance(condition, DriftCondition):
        found = [p for p in facts.drifts if condition.place in ("", p)]
        return f"drift:{found[0]}" if found else ""
    if isinstance(condition, AccuracyCondition):
        low = {
            s: a
            for s, a in facts.accuracy.items()
            if condition.store_id in ("", s) and a < condition.below
        }
        worst = min(low, key=lambda store: low[store], default=None)
        return "" if worst is None else f"accuracy:{worst}:{low[worst]:.4f}"
    if isinstance(condition, CatalogueCondition):
        count = facts.num_skus_changed
        return f"catalogue:{count}" if count >= condition.at_least else ""
    due = scheduled_before(condition, now)
    is_owed = due > facts.created_at and due > (facts.last_scheduled_at or facts.created_at)
    return f"calendar:{due:%Y-%m-%dT%H:%MZ}" if is_owed else ""
