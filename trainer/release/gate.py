"""May the candidate take the champion's place? Judged on whole baskets of the blind set.

Flow: two replays of the same recordings -> paired baskets -> pass | reject | inconclusive

Pure: it reads results, runs nothing. Promised, per look at the blind set, with the policy's alpha:
a candidate that is worse by the margin passes with probability alpha at most; one that is equal is
rejected with probability alpha at most, and passes with the policy's power once there are as many
baskets as "label N more" says. Several slices share one alpha (Holm). Both errors are simulated
2,000 times in tests/trainer/release/test_gate.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sync.replay_result import ReplayedBasket, ReplayResult
from trainer.errors import DegradedError
from trainer.release.confidence import Interval, clustered_interval, pairs_needed

Verdict = Literal["pass", "reject", "inconclusive"]
MIN_SLICE_BASKETS = 20

FloatArray = NDArray[np.float64]


class GateInputError(DegradedError):
    """The two replays cannot be compared."""

    code = "gate.input"


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """Named margins; they travel in the verdict.

    Attributes:
        margin: share of baskets that may be lost; less is no loss.
        alpha: over all looks at one blind set together.
        num_looks: how often the blind set may be asked; each look spends alpha / num_looks.
        slice_margin: the same as margin, for each slice.
        flip_budget: share of baskets that were right and are wrong now.
        wrong_charged_limit: share of charged pieces that are wrong, unless the champion's is more.
        latency_ratio_limit: p95 of a frame against the champion's.
        memory_ratio_limit: most memory of a replay against the champion's, per target.
        parity_limit: share of baskets in which two exports of the candidate must agree.
    """

    name: str
    margin: float
    alpha: float
    num_looks: int
    power: float
    slice_margin: float
    flip_budget: float
    wrong_charged_limit: float
    latency_ratio_limit: float
    memory_ratio_limit: float = 1.25
    parity_limit: float = 0.99

    @property
    def alpha_per_look(self) -> float:
        """What one look spends."""
        return self.alpha / self.num_looks


# fmt: off
POLICIES: dict[str, GatePolicy] = {
    #                          name        margin alpha looks power slice flips wrong ms MiB parity
    "production": GatePolicy("production", 0.005, 0.05, 20, 0.8, 0.03, 0.01, .005, 1.1, 1.25, 0.99),
    "demo":       GatePolicy("demo",       0.10,  0.20, 2,  0.8, 0.30, 0.10, .02,  1.5, 1.5,  0.90),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class PairedBasket:
    """One recording, replayed with both."""

    name: str
    cluster: str
    slices: tuple[str, ...]
    champion_right: bool
    candidate_right: bool


@dataclass(frozen=True, slots=True)
class SliceResult:
    """One slice on its own."""

    name: str
    num_baskets: int
    difference: float
    upper: float
    is_worse: bool


@dataclass(frozen=True, slots=True)
class GateReport:
    """The verdict and what it rests on.

    Attributes:
        difference: candidate minus champion, share of exact baskets, with one-sided bounds.
        num_more: baskets to label before asking again; 0 where the verdict stands.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    num_more: int
    num_baskets: int
    num_clusters: int
    champion_accuracy: float
    candidate_accuracy: float
    difference: float
    lower: float
    upper: float
    negative_flips: tuple[str, ...]
    positive_flips: tuple[str, ...]
    slices: tuple[SliceResult, ...]
    policy: GatePolicy

    def document(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


def pair_baskets(
    champion: ReplayResult,
    candidate: ReplayResult,
    *,
    cluster_of: Callable[[str], str],
    slices_of: Mapping[str, Sequence[str]] | None = None,
) -> list[PairedBasket]:
    """Pair two replays by recording; a parent SKU, store or new SKU of its truth is a slice.

    Args:
        cluster_of: recording -> store and day.
        slices_of: SKU -> names of the slices it belongs to.

    Raises:
        GateInputError: other recordings, another version of the box's code, or no truth.
    """
    if champion.edge_version != candidate.edge_version:
        raise GateInputError(
            f"replayed with {champion.edge_version} and {candidate.edge_version}",
            hint="replay both with the same box software",
        )
    before = {basket.name: basket for basket in champion.baskets}
    after = {basket.name: basket for basket in candidate.baskets}
    if set(before) != set(after) or not before:
        raise GateInputError(
            f"{len(set(before) ^ set(after))} recordings were replayed with one of them only",
            hint="replay the whole blind set with both",
        )
    blind = [name for name in before if before[name].truth is None]
    if blind:
        raise GateInputError(f"{blind[0]} has no truth", hint="label it, or take it out")
    belongs = slices_of or {}
    return [
        PairedBasket(
            name=name,
            cluster=cluster_of(name),
            slices=tuple(
                sorted({s for sku in before[name].truth or {} for s in belongs.get(sku, ())})
            ),
            champion_right=before[name].is_exact,
            candidate_right=after[name].is_exact,
        )
        for name in sorted(before)
    ]


def judge(
    pairs: Sequence[PairedBasket], policy: GatePolicy, *, looks_used: int = 0,
    safety: Sequence[str] = (),
) -> GateReport:  # fmt: skip
    """The verdict over paired baskets.

    Args:
        looks_used: how often this blind set was asked before.
        safety: what safety_of() found; anything there rejects.
    """
    differences = _differences(pairs)
    alpha = policy.alpha_per_look
    interval = clustered_interval(differences, [p.cluster for p in pairs], alpha)
    slices = _slices(pairs, policy)
    rejections = [*safety, *_worse(interval, pairs, slices, policy)]
    if looks_used >= policy.num_looks:
        rejections.append(f"the blind set was asked {looks_used} times; renew it")
    doubts = _doubts(interval, pairs, policy)
    verdict: Verdict = "reject" if rejections else "inconclusive" if doubts else "pass"
    return GateReport(
        verdict=verdict,
        reasons=tuple(rejections or doubts),
        num_more=_num_more(interval, pairs, policy) if verdict == "inconclusive" else 0,
        num_baskets=len(pairs),
        num_clusters=interval.num_clusters if interval else len({p.cluster for p in pairs}),
        champion_accuracy=_share(p.champion_right for p in pairs),
        candidate_accuracy=_share(p.candidate_right for p in pairs),
        difference=float(differences.mean()) if len(pairs) else 0.0,
        lower=interval.lower if interval else -1.0,
        upper=interval.upper if interval else 1.0,
        negative_flips=tuple(p.name for p in pairs if p.champion_right and not p.candidate_right),
        positive_flips=tuple(p.name for p in pairs if p.candidate_right and not p.champion_right),
        slices=slices,
        policy=policy,
    )


def safety_of(champion: ReplayResult, candidate: ReplayResult, policy: GatePolicy) -> list[str]:
    """Reasons that reject whatever the accuracy: wrong charges, slowness."""
    found: list[str] = []
    before, after = (_wrong_charged(r.baskets) for r in (champion, candidate))
    if after > max(policy.wrong_charged_limit, before):
        found.append(f"{after:.2%} of charged pieces are wrong, the champion has {before:.2%}")
    slow_before, slow_after = (_latency(r.baskets) for r in (champion, candidate))
    if slow_before > 0 and slow_after > policy.latency_ratio_limit * slow_before:
        found.append(f"a frame takes {slow_after:.1f} ms (p95), the champion {slow_before:.1f} ms")
    return found


def _slices_in(basket: ReplayedBasket, belongs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted({name for sku in basket.truth or {} for name in belongs.get(sku, ())}))


def _differences(pairs: Sequence[PairedBasket]) -> FloatArray:
    return np.asarray([float(p.candidate_right) - float(p.champion_right) for p in pairs])


def _worse(
    interval: Interval | None,
    pairs: Sequence[PairedBasket],
    slices: Sequence[SliceResult],
    policy: GatePolicy,
) -> list[str]:
    found: list[str] = []
    if interval is not None and interval.upper < -policy.margin:
        found.append(
            f"{-interval.mean:.2%} fewer baskets are right, at least {-interval.upper:.2%} "
            f"with {1 - policy.alpha_per_look:.2%} confidence; the margin is {policy.margin:.2%}"
        )
    flips = np.asarray([float(p.champion_right and not p.candidate_right) for p in pairs])
    lost = clustered_interval(flips, [p.cluster for p in pairs], policy.alpha_per_look)
    if lost is not None and lost.lower > policy.flip_budget:
        found.append(
            f"{lost.mean:.2%} of baskets were right and are wrong now; the budget is "
            f"{policy.flip_budget:.2%}"
        )
    found += [
        f"slice {s.name}: {-s.difference:.2%} fewer of {s.num_baskets} baskets are right"
        for s in slices
        if s.is_worse
    ]
    return found


def _doubts(
    interval: Interval | None, pairs: Sequence[PairedBasket], policy: GatePolicy
) -> list[str]:
    if interval is None:
        return ["all baskets are of one store and day; that says nothing about another"]
    found: list[str] = []
    if interval.lower <= -policy.margin:
        found.append(
            f"the loss may be as large as {-interval.lower:.2%}; the margin is {policy.margin:.2%}"
        )
    flips = _share(p.champion_right and not p.candidate_right for p in pairs)
    if flips > policy.flip_budget:
        found.append(f"{flips:.2%} of baskets were right and are wrong now")
    return found


def _num_more(interval: Interval | None, pairs: Sequence[PairedBasket], policy: GatePolicy) -> int:
    """At least one; from other stores or days where all are of one."""
    if interval is None:
        return max(1, len(pairs))
    return max(1, pairs_needed(interval, policy.margin, policy.power) - len(pairs))


def _slices(pairs: Sequence[PairedBasket], policy: GatePolicy) -> tuple[SliceResult, ...]:
    """Each slice with enough baskets; the most suspicious first, Holm over all of them.

    Source: Holm 1979, A simple sequentially rejective multiple test procedure.
    """
    names = sorted({name for pair in pairs for name in pair.slices})
    members = {name: [p for p in pairs if name in p.slices] for name in names}
    large = [name for name in names if len(members[name]) >= MIN_SLICE_BASKETS]
    ordered = sorted(large, key=lambda name: float(_differences(members[name]).mean()))
    results: list[SliceResult] = []
    still_rejecting = True
    for rank, name in enumerate(ordered):
        alpha = policy.alpha_per_look / (len(ordered) - rank)
        inside = members[name]
        found = clustered_interval(_differences(inside), [p.cluster for p in inside], alpha)
        if found is None:
            continue
        is_worse = still_rejecting and found.upper < -policy.slice_margin
        still_rejecting = is_worse
        results.append(SliceResult(name, len(inside), found.mean, found.upper, is_worse))
    return tuple(results)


def _wrong_charged(baskets: Sequence[ReplayedBasket]) -> float:
    charged = wrong = 0
    for basket in baskets:
        truth = basket.truth or {}
        for sku_id, quantity in basket.predicted.items():
            charged += quantity
            wrong += max(0, quantity - truth.get(sku_id, 0))
    return wrong / charged if charged else 0.0


def _latency(baskets: Sequence[ReplayedBasket]) -> float:
    times = [basket.frame_ms_p95 for basket in baskets if basket.frame_ms_p95 > 0]
    return float(np.median(times)) if times else 0.0


def _share(flags: Any) -> float:
    listed = list(flags)
    return sum(listed) / len(listed) if listed else 0.0
