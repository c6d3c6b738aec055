"""May the candidate take over, must it leave, or is it too early to say: the decision.

Flow: ShadowEvidence -> ShadowVerdict; ProbationFacts -> ProbationVerdict

Pure: no clock, no disk, no process. Every number that decided is in the verdict, so that it can be
kept and read later. The policy (sync/swap_policy.py) is named by the signed assignment.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edge.bundles.evidence import PairedCounts, no_worse_e_value, worse_e_value
from sync.share_evidence import share_log_e
from sync.swap_policy import SwapPolicy

MIN_NULL_FRAMES = 10  # a candidate that sees nothing has them within its first basket or two
MIN_EXTRA_ASKS = 5  # one that asks about everything has them within a few baskets


@dataclass(frozen=True, slots=True)
class ShadowEvidence:
    """What shadowing has shown so far.

    Attributes:
        counts: baskets whose winner is known.
        num_open: baskets that differ and that nobody has judged. They speak neither against the
            candidate nor for it: for the proof that it is no worse they count as lost.
        seconds_since_result: in which it had work and was let run.
        num_null_frames, num_extra_asks: what the two shares were counted from.
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
    num_null_frames: int = MIN_NULL_FRAMES
    num_extra_asks: int = MIN_EXTRA_ASKS
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
    num_open: int = 0


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
        exit_, reasons, worse, no_worse, evidence.counts, policy.name, evidence.coverage,
        evidence.num_open,
    )  # fmt: skip


def worse_skus(evidence: ShadowEvidence, policy: SwapPolicy) -> tuple[str, ...]:
    """SKUs that the candidate alone gets wrong, beyond chance.

    Every SKU is a test of its own; each gets an equal part of alpha.
    """
    limit = max(MIN_SKU_TESTS, len(evidence.sku_counts)) / policy.alpha
    return tuple(
        sorted(s for s, counts in evidence.sku_counts.items() if worse_e_value(counts) >= limit)
    )


def _broken_guardrails(evidence: ShadowEvidence, policy: SwapPolicy) -> tuple[str, ...]:
    # A share of a handful is no share: one frame at the edge of the first basket is 5 %.
    many_null = evidence.num_null_frames >= MIN_NULL_FRAMES
    many_asks = evidence.num_extra_asks >= MIN_EXTRA_ASKS
    table = (
        ("crashed", evidence.num_crashes > 0),
        ("too_slow", evidence.latency_ratio > policy.max_latency_ratio),
        ("too_much_memory", evidence.rss_mib > policy.max_rss_mib),
        ("null_outputs", evidence.null_share > policy.max_null_share and many_null),
        ("asks_too_often", evidence.ask_increase > policy.max_ask_increase and many_asks),
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
        counts: after the swap against what shadowing promised, where somebody compared.
        num_troubled: baskets since the swap that a person had to help with: answers, searches.
        usual_baskets, usual_troubled: the same before the swap, of the model that served then.
    """

    num_baskets: int
    num_deaths_this_boot: int
    null_share: float
    latency_ratio: float
    counts: PairedCounts
    num_troubled: int = 0
    usual_baskets: int = 0
    usual_troubled: int = 0


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
        ("corrected_too_often", trouble_log_e(facts, policy) >= math.log(1.0 / policy.alpha)),
        ("figures_not_numbers", facts.null_share != facts.null_share),
    )
    harm = tuple(name for name, is_true in table if is_true)
    if harm:
        return ProbationVerdict(ProbationExit.ROLL_BACK, harm, worse)
    if facts.num_baskets >= policy.confirm_baskets:
        return ProbationVerdict(ProbationExit.CONFIRM, ("enough_baskets",), worse)
    return ProbationVerdict(ProbationExit.WATCH, ("too_few_baskets",), worse)


def trouble_log_e(facts: ProbationFacts, policy: SwapPolicy) -> float:
    """Log evidence that people have to help more often than before, beyond what is allowed.

    The share before is estimated; one basket of two is added to it, so that few baskets before
    the swap make it lenient, never strict.
    """
    before = (facts.usual_troubled + 1) / (facts.usual_baskets + 2)
    tolerated = min(before + policy.max_trouble_rise, 0.99)
    return share_log_e(min(facts.num_troubled, facts.num_baskets), facts.num_baskets, tolerated)
