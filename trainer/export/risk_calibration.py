"""The thresholds of a bundle, from labelled items as the counter shows them.

Flow: similarities of each look at each item + truth -> DecisionParameters

Never calibrate on training photographs: a nominal 90 % covered 34.9 % (reference measurement).
The risk bound assumes that later items are drawn like these (exchangeable); another store, light
or camera needs its own labels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sync.boxes import FloatArray
from sync.decision import DecisionParameters, SkuScores, pool_scores, scores_of_look

TEMPERATURES = tuple(float(t) for t in np.geomspace(0.02, 0.5, 30))
LOOK_EXPONENTS = (0.0, 0.15, 0.3, 0.5, 0.7, 0.85, 1.0)
EXPONENT_MARGIN_PENALTY = 30.0  # nats; a wrong SKU that no look names at all


@dataclass(frozen=True, slots=True)
class ItemLooks:
    """One physical item: the similarities of each look (L, S) and its true SKU."""

    similarities: FloatArray
    sku_id: str


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """What may go wrong.

    Attributes:
        max_wrong_share: of charged items, the bound that must hold.
        confidence: with which it must hold, given the calibration items.
        known_lost: share of rightly named items that may fall below the unknown threshold.
        known_asked: share of them that may be asked about for being far from every prototype;
            what is far away and yet sure is mostly wrong, so this buys smaller margins.
    """

    max_wrong_share: float = 0.01
    confidence: float = 0.9
    known_lost: float = 0.005
    known_asked: float = 0.03


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """The parameters, and what they do on the items they were chosen on."""

    parameters: DecisionParameters
    num_items: int
    num_accepted: int
    num_wrong: int
    wrong_share_bound: float
    is_bound_met: bool
    top1_single: float
    top1_pooled: float


def calibrate(
    items: Sequence[ItemLooks],
    sku_ids: Sequence[str],
    family_of: Mapping[str, str],
    detector_score: float,
    policy: RiskPolicy,
) -> CalibrationReport:
    """Temperature, pooling and margins by the likelihood and the risk of these items.

    Items that one camera alone found have a margin of their own: such a box may be a second one of
    a neighbour, and the recogniser is sure of that neighbour.

    Raises:
        ValueError: no items.

    Source: temperature: Guo et al. 2017, arXiv:1706.04599; bound: Clopper and Pearson 1934;
    choosing a threshold by it: Learn then Test, Angelopoulos et al. 2021, arXiv:2110.01052.
    """
    if not items:
        raise ValueError("calibration needs labelled items")
    temperature = _best(TEMPERATURES, lambda t: _single_look_loss(items, sku_ids, t))
    exponent = _best(LOOK_EXPONENTS, lambda e: _pooled_loss(items, sku_ids, temperature, e))
    pooled = [_pooled(item, sku_ids, temperature, exponent) for item in items]
    is_right = np.asarray([p.sku_ids[0] == i.sku_id for p, i in zip(pooled, items, strict=True)])
    margins = np.asarray([_margin(p) for p in pooled])
    is_family = np.asarray([_is_family(p, family_of) for p in pooled])
    similarity = np.asarray([p.similarity for p in pooled])
    trusted = similarity[is_right] if is_right.any() else similarity
    unknown = float(np.quantile(trusted, policy.known_lost)) - 0.02
    near = max(unknown, float(np.quantile(trusted, policy.known_asked)))
    is_near = similarity >= near
    is_alone = np.asarray([len(item.similarities) == 1 for item in items])
    if is_alone.all():
        is_alone[:] = False  # one camera in the shop: its looks are all there is
    several, single = is_near & ~is_alone, is_near & is_alone
    accept, family = _safe_margins(margins[several], is_right[several], is_family[several], policy)
    alone = _least_margin(margins[single], is_right[single], policy) if single.any() else 0.0
    needed = np.where(is_family, family, accept)
    accepted = (margins >= np.where(is_alone, np.maximum(needed, alone), needed)) & is_near
    wrong = int(np.count_nonzero(accepted & ~is_right))
    bound = upper_bound(wrong, int(accepted.sum()), policy.confidence)
    singles = [
        item.similarities.argmax(axis=1) == list(sku_ids).index(item.sku_id) for item in items
    ]
    parameters = DecisionParameters(
        temperature=temperature,
        look_exponent=exponent,
        accept_margin=accept,
        family_margin=max(accept, family),
        alone_margin=alone,
        accept_similarity=max(-1.0, near),
        unknown_similarity=max(-1.0, unknown),
        detector_score=detector_score,
    )
    return CalibrationReport(
        parameters=parameters,
        num_items=len(items),
        num_accepted=int(accepted.sum()),
        num_wrong=wrong,
        wrong_share_bound=bound,
        is_bound_met=bound <= policy.max_wrong_share,
        top1_single=float(np.mean(np.concatenate(singles))),
        top1_pooled=float(is_right.mean()),
    )


def upper_bound(num_wrong: int, num_charged: int, confidence: float) -> float:
    """Largest share of wrong items that `num_wrong` of `num_charged` does not contradict.

    Source: Clopper and Pearson 1934, one-sided; solved by bisection, so no SciPy.
    """
    if num_charged == 0:
        return 0.0
    if num_wrong >= num_charged:
        return 1.0
    low, high = num_wrong / num_charged, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _binomial_cdf(num_wrong, num_charged, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _safe_margins(
    margins: FloatArray, is_right: FloatArray, is_family: FloatArray, policy: RiskPolicy
) -> tuple[float, float]:
    """Least margins with which the bound holds; where it cannot, those with no error seen."""
    others = _least_margin(
        margins[~is_family.astype(bool)], is_right[~is_family.astype(bool)], policy
    )
    family = _least_margin(
        margins[is_family.astype(bool)], is_right[is_family.astype(bool)], policy
    )
    return others, family


def _least_margin(margins: FloatArray, is_right: FloatArray, policy: RiskPolicy) -> float:
    if len(margins) == 0:
        return 1.0
    order = np.argsort(-margins, kind="stable")
    wrong = np.cumsum(~is_right[order].astype(bool))
    allowed = -1
    for i in range(len(order)):
        if upper_bound(int(wrong[i]), i + 1, policy.confidence) <= policy.max_wrong_share:
            allowed = i
    if allowed < 0:  # too few items for the bound: accept above the worst error, with some air
        worst = margins[~is_right.astype(bool)]
        return float(worst.max() * 1.1 + 0.1) if len(worst) else float(np.quantile(margins, 0.02))
    return max(0.0, float(margins[order[allowed]]))


def _single_look_loss(
    items: Sequence[ItemLooks], sku_ids: Sequence[str], temperature: float
) -> float:
    column = {sku_id: i for i, sku_id in enumerate(sku_ids)}
    losses = []
    for item in items:
        logits = item.similarities.astype(np.float64) / temperature
        peak = logits.max(axis=1)
        normaliser = peak + np.log(np.exp(logits - peak[:, None]).sum(axis=1))
        losses.append(normaliser - logits[:, column[item.sku_id]])
    return float(np.mean(np.concatenate(losses)))


def _pooled_loss(
    items: Sequence[ItemLooks], sku_ids: Sequence[str], temperature: float, exponent: float
) -> float:
    losses = []
    for item in items:
        pooled = _pooled(item, sku_ids, temperature, exponent)
        named = dict(zip(pooled.sku_ids, pooled.log_probs, strict=True))
        losses.append(-named.get(item.sku_id, -EXPONENT_MARGIN_PENALTY))
    return float(np.mean(losses))


def _pooled(
    item: ItemLooks, sku_ids: Sequence[str], temperature: float, exponent: float
) -> SkuScores:
    looks = [scores_of_look(row, sku_ids, temperature) for row in item.similarities]
    return pool_scores(looks, exponent)


def _margin(scores: SkuScores) -> float:
    second = scores.log_probs[1] if len(scores.log_probs) > 1 else scores.floor
    return scores.log_probs[0] - second


def _is_family(scores: SkuScores, family_of: Mapping[str, str]) -> bool:
    if len(scores.sku_ids) < 2:
        return False
    first, second = (family_of.get(s) for s in scores.sku_ids[:2])
    return first is not None and first == second


def _best(candidates: Sequence[float], loss: Callable[[float], float]) -> float:
    return min(candidates, key=loss)


def _binomial_cdf(successes: int, trials: int, share: float) -> float:
    """P(X <= successes), summed in logarithms."""
    k = np.arange(successes + 1)
    log_factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    log_choose = log_factorials[trials] - log_factorials[k] - log_factorials[trials - k]
    with np.errstate(divide="ignore"):
        log_terms = log_choose + k * np.log(share) + (trials - k) * np.log1p(-share)
    return float(np.exp(log_terms).sum())
