"""Accept, ask or unknown: the arithmetic and its parameters.

Flow: similarities -> log-probabilities of one look -> pooled over looks and cameras -> Decision

Pure. "Unknown" can never become "nothing there": whoever calls this has already seen an item.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

MAX_BUTTONS = 4  # more pictures than this and shoppers search instead (DESIGN section 1)
TOP_SKUS_PER_LOOK = 32  # what travels between processes; the rest shares one floor

FloatArray = NDArray[np.float32]


class Verdict(StrEnum):
    """What the box does with an item it sees."""

    ACCEPT = "accept"
    ASK = "ask"
    UNKNOWN = "unknown"


class DecisionParameters(BaseModel):
    """Thresholds of one bundle, calibrated on field-like pictures, never on training photos.

    Attributes:
        temperature: divides similarities before the softmax of one look.
        look_exponent: pooled log-probability is the sum over looks divided by looks ** (1 - this);
            1 treats looks as independent, 0 as copies of one another.
        accept_margin: least gap (nats) between the best and the second SKU after pooling.
        family_margin: the same gap where best and second belong to one look-alike family.
        alone_margin: least gap where one camera alone has looked and others should see the item
            too: what only one of them sees may be a second box of something else.
        accept_similarity: least cosine similarity of the best SKU to be charged.
        unknown_similarity: below this the item is no SKU of the gallery.
        button_mass: buttons are offered until they hold this share of the probability.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    format: int = 1
    temperature: float = Field(gt=0)
    look_exponent: float = Field(default=0.5, ge=0, le=1)
    accept_margin: float = Field(ge=0)
    family_margin: float = Field(ge=0)
    alone_margin: float = Field(default=0.0, ge=0)
    accept_similarity: float = Field(ge=-1, le=1)
    unknown_similarity: float = Field(ge=-1, le=1)
    button_mass: float = Field(default=0.98, gt=0, le=1)
    detector_score: float = Field(default=0.4, ge=0, le=1)
    nms_iou: float = Field(default=0.4, ge=0, le=1)


@dataclass(frozen=True, slots=True)
class SkuScores:
    """What one look, or several pooled, say about an item; best first.

    Attributes:
        sku_ids: at most TOP_SKUS_PER_LOOK.
        log_probs: natural logarithm, aligned with sku_ids, descending.
        floor: log-probability of every SKU not listed.
        similarity: cosine similarity of the best prototype, in [-1, 1].
        num_looks: how many looks are pooled here.
    """

    sku_ids: tuple[str, ...]
    log_probs: tuple[float, ...]
    floor: float
    similarity: float
    num_looks: int = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, with which SKU, and which buttons to offer where it asks."""

    verdict: Verdict
    sku_id: str | None
    options: tuple[str, ...]
    confidence: float
    margin: float
    similarity: float


def scores_of_look(
    similarities: FloatArray, sku_ids: Sequence[str], temperature: float
) -> SkuScores:
    """One look at one item.

    Args:
        similarities: float32 (S,), cosine similarity per SKU of the gallery.
        sku_ids: the gallery's SKUs, S entries.
        temperature: of the bundle.

    Raises:
        ValueError: the gallery is empty.

    Source: softmax with temperature, Guo et al. 2017, arXiv:1706.04599.
    """
    if len(sku_ids) == 0:
        raise ValueError("an empty gallery can recognise nothing")
    logits = similarities.astype(np.float64) / temperature
    log_probs = logits - (logits.max() + np.log(np.exp(logits - logits.max()).sum()))
    count = min(TOP_SKUS_PER_LOOK, len(log_probs))
    top = np.argpartition(-log_probs, count - 1)[:count]
    top = top[np.argsort(-log_probs[top], kind="stable")]
    return SkuScores(
        sku_ids=tuple(sku_ids[i] for i in top),
        log_probs=tuple(float(log_probs[i]) for i in top),
        floor=float(min(log_probs[top[-1]], -20.0)),
        similarity=float(similarities[top[0]]),
        num_looks=1,
    )


def pool_scores(looks: Sequence[SkuScores], look_exponent: float = 0.5) -> SkuScores:
    """Several looks at one item, or several cameras, as one statement.

    Summed log-probability, tempered by the number of looks and normalised again over the SKUs that
    any look names. Majority voting is 3 to 10 points worse (reference measurement).

    Raises:
        ValueError: no looks.
    """
    if not looks:
        raise ValueError("nothing to pool")
    if len(looks) == 1:
        return looks[0]
    named = list(dict.fromkeys(sku_id for look in looks for sku_id in look.sku_ids))
    index = {sku_id: i for i, sku_id in enumerate(named)}
    total = np.zeros(len(named))
    floor_total = 0.0
    for look in looks:
        row = np.full(len(named), look.floor)
        row[[index[s] for s in look.sku_ids]] = look.log_probs
        total += row
        floor_total += look.floor
    tempering = len(looks) ** (1.0 - look_exponent)
    total, floor_total = total / tempering, floor_total / tempering
    normaliser = total.max() + np.log(np.exp(total - total.max()).sum())
    total, floor_total = total - normaliser, floor_total - normaliser
    order = np.argsort(-total, kind="stable")[:TOP_SKUS_PER_LOOK]
    best = named[order[0]]
    return SkuScores(
        sku_ids=tuple(named[i] for i in order),
        log_probs=tuple(float(total[i]) for i in order),
        floor=float(min(floor_total, total[order[-1]])),
        similarity=max(look.similarity for look in looks if look.sku_ids[0] == best)
        if any(look.sku_ids[0] == best for look in looks)
        else max(look.similarity for look in looks),
        num_looks=sum(look.num_looks for look in looks),
    )


def decide(
    scores: SkuScores, parameters: DecisionParameters, family_of: dict[str, str] | None = None
) -> Decision:
    """Accept, ask or unknown for one pooled item.

    Args:
        scores: pooled over looks and cameras.
        parameters: of the bundle; a store may only make them stricter.
        family_of: sku_id -> look-alike family.
    """
    families = family_of or {}
    best = scores.sku_ids[0]
    second = scores.sku_ids[1] if len(scores.sku_ids) > 1 else None
    margin = scores.log_probs[0] - (scores.log_probs[1] if second else scores.floor)
    confidence = float(np.exp(scores.log_probs[0]))
    is_family = second is not None and best in families and families.get(second) == families[best]
    needed = parameters.family_margin if is_family else parameters.accept_margin
    if scores.similarity < parameters.unknown_similarity:
        verdict = Verdict.UNKNOWN
    elif margin >= needed and scores.similarity >= parameters.accept_similarity:
        verdict = Verdict.ACCEPT
    else:
        verdict = Verdict.ASK
    return Decision(
        verdict=verdict,
        sku_id=best if verdict is Verdict.ACCEPT else None,
        options=() if verdict is Verdict.ACCEPT else _buttons(scores, parameters.button_mass),
        confidence=confidence,
        margin=margin,
        similarity=scores.similarity,
    )


def _buttons(scores: SkuScores, mass: float) -> tuple[str, ...]:
    """The fewest SKUs that hold `mass` of the probability: at least 2, at most MAX_BUTTONS."""
    shares = np.exp(np.asarray(scores.log_probs))
    needed = int(np.searchsorted(np.cumsum(shares), mass)) + 1
    return scores.sku_ids[: min(max(needed, 2), MAX_BUTTONS)]
