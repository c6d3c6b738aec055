"""What the base bundle is made from, and how much work is spent on it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Augmentation = Literal["usual", "per_sku"]
CROP_PX = (
    160  # of the recogniser's input: half the time of 224 px at the resolution of a counter crop
)
CROP_MARGIN_PERCENT = 5
VIEW_PX = 200
GALLERY_SEED_OFFSET = 1000  # gallery views are other views than training views


@dataclass(frozen=True, slots=True)
class Inputs:
    """Folders and counts of one build.

    Attributes:
        packs: our own catalogue in pack form, with catalog.json, prices.json and pictures/.
        scenes: rendered scenes to train on besides the quick ones, COCO; may be empty.
        validation: rendered three-camera scenes, COCO; empty means quick ones with another seed.
        detector_packs: further packs that only the detector sees, and which of them.
        children: look-alike families that get a model of their own, or "auto"; mostly none.
        child_networks: where a head is not enough for one, a network of its own is trained.
        work: intermediate results; a build that was stopped continues here.
        augmentation: of the recogniser: all SKUs alike, or each by its pictures and errors.
    """

    packs: Path
    work: Path
    scenes: tuple[Path, ...] = ()
    validation: tuple[Path, ...] = ()
    detector_packs: Path | None = None
    detector_skus: tuple[str, ...] = ()
    detector_start: Path | None = None
    embedder_start: Path | None = None
    children: tuple[str, ...] = ()
    child_networks: bool = False
    views_per_sku: int = 40
    num_quick_scenes: int = 2200
    num_composites: int = 700
    num_procedural_packs: int = 300
    detector_steps: int | None = None
    embedder_steps: int | None = None
    augmentation: Augmentation = "usual"
    seed: int = 1
    num_loaders: int = 1
