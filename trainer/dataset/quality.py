"""Which pictures may not teach, and why: rules with stable reason codes.

Flow: Candidates + QualityRules -> reasons per picture

Pure. What breaks a rule is quarantined with every code that applies, never deleted; the codes are
the contract (README of this folder). Rare SKUs and duplicates are dataset_version.py's.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields

from trainer.dataset.manifest import ItemBox, PictureSource
from trainer.dataset.picture_facts import PictureFacts

MISSING, CORRUPT = "quality.missing", "quality.corrupt"
TOO_LARGE = "quality.too_large"  # more pixels than picture_form opens
SIZE_DIFFERS, TOO_SMALL = "quality.size_differs", "quality.too_small"
BLURRED, DARK, BRIGHT = "quality.blurred", "quality.dark", "quality.bright"
NO_LABEL, UNKNOWN_SKU = "quality.no_label", "quality.unknown_sku"
BOX_OUTSIDE, BOX_SMALL = "quality.box_outside", "quality.box_too_small"
RARE_SKU = "quality.single_picture_class"
BLIND = "quality.blind_basket"
DUPLICATE, NEAR_DUPLICATE = "quality.duplicate", "quality.near_duplicate"

REASONS = (
    MISSING, CORRUPT, TOO_LARGE, SIZE_DIFFERS, TOO_SMALL, BLURRED, DARK, BRIGHT, NO_LABEL,
    UNKNOWN_SKU, BOX_OUTSIDE, BOX_SMALL, RARE_SKU, BLIND, DUPLICATE, NEAR_DUPLICATE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class QualityRules:
    """Limits; whole numbers, so that a recipe names them exactly.

    Attributes:
        min_side_px: of a picture's shorter side.
        min_box_px: of a box's shorter side; smaller ones teach noise.
        min_sharpness: variance of the Laplacian at 256 px, in tenths.
        min_brightness: mean grey of the region with the items.
        min_pictures_per_sku: an SKU with fewer cannot be told from its one picture.
        near_duplicate_bits: of 128; at most so many differ between pictures that count as one.
    """

    min_side_px: int = 64
    min_box_px: int = 8
    min_sharpness: int = 100
    min_brightness: int = 25
    max_brightness: int = 248
    min_pictures_per_sku: int = 2
    near_duplicate_bits: int = 8

    def recipe(self) -> dict[str, str]:
        """As the recipe of a version names them."""
        return {f"rules.{name}": str(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may become an item.

    Attributes:
        said_size: width and height as the box told them.
        boxes: labelled regions, as labelled: not checked yet.
        is_labelled: whether somebody said what is on it; a labelled picture may hold no box.
    """

    facts: PictureFacts
    said_size: tuple[int, int]
    store_id: str
    box_id: str
    lane_id: str
    camera_id: str
    basket_id: str
    day: str
    source: PictureSource
    source_id: str
    boxes: tuple[ItemBox, ...]
    is_labelled: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """The same as the item's."""
        return self.facts.picture, self.source_id, self.camera_id


def rules_from(recipe: dict[str, str]) -> QualityRules:
    """The rules that a recipe names; defaults where it names none."""
    named = {f.name: recipe.get(f"rules.{f.name}") for f in fields(QualityRules)}
    return QualityRules(**{name: int(text) for name, text in named.items() if text is not None})


def reasons_for(
    candidate: Candidate,
    rules: QualityRules,
    *,
    known_skus: Collection[str],
    blind_baskets: Collection[str],
) -> tuple[str, ...]:
    """Every rule the picture breaks by itself, in the order of REASONS."""
    if candidate.basket_id and candidate.basket_id in blind_baskets:
        return (BLIND,)  # nothing else about it matters, and nothing else is told
    if candidate.facts.problem:
        return (candidate.facts.problem,)
    found = {
        SIZE_DIFFERS: candidate.said_size != (candidate.facts.width, candidate.facts.height),
        NO_LABEL: not candidate.is_labelled,
        UNKNOWN_SKU: any(b.sku_id and b.sku_id not in known_skus for b in candidate.boxes),
        **_seen(candidate.facts, rules),
        **_placed(candidate, rules),
    }
    return tuple(reason for reason in REASONS if found.get(reason))


def _seen(facts: PictureFacts, rules: QualityRules) -> dict[str, bool]:
    return {
        TOO_SMALL: min(facts.width, facts.height) < rules.min_side_px,
        BLURRED: facts.sharpness < rules.min_sharpness,
        DARK: facts.brightness < rules.min_brightness,
        BRIGHT: facts.brightness > rules.max_brightness,
    }


def _placed(candidate: Candidate, rules: QualityRules) -> dict[str, bool]:
    facts, boxes = candidate.facts, candidate.boxes
    sides = [min(b.xyxy[2] - b.xyxy[0], b.xyxy[3] - b.xyxy[1]) for b in boxes]
    return {
        BOX_OUTSIDE: any(b.xyxy[2] > facts.width or b.xyxy[3] > facts.height for b in boxes),
        BOX_SMALL: any(side < rules.min_box_px for side in sides),
    }
