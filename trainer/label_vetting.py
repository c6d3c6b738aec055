"""Which weak labels may teach: what a shopper or a barcode said, held against vetted pictures.

Flow: looks of one item + claimed SKU + gallery -> accepted | blocked with its rival

Pure. The gallery was made of vetted pictures only. A claim is accepted where the item looks clearly
more like the claimed SKU than like any other, over all cameras; a barcode, which tells look-alikes
apart better than pictures do, only has to be no contradiction. What is blocked goes to a person.
Source: confident learning's pruning by self-confidence against the best other class, Northcutt,
Jiang, Chuang 2021, arXiv:1911.00068, with prototypes of vetted pictures in place of a classifier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sync.gallery import Gallery

WeakSource = Literal["shopper", "barcode"]
Status = Literal["accepted", "blocked"]
AGREES, RIVAL = "vetting.agrees", "vetting.rival"
UNLIKE, NOT_IN_GALLERY = "vetting.unlike", "vetting.not_in_gallery"

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VettingRule:
    """Limits, in thousandths of cosine similarity.

    Attributes:
        shopper_margin: least lead of the claimed SKU over every other (`tools/bench label-noise`).
        barcode_margin: the same for a barcode: how far behind it may lie.
        min_similarity: below this the item looks like nothing of that name at all.
    """

    shopper_margin: int = 50
    barcode_margin: int = -150
    min_similarity: int = 200

    def margin(self, source: WeakSource) -> int:
        """The limit for a source."""
        return self.shopper_margin if source == "shopper" else self.barcode_margin


@dataclass(frozen=True, slots=True)
class Vetted:
    """What became of a claim.

    Attributes:
        rival: the most similar other SKU.
        margin: claimed above rival, thousandths of cosine similarity.
    """

    status: Status
    reason: str
    rival: str
    margin: int


@dataclass(frozen=True, slots=True)
class NoiseReport:
    """How a rule does where some labels are wrong; shares in [0, 1]."""

    num_claims: int
    num_bad: int
    blocked_bad: float
    blocked_good: float


def vet_claim(
    looks: FloatArray, claimed: str, source: WeakSource, gallery: Gallery, rule: VettingRule
) -> Vetted:
    """Hold a claim about one item against the gallery.

    Args:
        looks: float32 (N, d), whitened unit vectors of the item, one per camera that saw it.
    """
    if claimed not in gallery.sku_ids:
        return Vetted("blocked", NOT_IN_GALLERY, "", 0)
    alike = gallery.similarities(looks).mean(axis=0)  # (S,)
    mine = gallery.sku_ids.index(claimed)
    others = alike.copy()
    others[mine] = -1.0
    best = int(others.argmax())
    margin = round(1000 * float(alike[mine] - others[best]))
    rival = gallery.sku_ids[best] if len(gallery.sku_ids) > 1 else ""
    if 1000 * float(alike[mine]) < rule.min_similarity:
        return Vetted("blocked", UNLIKE, rival, margin)
    if margin < rule.margin(source):
        return Vetted("blocked", RIVAL, rival, margin)
    return Vetted("accepted", AGREES, rival, margin)


def look_alikes(gallery: Gallery) -> dict[str, str]:
    """The most similar other SKU of each, by their nearest prototypes."""
    alike = gallery.similarities(gallery.vectors)  # (rows, S)
    by_sku = np.maximum.reduceat(alike, gallery.starts, axis=0)  # (S, S)
    np.fill_diagonal(by_sku, -1.0)
    nearest = by_sku.argmax(axis=1)
    return {sku: gallery.sku_ids[int(at)] for sku, at in zip(gallery.sku_ids, nearest, strict=True)}


def measure_noise(
    items: Sequence[tuple[FloatArray, str]], gallery: Gallery, rule: VettingRule, *,
    bad_share: float, seed: int,
) -> NoiseReport:  # fmt: skip
    """Claims of which a share names the look-alike instead: how many of each are blocked.

    Args:
        items: looks and true SKU of each.
    """
    random = np.random.default_rng(seed)
    alike = look_alikes(gallery)
    is_bad = random.permutation(len(items)) < round(bad_share * len(items))
    blocked = np.asarray(
        [
            vet_claim(looks, alike[sku] if bad else sku, "shopper", gallery, rule).status
            == "blocked"
            for (looks, sku), bad in zip(items, is_bad, strict=True)
        ]
    )
    return NoiseReport(
        num_claims=len(items),
        num_bad=int(is_bad.sum()),
        blocked_bad=float(blocked[is_bad].mean()) if is_bad.any() else 0.0,
        blocked_good=float(blocked[~is_bad].mean()) if not is_bad.all() else 0.0,
    )
