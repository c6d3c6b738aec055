"""What a family's child changes, judged as the box decides: per look, per item, with an interval.

Flow: LabelledLooks + child -> scores with the child -> FamilyTally before and after

Also how warm a child must be: so warm that, on scenes it was not fitted on, it charges hardly any
item of the family wrongly with the bundle's own thresholds. What ships is for the gate to say.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sync.boxes import FloatArray
from sync.child_model import ChildCard, answer_of, is_routed, knows_geometry, with_child
from sync.decision import DecisionParameters, SkuScores, Verdict, decide, pool_scores
from trainer.training.families import LabelledLook
from trainer.training.family_head import softmax

TEMPERATURES = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0)
ALLOWED_WRONG = 0.005  # of charged items: what the decision as a whole promises
NUM_RESAMPLES = 2000

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FamilyTally:
    """Looks and items of a family, and what became of them.

    Attributes:
        wrong_items: the pooled best SKU is not the true one, asked about or not.
        charged_wrong: accepted by the bundle's thresholds as another SKU.
        by_item: scene of each item, and whether its best SKU is wrong.
    """

    num_looks: int
    wrong_looks: int
    num_items: int
    wrong_items: int
    num_charged: int
    charged_wrong: int
    by_item: tuple[tuple[str, bool], ...]


def with_answers(
    looks: Sequence[LabelledLook], card: ChildCard, probabilities: FloatArray
) -> list[SkuScores]:
    """Scores as the box would have them with this child.

    Args:
        probabilities: float32 (N, members), what the network says about each look.
    """
    found = []
    for look, row in zip(looks, probabilities, strict=True):
        may_speak = is_routed(look.scores, card) and knows_geometry(card, look.geometry)
        answer = answer_of(card, row) if may_speak else None
        found.append(with_child(look.scores, answer))
    return found


def tally(
    looks: Sequence[LabelledLook],
    scores: Sequence[SkuScores],
    parameters: DecisionParameters,
    family_of: Mapping[str, str],
) -> FamilyTally:
    """Counts over looks and over items with all their looks pooled."""
    by_item: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, look in enumerate(looks):
        by_item[(look.item, look.sku_id)].append(number)
    items, charged, charged_wrong = [], 0, 0
    for (_, sku_id), numbers in by_item.items():
        pooled = pool_scores([scores[n] for n in numbers], parameters.look_exponent)
        decision = decide(pooled, parameters, dict(family_of))
        is_charged = decision.verdict is Verdict.ACCEPT
        charged += is_charged
        charged_wrong += is_charged and decision.sku_id != sku_id
        items.append((looks[numbers[0]].scene, pooled.sku_ids[0] != sku_id))
    wrong = sum(s.sku_ids[0] != look.sku_id for look, s in zip(looks, scores, strict=True))
    return FamilyTally(
        num_looks=len(looks), wrong_looks=wrong, num_items=len(items),
        wrong_items=sum(is_wrong for _, is_wrong in items), num_charged=charged,
        charged_wrong=charged_wrong, by_item=tuple(items),
    )  # fmt: skip


def safe_temperature(
    held_out: Doubles,
    card: ChildCard,
    own: Sequence[LabelledLook],
    parameters: DecisionParameters,
    family_of: Mapping[str, str],
) -> float:
    """The least temperature at which the child charges hardly anything wrongly, out of fold.

    Hardly: no more than the parent charges wrongly by itself (of what is hidden but for a corner no
    child makes anything), or ALLOWED_WRONG of what is charged. The highest one where none does.

    Args:
        held_out: float64 (N, members), logits by a child that did not see the look's scene.
        own: the N looks at members.
    """
    before = tally(own, [look.scores for look in own], parameters, family_of)
    for temperature in TEMPERATURES:
        rows = softmax(held_out / temperature).astype(np.float32)
        after = tally(own, with_answers(own, card, rows), parameters, family_of)
        if after.charged_wrong <= max(
            before.charged_wrong, math.floor(ALLOWED_WRONG * after.num_charged)
        ):
            return temperature
    return TEMPERATURES[-1]


def reduction(before: FamilyTally, after: FamilyTally) -> tuple[float, float, float]:
    """Share of wrong items that the child takes away, with its 95 % interval.

    Whole scenes are drawn again: items of one basket share light, counter and cameras.

    Source: Efron 1979, percentile bootstrap over clusters.
    """
    scenes = sorted({scene for scene, _ in before.by_item})
    numbers = {scene: i for i, scene in enumerate(scenes)}
    counts = np.zeros((2, len(scenes)))
    for row, told in enumerate((before.by_item, after.by_item)):
        for scene, is_wrong in told:
            counts[row, numbers[scene]] += is_wrong
    random = np.random.default_rng(7)
    drawn = random.integers(len(scenes), size=(NUM_RESAMPLES, len(scenes)))
    sums = counts[:, drawn].sum(axis=2)
    shares = 1 - sums[1] / np.maximum(sums[0], 1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return 1 - after.wrong_items / max(before.wrong_items, 1), float(low), float(high)
