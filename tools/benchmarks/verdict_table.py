"""How often the verdict is wrong, and how long it takes: simulated baskets of two models.

Flow: rates of wins and losses -> paired outcomes -> e-values at every look -> Figures

The product's own evidence (edge/bundles/evidence.py), looked at after every 50 baskets. A candidate
and the active model are both wrong in 3 % of the baskets and agree in 70 % of their errors.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundles.evidence import STAKES, PairedCounts, no_worse_e_value, worse_e_value
from sync.swap_policy import SwapPolicy
from tools.benchmarks.report import Figure

LOOK_EVERY = 50
BASE_ERROR = 0.03
SHARED = 0.7  # of the errors both make
EXTRA_POINTS = (0.0, 0.5, 1.0, 2.0, 7.0)
NEVER = 10**9

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Power:
    """What became of candidates that are worse by `points` per cent.

    Attributes:
        rejected, promoted: share of runs.
        median_baskets: until the median run was decided that way; 0 where fewer than half were.
    """

    points: float
    rejected: float
    promoted: float
    median_to_reject: int
    median_to_promote: int


def power(points: float, num_runs: int, num_baskets: int, policy: SwapPolicy, seed: int) -> Power:
    """Simulate runs; the first exit that is reached counts."""
    losses_rate = BASE_ERROR * (1 - SHARED) + points / 100
    wins_rate = BASE_ERROR * (1 - SHARED)
    wins, losses = _simulate(wins_rate, losses_rate, num_runs, num_baskets, seed)
    totals = (np.arange(len(wins)) + 1)[:, None] * LOOK_EVERY
    ties = totals - wins - losses
    is_worse = worse_e(wins, losses) >= 1 / policy.alpha
    is_fine = no_worse_e(wins, losses, ties, policy.margin) >= 1 / policy.alpha
    is_fine &= totals >= policy.min_baskets
    out, into = _first(is_worse), _first(is_fine)
    rejected, promoted = out < into, (into < out) | ((into == out) & (into < NEVER))
    rejected &= out < NEVER
    return Power(
        points,
        float(rejected.mean()),
        float(promoted.mean()),
        _median(np.where(rejected, out, NEVER)),
        _median(np.where(promoted, into, NEVER)),
    )


def figures(num_runs: int, num_baskets: int, policy: SwapPolicy, seed: int = 1) -> list[Figure]:
    """One row per size of the damage."""
    rows = []
    for points in EXTRA_POINTS:
        found = power(points, num_runs, num_baskets, policy, seed)
        name = "equal models" if points == 0 else f"+{points:g} points of error"
        rows.append(Figure(f"{name}: thrown out", f"{found.rejected:.2%}", "", _note(found)))
        rows.append(Figure(f"{name}: let in", f"{found.promoted:.2%}"))
    return rows


def worse_e(wins: Counts, losses: Counts) -> NDArray[np.float64]:
    """evidence.worse_e_value, for arrays; a test compares."""
    logs = [losses * np.log1p(s) + wins * np.log1p(-s) for s in STAKES]
    return np.asarray(np.exp(np.clip(np.stack(logs), None, 600.0)).mean(axis=0))


def no_worse_e(wins: Counts, losses: Counts, ties: Counts, margin: float) -> NDArray[np.float64]:
    """evidence.no_worse_e_value, for arrays; a test compares."""
    logs = []
    for share in STAKES:
        stake = share / (1.0 - margin) * 0.99
        logs.append(
            wins * np.log1p(stake * (1.0 + margin))
            + ties * np.log1p(stake * margin)
            + losses * np.log1p(-stake * (1.0 - margin))
        )
    return np.asarray(np.exp(np.clip(np.stack(logs), None, 600.0)).mean(axis=0))


def is_the_products_own(wins: int, losses: int, ties: int, margin: float) -> bool:
    """Whether the arrays say what the decision says."""
    counts = PairedCounts(wins, losses, ties)
    ours = worse_e(np.asarray(wins), np.asarray(losses))
    fine = no_worse_e(np.asarray(wins), np.asarray(losses), np.asarray(ties), margin)
    expected = (worse_e_value(counts), no_worse_e_value(counts, margin))
    return bool(np.allclose((ours, fine), expected))


def _simulate(
    wins_rate: float, losses_rate: float, num_runs: int, num_baskets: int, seed: int
) -> tuple[Counts, Counts]:
    """Cumulative wins and losses, int (looks, runs) each."""
    dice = np.random.default_rng(seed)
    rates = [wins_rate, losses_rate, 1 - wins_rate - losses_rate]
    steps = dice.multinomial(LOOK_EVERY, rates, size=(num_baskets // LOOK_EVERY, num_runs))
    counts = np.cumsum(steps, axis=0)
    return counts[..., 0], counts[..., 1]


def _first(reached: NDArray[np.bool_]) -> Counts:
    """Baskets at the first look at which it holds."""
    first = np.where(reached.any(axis=0), (reached.argmax(axis=0) + 1) * LOOK_EVERY, NEVER)
    return np.asarray(first, dtype=np.int64)


def _median(baskets: Counts) -> int:
    median = float(np.median(baskets))
    return 0 if median >= NEVER else round(median)


def _note(found: Power) -> str:
    words = []
    if found.median_to_reject:
        words.append(f"median after {found.median_to_reject} baskets")
    if found.median_to_promote:
        words.append(f"let in after {found.median_to_promote}")
    return ", ".join(words)
