"""How strongly each SKU's pictures are changed in training: by how many there are, and by error.

Flow: pictures per SKU + share that the champion gets wrong -> AugmentationPolicy per SKU

Few pictures need more variety than they have. What is often confused must keep what tells it apart:
its colours, and every part of its print. Pure; the run records which SKU got which.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sync.boxes import FloatArray
from sync.preprocess import Picture, crop_square
from trainer.dataset.augment import (
    BoxPolicy,
    PhotoPolicy,
    jittered_box,
    occluded,
    photograph,
    turned,
)

FEW_PICTURES = 10
CONFUSED_SHARE = 0.2  # of an SKU's pictures that are hard for the champion
TURNED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class AugmentationPolicy:
    """What is done to the pictures of some SKUs; `name` goes into the run's record."""

    name: str
    photo: PhotoPolicy
    box: BoxPolicy


USUAL = AugmentationPolicy("usual", PhotoPolicy(), BoxPolicy())
FEW = AugmentationPolicy(
    "few",
    PhotoPolicy(exposure_stops=0.7, gamma=0.35, contrast=0.3, blur_probability=0.4),
    BoxPolicy(edge_jitter=0.12, perspective=0.18),
)
CONFUSED = AugmentationPolicy(
    "confused",
    PhotoPolicy(saturation=0.15, cast=0.06, blur_probability=0.15, jpeg_min_quality=55),
    BoxPolicy(occlusion_probability=0.1),
)
FEW_CONFUSED = AugmentationPolicy(
    "few, confused",
    replace(FEW.photo, saturation=0.15, cast=0.06, blur_probability=0.15, jpeg_min_quality=55),
    replace(FEW.box, occlusion_probability=0.1),
)


def policy_for(num_pictures: int, error: float) -> AugmentationPolicy:
    """The policy of one SKU.

    Args:
        error: share of its pictures that the champion gets wrong or is unsure of.
    """
    is_few, is_confused = num_pictures < FEW_PICTURES, error >= CONFUSED_SHARE
    if is_few:
        return FEW_CONFUSED if is_confused else FEW
    return CONFUSED if is_confused else USUAL


def augmented_crop(
    picture: Picture, xyxy: FloatArray, policy: AugmentationPolicy, crop_px: int, margin: float,
    random: np.random.Generator,
) -> Picture:  # fmt: skip
    """A crop of a recogniser's training, cut by the function the box uses, then changed."""
    box = jittered_box(xyxy, policy.box, random)
    crop = crop_square(picture, box, crop_px, margin)
    if random.random() < TURNED_SHARE:
        crop = turned(crop, policy.box, random)
    crop = occluded(crop, policy.box, random)
    return photograph(crop, policy.photo, random)


def policies_by_label(
    labels: Sequence[int], hard: Collection[int]
) -> dict[int, AugmentationPolicy]:
    """The policy of every class.

    Args:
        labels: class of each picture.
        hard: numbers of the pictures that are hard.
    """
    counts, wrong = Counter(labels), Counter(labels[number] for number in hard)
    return policies_from(counts, {label: wrong[label] / counts[label] for label in wrong})


def policies_from(
    counts: Mapping[int, int], errors: Mapping[int, float]
) -> dict[int, AugmentationPolicy]:
    """The policy of every class, from its pictures and the share of them that is wrong."""
    return {
        label: policy_for(count, errors.get(label, 0.0)) for label, count in sorted(counts.items())
    }


def record(
    policies: Mapping[int, AugmentationPolicy], names: Sequence[str]
) -> dict[str, list[str]]:
    """Policy -> SKUs, for the run's record."""
    told: dict[str, list[str]] = {}
    for label, policy in policies.items():
        told.setdefault(policy.name, []).append(names[label])
    return told
