"""Which moments are worth a label, and how much: the decision.

Flow: Candidate + what was taken today -> value, or None

Pure. Value is what the reason itself teaches, plus uncertainty x novelty x need of the SKU (their
geometric mean: one of them alone does not make a moment worth much). What a box has sent of an SKU
in the last days, it needs less.
Quotas per reason and per SKU keep one loud product, or one broken camera, from filling the queue;
a random sample of quiet baskets is always taken, because silence is no proof.
"""

from collections import Counter
from dataclasses import dataclass, field

from sync.hard_case import CaseReason

# What a reason is worth by itself, 0 to 1000: a correction is a label already.
REASON_VALUE = {
    CaseReason.CORRECTED: 900,
    CaseReason.UNKNOWN_OBJECT: 800,
    CaseReason.CAMERAS_DISAGREE: 600,
    CaseReason.SHADOW_DISAGREES: 600,
    CaseReason.WEIGHT_MISMATCH: 500,
    CaseReason.UNCERTAIN: 300,
    CaseReason.RANDOM: 100,
}
DAILY_PER_REASON = {
    CaseReason.CORRECTED: 200,
    CaseReason.UNKNOWN_OBJECT: 100,
    CaseReason.CAMERAS_DISAGREE: 60,
    CaseReason.SHADOW_DISAGREES: 100,
    CaseReason.WEIGHT_MISMATCH: 60,
    CaseReason.UNCERTAIN: 120,
    CaseReason.RANDOM: 20,
}
DAILY_PER_SKU = 15  # the sixteenth picture of one product in one shop on one day teaches little
MAX_BONUS = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A moment that may become a hard case.

    Attributes:
        margin: gap in nats between the two best SKUs; small is uncertain.
        similarity: cosine to the nearest prototype; small is novel.
        sku_id: the best guess, or what a person said.
        sku_need: 0 to 1, how few pictures the centre has of it; None: by what this box has sent.
    """

    reason: CaseReason
    margin: float
    similarity: float
    sku_id: str
    sku_need: float | None = None


@dataclass(slots=True)
class TakenToday:
    """What this box took since midnight, and of each SKU on the days before."""

    per_reason: Counter[CaseReason] = field(default_factory=Counter)
    per_sku: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)

    def tomorrow(self) -> "TakenToday":
        """Quotas begin anew; what was sent of an SKU counts half as much with each day."""
        counts = {sku: (n + self.per_sku[sku]) // 2 for sku, n in self.before.items()}
        counts |= {s: (n + 1) // 2 for s, n in self.per_sku.items() if s not in self.before}
        return TakenToday(before=Counter({sku: n for sku, n in counts.items() if n}))

    def need_of(self, sku_id: str) -> float:
        """1 for a product that was never sent, 0.5 after one picture, less and less after more."""
        return 1.0 / (1.0 + self.per_sku[sku_id] + self.before[sku_id])

    def note(self, candidate: Candidate) -> None:
        """Count a moment that was taken."""
        self.per_reason[candidate.reason] += 1
        self.per_sku[candidate.sku_id] += 1


def value_of(candidate: Candidate, taken: TakenToday) -> int | None:
    """What the moment is worth, 0 to 1000; None where a quota is used up."""
    if taken.per_reason[candidate.reason] >= DAILY_PER_REASON[candidate.reason]:
        return None
    is_label = candidate.reason is CaseReason.CORRECTED
    if not is_label and candidate.sku_id and taken.per_sku[candidate.sku_id] >= DAILY_PER_SKU:
        return None
    uncertainty = 1.0 / (1.0 + max(candidate.margin, 0.0))
    novelty = min(max(1.0 - candidate.similarity, 0.0), 1.0)
    need = taken.need_of(candidate.sku_id) if candidate.sku_need is None else candidate.sku_need
    need = min(max(need, 0.0), 1.0)
    bonus = MAX_BONUS * float((uncertainty * novelty * need) ** (1 / 3))
    return min(1000, round(REASON_VALUE[candidate.reason] + bonus))
