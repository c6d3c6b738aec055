"""Does a new SKU look like one that is sold? Which views tell them apart, and is it enough?

Flow: whitened views + gallery -> collisions, advice, done-enough meter

Pure. A view is compared with the prototypes of the other views of its own SKU and with every SKU
of the gallery, in the box's own unit: the gap in nats after the temperature. Where the gap of one
view is below the bundle's accept margin, the box will ask on that side; where that holds for half
of the views, it will ask always.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sync.decision import DecisionParameters
from sync.gallery import Gallery, prototypes

SIDES = ("front", "back", "left", "right", "top", "bottom")
NEEDED_SIDES = ("front", "back")
MIN_PHOTOS = 4  # the fewest that a counter needs (DESIGN section 8)
MAX_SHOWN = 5
ENOUGH_PERCENT = 80
Level = Literal["sometimes_ask", "always_ask"]

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class View:
    """One usable photo."""

    side: str
    vector: FloatArray  # float32 (d,), whitened, unit length


@dataclass(frozen=True, slots=True)
class Collision:
    """An SKU that the new one is taken for.

    Attributes:
        similarity: cosine of the nearest view to the nearest prototype.
        sides: from which the box will have to ask.
    """

    sku_id: str
    similarity: float
    level: Level
    sides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an onboarding is.

    Attributes:
        done_percent: 40 for photos, 30 for sides, 15 for views that know each other, 15 for no
            collision that makes the box ask always.
    """

    done_percent: int
    missing_sides: tuple[str, ...]
    is_done_enough: bool


def find_collisions(
    views: Sequence[View],
    gallery: Gallery,
    thresholds: DecisionParameters,
    *,
    per_sku: int,
    itself: str = "",
) -> list[Collision]:
    """SKUs of the gallery that the box could take the new one for, the nearest first.

    Args:
        per_sku: prototypes an SKU of this gallery has.
        itself: the new SKU, where the gallery holds it already.
    """
    if not views or not gallery.sku_ids:
        return []
    rows = np.stack([view.vector for view in views])
    others = gallery.similarities(rows)  # (V, S)
    own = own_similarities(rows, per_sku)  # (V,)
    gaps = (own[:, None] - others) / thresholds.temperature
    # Below `unknown_similarity` the box takes the view for no SKU at all.
    is_close = (gaps < thresholds.accept_margin) & (others >= thresholds.unknown_similarity)
    found = [
        Collision(
            sku_id=gallery.sku_ids[s],
            similarity=round(float(others[:, s].max()), 3),
            level="always_ask" if 2 * int(is_close[:, s].sum()) >= len(views) else "sometimes_ask",
            sides=tuple(
                dict.fromkeys(v.side for v, c in zip(views, is_close[:, s], strict=True) if c)
            ),
        )
        for s in np.nonzero(is_close.any(axis=0))[0]
        if gallery.sku_ids[s] != itself
    ]
    found.sort(key=lambda c: (c.level != "always_ask", -c.similarity))
    return found[:MAX_SHOWN]


def own_similarities(rows: FloatArray, per_sku: int) -> FloatArray:
    """Of each view to the prototypes of the other views; 1 where it is the only one."""
    if len(rows) == 1:
        return np.ones(1, np.float32)
    best = [
        float((prototypes(np.delete(rows, i, axis=0), per_sku) @ rows[i]).max())
        for i in range(len(rows))
    ]
    return np.asarray(best, np.float32)


def advice_for(collisions: Sequence[Collision], names: dict[str, str]) -> list[str]:
    """What to do about each collision, for a person."""
    said: list[str] = []
    for found in collisions:
        name = names.get(found.sku_id, found.sku_id)
        if found.level == "always_ask":
            said.append(f"looks like {name} from most sides: the box will always ask")
        else:
            sides = " and ".join(found.sides) or "same side"
            said.append(f"looks like {name}: two more views of the {sides}")
    return said


def progress_of(
    views: Sequence[View],
    collisions: Sequence[Collision],
    thresholds: DecisionParameters,
    *,
    per_sku: int,
) -> Progress:
    """How far it is, and which sides are missing."""
    seen = {view.side for view in views}
    missing = [side for side in NEEDED_SIDES if side not in seen]
    if len(seen - set(NEEDED_SIDES)) == 0:
        missing.append("left")  # any third side will do
    photos = 10 * min(MIN_PHOTOS, len(views))
    sides = 10 * (len(NEEDED_SIDES) + 1 - len(missing))
    knows_itself = 0
    if len(views) > 1:
        own = own_similarities(np.stack([view.vector for view in views]), per_sku)
        knows_itself = round(15 * float(np.mean(own >= thresholds.unknown_similarity)))
    is_distinct = bool(views) and not any(c.level == "always_ask" for c in collisions)
    percent = photos + sides + knows_itself + (15 if is_distinct else 0)
    return Progress(percent, tuple(missing), is_distinct and percent >= ENOUGH_PERCENT)
