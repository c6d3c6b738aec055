"""A look-alike family's own model: what its card says, when it is asked, what its answer changes.

Flow: SkuScores of the parent + probabilities of a child -> SkuScores

A child tells members of one family apart and nothing else: how likely it is that the item is one
of the family at all stays the parent's word. It is asked only where the parent is torn between
members (route), and where it is unsure or sees what it was not trained on it abstains: the
parent's answer then stands, bit for bit. Pure; networks are run by the box and by the trainer.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sync.bundle import Bundle
from sync.decision import TOP_SKUS_PER_LOOK, SkuScores
from sync.errors import BundleError

NUM_GEOMETRY = 4

FloatArray = NDArray[np.float32]


class ChildCard(BaseModel):
    """What a child is for and when it may speak.

    Attributes:
        parent_id: `embedder_id` of the bundle whose vectors and similarities it was trained on.
        sku_ids: the family's members, in the order of the network's output.
        network: path of its ONNX file in the bundle.
        input: name of what the network takes. "vector" is a head: float32 (B, d + NUM_GEOMETRY),
            the parent's whitened vector and the box's geometry. "crops" is an embedder of its own:
            float32 (B, 3, S, S). Both answer probabilities of the members, float32 (B, members).
        crop_px, crop_margin_percent: of its own crops.
        route_top_k: two members must be among so many of the parent's first SKUs.
        route_share: least probability, by the parent, that the item is a member.
        least_confidence: below it the child abstains.
        geometry_low, geometry_high: the range it was trained on, outside which it abstains;
            empty where the size of the box does not matter.
        budget_ms: a pass that takes longer is stopped and counts as abstention.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    family: str = Field(min_length=1, max_length=80)
    parent_id: str
    sku_ids: tuple[str, ...] = Field(min_length=2, max_length=TOP_SKUS_PER_LOOK)
    network: str
    input: Literal["vector", "crops"] = "vector"
    crop_px: int = Field(default=160, ge=32, le=512)
    crop_margin_percent: int = Field(default=5, ge=0, le=50)
    route_top_k: int = Field(default=3, ge=2, le=TOP_SKUS_PER_LOOK)
    route_share: float = Field(default=0.5, ge=0, le=1)
    least_confidence: float = Field(default=0.0, ge=0, le=1)
    geometry_low: tuple[float, ...] = ()
    geometry_high: tuple[float, ...] = ()
    budget_ms: int = Field(default=50, ge=1, le=2000)

    @model_validator(mode="after")
    def _is_consistent(self) -> "ChildCard":
        if len(set(self.sku_ids)) != len(self.sku_ids):
            raise ValueError("a member stands twice")
        if {len(self.geometry_low), len(self.geometry_high)} not in ({0}, {NUM_GEOMETRY}):
            raise ValueError(f"the range of the geometry has {NUM_GEOMETRY} numbers each, or none")
        return self


@dataclass(frozen=True, slots=True)
class ChildAnswer:
    """What a child says about one look.

    Attributes:
        probabilities: aligned with the card's members, sum 1.
    """

    card: ChildCard
    probabilities: tuple[float, ...]


def read_child_cards(bundle: Bundle) -> list[ChildCard]:
    """The cards of a bundle's children, by family; none in most bundles.

    Raises:
        BundleError: a card is damaged, called unlike its family, made for another embedder, or its
            network is not listed; or two children claim one SKU.
    """
    cards = sorted((_read(path) for path in bundle.files("child")), key=lambda c: c.family)
    listed = {f.path for f in bundle.manifest.files if f.role == "child_network"}
    owners: dict[str, str] = {}
    for card in cards:
        if card.parent_id != bundle.manifest.embedder_id:
            raise BundleError(
                f"child {card.family} was made for embedder {card.parent_id[:24]}, "
                f"the bundle has {bundle.manifest.embedder_id[:24]}",
                hint="train the child again on this bundle, or leave it out",
            )
        if card.network not in listed:
            raise BundleError(f"child {card.family} lacks its network {card.network}")
        for sku_id in card.sku_ids:
            if sku_id in owners:
                raise BundleError(f"children {owners[sku_id]}, {card.family} both claim {sku_id}")
            owners[sku_id] = card.family
    return cards


def box_geometry(xyxy: FloatArray, width_px: int, height_px: int) -> FloatArray:
    """How large a box is and where, in shares of the picture's width, float32 (NUM_GEOMETRY,).

    Logarithm of width and height, then the offset of its middle from the picture's. Comparable
    only between cameras that hang alike; the card's range guards that.
    """
    x1, y1, x2, y2 = (float(v) for v in xyxy)
    return np.asarray(
        [
            math.log(max(x2 - x1, 1.0) / width_px),
            math.log(max(y2 - y1, 1.0) / width_px),
            ((x1 + x2) - width_px) / 2 / width_px,
            ((y1 + y2) - height_px) / 2 / width_px,
        ],
        dtype=np.float32,
    )


def is_routed(scores: SkuScores, card: ChildCard) -> bool:
    """Is the parent torn between members of this family?"""
    members = set(card.sku_ids)
    if len(members.intersection(scores.sku_ids[: card.route_top_k])) < 2:
        return False
    pairs = zip(scores.sku_ids, scores.log_probs, strict=True)
    return sum(math.exp(p) for s, p in pairs if s in members) >= card.route_share


def knows_geometry(card: ChildCard, geometry: FloatArray) -> bool:
    """Is the box of a size and at a place that the child was trained on?"""
    if not card.geometry_low:
        return True
    low, high = np.asarray(card.geometry_low), np.asarray(card.geometry_high)
    return bool(np.all((geometry >= low) & (geometry <= high)))


def answer_of(card: ChildCard, probabilities: FloatArray) -> ChildAnswer | None:
    """The child's statement about one look; None where it abstains.

    Args:
        probabilities: float32 (members,), as the network gives them.
    """
    row = probabilities.astype(np.float64)
    total = float(row.sum())
    if not np.isfinite(row).all() or row.min() < 0 or total <= 0:
        return None
    row = row / total
    if float(row.max()) < card.least_confidence:
        return None
    return ChildAnswer(card, tuple(float(p) for p in row))


def with_child(scores: SkuScores, answer: ChildAnswer | None) -> SkuScores:
    """The parent's scores with the family's probability shared out as the child says.

    The family's own probability and every other SKU's stay. Without an answer, or where the parent
    (with a newer gallery, say) would not ask any more, the very same scores come back.
    """
    if answer is None or not is_routed(scores, answer.card):
        return scores
    members = answer.card.sku_ids
    before = dict(zip(scores.sku_ids, scores.log_probs, strict=True))
    family = math.log(sum(math.exp(before.get(s, scores.floor)) for s in members))
    after = before | {
        s: family + math.log(max(p, 1e-6))
        for s, p in zip(members, answer.probabilities, strict=True)
    }
    order = sorted(after, key=lambda s: -after[s])[:TOP_SKUS_PER_LOOK]
    return replace(
        scores,
        sku_ids=tuple(order),
        log_probs=tuple(after[s] for s in order),
        floor=min(scores.floor, after[order[-1]]),
    )


def _read(path: Path) -> ChildCard:
    try:
        card = ChildCard.model_validate_json(path.read_bytes())
        if path.stem != card.family:
            raise BundleError(f"{path.name} is the card of {card.family}", hint="build it again")
        return card
    except (OSError, ValidationError) as err:
        raise BundleError(f"{path.name} is damaged: {err}", hint="fetch the bundle again") from err
