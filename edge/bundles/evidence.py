"""Paired evidence that may be looked at after every basket: is the candidate worse, is it no worse.

Flow: baskets priced by both models -> PairedCounts -> e-values

Each basket with a known truth is a win (only the candidate was right), a loss (only the active
model was right) or a tie. Two e-processes bet on the counts; an e-value above 1 / alpha may be
acted on at any moment, however often one looks. Pure; e-values of independent boxes may be
multiplied.
"""

import math
from dataclasses import dataclass

# Stakes that are tried side by side; their mean is again a fair bet. Small stakes find small
# differences after many baskets, large ones find disasters after few.
STAKES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """How often who alone was right.

    Attributes:
        wins: only the candidate was right.
        losses: only the active model was right.
        ties: both right or both wrong.
    """

    wins: int = 0
    losses: int = 0
    ties: int = 0

    def __post_init__(self) -> None:
        """Refuse negative counts."""
        if min(self.wins, self.losses, self.ties) < 0:
            raise ValueError(f"counts cannot be negative: {self}")

    @property
    def total(self) -> int:
        """Baskets compared."""
        return self.wins + self.losses + self.ties

    def __add__(self, other: "PairedCounts") -> "PairedCounts":
        """Counts of two boxes, or of two periods, together."""
        return PairedCounts(
            self.wins + other.wins, self.losses + other.losses, self.ties + other.ties
        )


def worse_e_value(counts: PairedCounts) -> float:
    """Evidence against "the candidate is at least as often right as the active model".

    Under that hypothesis a loss is at most as likely as a win, so the expected capital of a stake
    on losses never grows. P(ever >= 1 / alpha) <= alpha.

    Source: Waudby-Smith and Ramdas 2024, Estimating means of bounded random variables by betting,
    arXiv:2010.09686; Ville's inequality.
    """
    return _mean_capital(_worse_logs(counts))


def no_worse_e_value(counts: PairedCounts, margin: float) -> float:
    """Evidence against "the candidate loses `margin` more of the baskets than it wins, or worse".

    Args:
        counts: of the baskets compared.
        margin: non-inferiority margin, a share of baskets in (0, 1).

    Raises:
        ValueError: margin out of range.

    Source: as worse_e_value, with the null mean shifted by the margin.
    """
    if not 0.0 < margin < 1.0:
        raise ValueError(f"margin {margin} is not in (0, 1)")
    return _mean_capital(_no_worse_logs(counts, margin))


def log_worse_e(counts: PairedCounts) -> float:
    """Natural log of worse_e_value, finite also where the value itself is not."""
    return _log_mean(_worse_logs(counts))


def log_no_worse_e(counts: PairedCounts, margin: float) -> float:
    """Natural log of no_worse_e_value, finite also where the value itself is not."""
    return _log_mean(_no_worse_logs(counts, margin))


def _worse_logs(counts: PairedCounts) -> list[float]:
    return [
        counts.losses * math.log1p(stake) + counts.wins * math.log1p(-stake) for stake in STAKES
    ]


def _no_worse_logs(counts: PairedCounts, margin: float) -> list[float]:
    limit = 1.0 / (1.0 - margin)
    return [
        counts.wins * math.log1p(stake * (1.0 + margin))
        + counts.ties * math.log1p(stake * margin)
        + counts.losses * math.log1p(-stake * (1.0 - margin))
        for stake in (s * limit * 0.99 for s in STAKES)
    ]


def _log_mean(logs: list[float]) -> float:
    highest = max(logs)
    return highest + math.log(sum(math.exp(v - highest) for v in logs) / len(logs))


def _mean_capital(logs: list[float]) -> float:
    """Mean of exp(logs), infinite instead of an overflow."""
    mean_log = _log_mean(logs)
    return math.exp(mean_log) if mean_log < 700.0 else math.inf
