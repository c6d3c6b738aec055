"""A store's own margins, from the labels it has so far: only ever stricter than the bundle's.

Flow: pooled SkuScores of labelled items + the bundle's parameters -> StoreCalibration

Temperature and pooling stay the bundle's; a few hundred labels move them more by chance than by
truth. Two rules. A margin rises above the worst error that the store has shown. And while the
store's labels are too few to prove the bound (460 charged ones without an error prove 0.5 % with
90 % confidence), margins are doubled. The bound assumes that later items are drawn as the labels.
The hub and `tools/bench decision --shift` call the same `calibrated_store`. No torch.

Source: exact binomial bound, Clopper and Pearson 1934; the doubling is measured, README.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sync.decision import DecisionParameters, SkuScores
from trainer.export.risk_calibration import RiskPolicy, upper_bound

UNPROVEN_FACTOR = 2.0
WORST_FACTOR, WORST_NATS = 1.1, 0.1  # some air above the worst error, as in risk_calibration
FIELD_LABELS = 300  # fewer say less of a store than the bundle's own calibration does
STORE_POLICY = RiskPolicy(max_wrong_share=0.005, confidence=0.9)


@dataclass(frozen=True, slots=True)
class LabelledItem:
    """One item of the store: what all its looks say together, and what it is."""

    scores: SkuScores
    sku_id: str


@dataclass(frozen=True, slots=True)
class MarginLabel:
    """What a label says about margins.

    Attributes:
        margin: nats, best above second.
        similarity: cosine similarity of the best.
        is_family: best and second are look-alikes of one family.
        is_wrong: the best is not what the item is.
        is_alone: one camera alone has looked; below `alone_margin` the box asks by itself, so
            such an error says nothing of the other margins.
    """

    margin: float
    similarity: float
    is_family: bool
    is_wrong: bool
    is_alone: bool = False


@dataclass(frozen=True, slots=True)
class StoreCalibration:
    """What the store may charge by.

    Attributes:
        num_charged, num_wrong: labels that the margins charge before any doubling, and wrongly.
        bound: of wrong among charged, one-sided; 1.0 where nothing was charged.
        is_proven: the labels alone prove the bound, so margins are not doubled.
    """

    parameters: DecisionParameters
    num_labels: int
    is_proven: bool
    num_charged: int = 0
    num_wrong: int = 0
    bound: float = 1.0


def store_calibration(
    bundle: DecisionParameters,
    labels: Sequence[LabelledItem],
    family_of: Mapping[str, str],
    policy: RiskPolicy,
) -> StoreCalibration:
    """The store's parameters; without labels the bundle's with doubled margins."""
    return calibrated_store(bundle, [margin_label(label, family_of) for label in labels], policy)


def calibrated_store(
    bundle: DecisionParameters,
    labels: Sequence[MarginLabel],
    policy: RiskPolicy,
    contested: Sequence[MarginLabel] = (),
) -> StoreCalibration:
    """The store's parameters from labels as the hub has them.

    Args:
        contested: items whose truth is in dispute. They count against the proof as if they were
            wrong, but raise no margin: whoever quarrels with a box cannot make it ask about all.
    """
    has_one_camera = all(label.is_alone for label in labels)  # nobody else is waited for there
    alone_margin = 0.0 if has_one_camera else bundle.alone_margin
    rows, disputed = _rows(labels, alone_margin), _rows(contested, alone_margin)
    is_near = rows[:, 3] >= bundle.accept_similarity
    is_family, is_wrong = rows[:, 1] > 0, rows[:, 2] > 0
    others = _above_errors(rows[is_near & ~is_family & is_wrong, 0], bundle.accept_margin)
    family = _above_errors(rows[is_near & is_family & is_wrong, 0], bundle.family_margin)
    charged = _is_charged(rows, bundle.accept_similarity, others, family)
    doubted = int(_is_charged(disputed, bundle.accept_similarity, others, family).sum())
    num_charged, num_wrong = int(charged.sum()), int((charged & is_wrong).sum())
    total = num_charged + doubted
    bound = upper_bound(num_wrong + doubted, total, policy.confidence) if total else 1.0
    is_proven = bound <= policy.max_wrong_share
    factor = 1.0 if is_proven else UNPROVEN_FACTOR
    stricter = {"accept_margin": others * factor, "family_margin": family * factor}
    return StoreCalibration(
        parameters=bundle.model_copy(update=stricter),
        num_labels=len(labels),
        is_proven=is_proven,
        num_charged=num_charged,
        num_wrong=num_wrong,
        bound=bound,
    )


def margin_label(label: LabelledItem, family_of: Mapping[str, str]) -> MarginLabel:
    """Margin and similarity of an item's scores, and whether its first guess is right."""
    scores = label.scores
    best = scores.sku_ids[0]
    second = scores.sku_ids[1] if len(scores.sku_ids) > 1 else ""
    margin = scores.log_probs[0] - (scores.log_probs[1] if second else scores.floor)
    is_family = is_one_family(best, second, family_of)
    return MarginLabel(margin, scores.similarity, is_family, best != label.sku_id)


def is_one_family(best: str, second: str, family_of: Mapping[str, str]) -> bool:
    """Whether two SKUs are look-alikes of one family."""
    return best in family_of and family_of.get(second) == family_of[best]


def _above_errors(wrong_margins: NDArray[np.float64], margin: float) -> float:
    over = wrong_margins[wrong_margins >= margin]
    return float(over.max()) * WORST_FACTOR + WORST_NATS if len(over) else margin


def _is_charged(
    rows: NDArray[np.float64], near: float, others: float, family: float
) -> NDArray[np.bool_]:
    needed = np.where(rows[:, 1] > 0, family, others)
    return np.asarray((rows[:, 3] >= near) & (rows[:, 0] >= needed))


def _rows(labels: Sequence[MarginLabel], alone_margin: float) -> NDArray[np.float64]:
    """Margin, is it between members of one family, is it wrong, similarity (N, 4).

    What one camera alone saw below its own margin is never charged: its margin counts as none.
    """
    rows = [
        (
            -1.0 if x.is_alone and x.margin < alone_margin else x.margin,
            float(x.is_family), float(x.is_wrong), x.similarity,
        )
        for x in labels
    ]  # fmt: skip
    return np.asarray(rows, dtype=np.float64).reshape(-1, 4)
