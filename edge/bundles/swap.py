"""May the candidate take over, must it leave, or is it too early to say: the decision.

Flow: ShadowEvidence -> ShadowVerdict; ProbationFacts -> ProbationVerdict

Pure: no clock, no disk, no process. Every number that decided is in the verdict, so that it can be
kept and read later. The policy has a name and comes signed with the bundle's assignment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from edge.bundles.evidence import PairedCounts, no_worse_e_value, worse_e_value


class SwapPolicy(BaseModel):
    """Limits of one named policy; `production` unless a signed one says otherwise.

    Attributes:
        alpha: chance of a false alarm over the whole shadow period.
        margin: share of baskets the candidate may price worse before it is called worse.
        min_baskets: compared at least, whatever the evidence says.
        min_coverage: share of the active model's looks that the candidate saw too.
        max_latency_ratio: candidate p95 against active p95.
        max_rss_mib: memory of the shadow process.
        max_null_share: frames in which the candidate answered nothing where the active saw items.
        max_active_slowdown: active p95 with shadow on against off; above it the shadow pauses.
        deadline_s: hold when undecided for so long.
        confirm_baskets: baskets after the swap until the candidate is confirmed.
        max_deaths: process deaths in one boot during probation before it is rolled back.
        max_ask_increase: questions more than the active model's, per piece.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "production"
    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    margin: float = Field(default=0.005, gt=0, lt=0.5)
    min_baskets: int = Field(default=200, ge=1)
    min_coverage: float = Field(default=0.9, ge=0, le=1)
    max_latency_ratio: float = Field(default=1.5, gt=0)
    max_rss_mib: float = Field(default=1024.0, gt=0)
    max_null_share: float = Field(default=0.02, ge=0, le=1)
    max_active_slowdown: float = Field(default=1.1, ge=1)
    deadline_s: float = Field(default=14 * 86_400.0, gt=0)
    confirm_baskets: int = Field(default=50, ge=1)
    max_deaths: int = Field(default=2, ge=0)
    max_ask_increase: float = Field(default=0.05, ge=0, le=1)


# `lab` proves little and says so: for demonstrations and a lane in a laboratory. Whoever shows its
# figures shows production's beside them.
POLICIES = {
    "production": SwapPolicy(),
    "lab": SwapPolicy(name="lab", margin=0.45, min_baskets=3, deadline_s=3600.0, confirm_baskets=1),
}


@dataclass(frozen=True, slots=True)
class ShadowEvidence:
    """What shadowing has shown so far.

    Attributes:
        counts: baskets whose winner is known.
        num_open: baskets that differ and that nobody has judged. They speak neither against the
            candidate nor for it: for the proof that it is no worse they count as lost.
        seconds_since_result: in which it had work and was let run.
        sku_counts: SKUs on which one of the two was wrong.
    """

    counts: PairedCounts
    coverage: float
    latency_ratio: float
    rss_mib: float
    null_share: float
    num_crashes: int
    num_seconds: float
    seconds_since_result: float
    active_slowdown: float = 1.0
    ask_increase: float = 0.0
    num_open: int = 0
    sku_counts: Mapping[str, PairedCounts] = field(default_factory=dict)


class Exit(StrEnum):
    """The three exits of shadowing, and the state before one is reached."""

    WATCH = "watch"
    PROMOTE = "promote"
    REJECT = "reject"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class ShadowVerdict:
    """What to do with the candidate, why, and the e-values behind it."""

    exit: Exit
    reasons: tuple[str, ...]
    worse_e: float
    no_worse_e: float
    counts: PairedCounts
    policy_name: str
    coverage: float = 0.0


MAX_SILENT_S = 6 * 3600.0  # a shadow that has work, may run, and says nothing for so long failed
MIN_SKU_TESTS = 100  # alpha is shared by so many SKUs at least, however few were wrong so far


def judge_shadow(evidence: ShadowEvidence, policy: SwapPolicy) -> ShadowVerdict:
    """Promote, reject, hold at the deadline, or watch on.

    Guardrails come first: a candidate that crashes, swells, crawls or says nothing is rejected
    whatever its baskets look like. No data never promotes.
    """
    worse = worse_e_value(evidence.counts)
    sceptical = evidence.counts + PairedCounts(losses=evidence.num_open)
    no_worse = no_worse_e_value(sceptical, policy.margin)
    regressed = worse_skus(evidence, policy)
    broken = _broken_guardrails(evidence, policy)
    if broken:
        exit_, reasons = Exit.REJECT, broken
    elif worse >= 1.0 / policy.alpha:
        exit_, reasons = Exit.REJECT, ("priced_worse",)
    elif regressed:
        exit_, reasons = Exit.REJECT, tuple(f"sku_worse:{sku_id}" for sku_id in regressed)
    else:
        missing = _missing(evidence, policy, no_worse)
        if not missing:
            exit_, reasons = Exit.PROMOTE, ("no_worse",)
        elif evidence.num_seconds >= policy.deadline_s:
            exit_, reasons = Exit.HOLD, ("deadline", *missing)
        else:
            exit_, reasons = Exit.WATCH, missing
    return ShadowVerdict(
        exit_, reasons, worse, no_worse, evidence.counts, policy.name, evidence.coverage
    )


def worse_skus(evidence: ShadowEvidence, policy: SwapPolicy) -> tuple[str, ...]:
    """SKUs that the candidate alone gets wrong, beyond chance.

    Every SKU is a test of its own; each gets an equal part of alpha.
    """
    limit = max(MIN_SKU_TESTS, len(evidence.sku_counts)) / policy.alpha
    return tuple(
        sorted(s for s, counts in evidence.sku_counts.items() if worse_e_value(counts) >= limit)
    )


def _broken_guardrails(evidence: ShadowEvidence, policy: SwapPolicy) -> tuple[str, ...]:
    table = (
        ("crashed", evidence.num_crashes > 0),
        ("too_slow", evidence.latency_ratio > policy.max_latency_ratio),
        ("too_much_memory", evidence.rss_mib > policy.max_rss_mib),
        ("null_outputs", evidence.null_share > policy.max_null_share),
        ("asks_too_often", evidence.ask_increase > policy.max_ask_increase),
        ("silent", evidence.seconds_since_result > MAX_SILENT_S),
    )
    # A comparison with NaN is false: a figure that is no number is a broken guardrail of its own.
    figures = (evidence.latency_ratio, evidence.rss_mib, evidence.null_share, evidence.coverage)
    unreadable = ("figures_not_numbers",) if any(v != v for v in figures) else ()
    return tuple(name for name, is_broken in table if is_broken) + unreadable


def _missing(evidence: ShadowEvidence, policy: SwapPolicy, no_worse: float) -> tuple[str, ...]:
    table = (
        ("too_few_baskets", evidence.counts.total + evidence.num_open < policy.min_baskets),
        ("too_little_coverage", evidence.coverage < policy.min_coverage),
        ("not_proven_no_worse", no_worse < 1.0 / policy.alpha),
    )
    return tuple(name for name, is_missing in table if is_missing)


@dataclass(frozen=True, slots=True)
class ProbationFacts:
    """What happened since the swap.

    Attributes:
        num_baskets: finished since the swap.
        num_deaths_this_boot: perception died so often since the swap, in this boot; a power cut
            starts a new boot and is no death.
        null_share: frames without an answer where items lay.
        latency_ratio: p95 now against the p95 before the swap.
        counts: after the swap against what shadowing promised: corrections by people as losses.
    """

    num_baskets: int
    num_deaths_this_boot: int
    null_share: float
    latency_ratio: float
    counts: PairedCounts


class ProbationExit(StrEnum):
    """After the swap: watch, keep for good, or go back."""

    WATCH = "watch"
    CONFIRM = "confirm"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class ProbationVerdict:
    """What to do with a model on probation, and why."""

    exit: ProbationExit
    reasons: tuple[str, ...]
    worse_e: float


def judge_probation(facts: ProbationFacts, policy: SwapPolicy) -> ProbationVerdict:
    """Confirm after enough real baskets, roll back on the first proof of harm."""
    worse = worse_e_value(facts.counts)
    table = (
        ("died", facts.num_deaths_this_boot >= max(policy.max_deaths, 1)),
        ("null_outputs", facts.null_share > policy.max_null_share),
        ("too_slow", facts.latency_ratio > policy.max_latency_ratio),
        ("priced_worse", worse >= 1.0 / policy.alpha),
        ("figures_not_numbers", facts.null_share != facts.null_share),
    )
    harm = tuple(name for name, is_true in table if is_true)
    if harm:
        return ProbationVerdict(ProbationExit.ROLL_BACK, harm, worse)
    if facts.num_baskets >= policy.confirm_baskets:
        return ProbationVerdict(ProbationExit.CONFIRM, ("enough_baskets",), worse)
    return ProbationVerdict(ProbationExit.WATCH, ("too_few_baskets",), worse)
