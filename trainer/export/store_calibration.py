"""A store's own margins, from the labels it has so far: only ever stricter than the bundle's.

Flow: pooled SkuScores of labelled items + the bundle's parameters -> StoreCalibration

Temperature and pooling stay the bundle's; a few hundred labels move them more by chance than by
truth. Two rules. A margin rises above the worst error that the store has shown. And while the
store's labels are too few to prove the bound (460 charged ones without an error prove 0.5 % with
90 % confidence), margins are doubled. The bound assumes that later items are drawn as the labels.

Source: exact binomial bound, Clopper and Pearson 1934; the doubling is measured, README.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sync.decision import DecisionParameters, SkuScores
from trainer.export.risk_calibration import RiskPolicy, upper_bound

UNPROVEN_FACTOR = 2.0
WORST_FACTOR, WORST_NATS = 1.1, 0.1  # some air above the worst error, as in risk_calibration


@dataclass(frozen=True, slots=True)
class LabelledItem:
    """One item of the store: what all its looks say together, and what it is."""

    scores: SkuScores
    sku_id: str


@dataclass(frozen=True, slots=True)
class StoreCalibration:
    """What the store may charge by.

    Attributes:
        is_proven: the labels alone prove the bound, so margins are not doubled.
    """

    parameters: DecisionParameters
    num_labels: int
    is_proven: bool


def store_calibration(
    bundle: DecisionParameters,
    labels: Sequence[LabelledItem],
    family_of: Mapping[str, str],
    policy: RiskPolicy,
) -> StoreCalibration:
    """The store's parameters; without labels the bundle's with doubled margins."""
    rows = np.asarray([_row(label, family_of) for label in labels]).reshape(-1, 4)
    is_near = rows[:, 3] >= bundle.accept_similarity
    is_family, is_wrong = rows[:, 1] > 0, rows[:, 2] > 0
    others = _above_errors(rows[is_near & ~is_family & is_wrong, 0], bundle.accept_margin)
    family = _above_errors(rows[is_near & is_family & is_wrong, 0], bundle.family_margin)
    charged = is_near & (rows[:, 0] >= np.where(is_family, family, others))
    bound = upper_bound(int((charged & is_wrong).sum()), int(charged.sum()), policy.confidence)
    is_proven = bool(charged.any()) and bound <= policy.max_wrong_share
    factor = 1.0 if is_proven else UNPROVEN_FACTOR
    stricter = {"accept_margin": others * factor, "family_margin": family * factor}
    return StoreCalibration(bundle.model_copy(update=stricter), len(labels), is_proven)


def _above_errors(wrong_margins: np.ndarray, margin: float) -> float:
    over = wrong_margins[wrong_margins >= margin]
    return float(over.max()) * WORST_FACTOR + WORST_NATS if len(over) else margin


def _row(label: LabelledItem, family_of: Mapping[str, str]) -> tuple[float, float, float, float]:
    """Margin, is it between members of one family, is it wrong, similarity."""
    scores = label.scores
    best = scores.sku_ids[0]
    second = scores.sku_ids[1] if len(scores.sku_ids) > 1 else ""
    margin = scores.log_probs[0] - (scores.log_probs[1] if second else scores.floor)
    is_family = best in family_of and family_of.get(second) == family_of[best]
    return margin, float(is_family), float(best != label.sku_id), scores.similarity
