"""Complete configurations of a run: a recipe is a function that returns all of it, frozen.

Change one with `dataclasses.replace`; nothing is merged, inherited or read from a file.
"""

from dataclasses import dataclass, replace
from typing import Literal

BodyName = Literal["lite0", "lite2", "resnet50", "resnet152", "none"]
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything a run depends on besides its data.

    Attributes:
        body: the network that starts from ImageNet weights.
        input_height_px, input_width_px: size of the network's input.
        num_steps, batch_size: optimiser steps, and pictures per step over all processes.
        learning_rate: peak, of the new layers; the body's is this times `body_rate_factor`.
        num_frozen_groups: layer groups counted from the input that are not trained at all.
        freeze_batch_norm: the body's batch norms keep their statistics (eval mode).
        warmup_steps, weight_decay, clip_norm, ema_decay: as in the papers; clip_norm is in the
            unit of the gradient, ema_decay is per step.
        checkpoint_every: steps between checkpoints.
        embedding_dim, num_sub_centres: numbers per embedding, ArcFace centres per SKU.
        judged_px: side of the pictures that are judged; 0 is the trained size. Random windows show
            things larger than whole photographs do, so a larger picture at the end sees them as
            they were learned (Touvron et al. 2019, arXiv:1906.06423).
        sampled_classes: where there are more classes, a step's loss is made of so many: those of
            its batch and random others (class_block.py); 0 is all. Recipes of crops and of kept
            features.
        judged_shares: middle squares that are judged together, as shares of the shorter side.
        judged_mirrored: whether each is looked at mirrored too. For photographs only: a box never
            mirrors what carries print.
        frozen_weight: of a witness beside the trained ones when photographs are judged: whitened
            class means of the body as it was before it learned (Wortsman et al. 2022,
            arXiv:2109.01903, average weights to the same end).
    """

    name: str
    body: BodyName
    input_height_px: int
    input_width_px: int
    num_steps: int
    batch_size: int
    learning_rate: float
    body_rate_factor: float
    num_frozen_groups: int
    freeze_batch_norm: bool
    warmup_steps: int
    weight_decay: float = 0.02
    clip_norm: float = 10.0
    ema_decay: float = 0.998
    precision: Precision = "bf16"
    channels_last: bool = True
    seed: int = 1
    checkpoint_every: int = 100
    log_every: int = 20
    embedding_dim: int = 256
    num_sub_centres: int = 3
    judged_px: int = 0
    sampled_classes: int = 0
    judged_shares: tuple[float, ...] = (0.85, 1.0)
    judged_mirrored: bool = False
    frozen_weight: float = 0.0


def detector_lite0() -> Recipe:
    """Class-agnostic detector on composed and rendered trays; 2 cores finish it."""
    return Recipe(
        name="detector_lite0",
        body="lite0",
        input_height_px=240,
        input_width_px=416,
        num_steps=1200,
        batch_size=16,
        learning_rate=2e-3,
        body_rate_factor=0.25,
        num_frozen_groups=3,  # stem, stages 0 and 1: edges and colours, the costliest to train
        freeze_batch_norm=True,
        warmup_steps=60,
        precision="fp32",  # depthwise backward in bf16 is slower here: README, decisions
    )


def lite0_metric() -> Recipe:
    """The default recogniser: Lite0, 256 numbers, sub-centre ArcFace."""
    return Recipe(
        name="lite0_metric",
        body="lite0",
        input_height_px=160,
        input_width_px=160,
        num_steps=1600,
        batch_size=32,
        learning_rate=2e-3,
        body_rate_factor=0.15,
        num_frozen_groups=3,
        freeze_batch_norm=True,
        warmup_steps=60,
        clip_norm=5.0,
        precision="fp32",
    )


def lite0_photos() -> Recipe:
    """Photographs of a closed list of classes, such as a grocery data set; 2 cores finish it.

    Steps are for about 2,900 photographs, 12 epochs; the command scales them to the list given.
    """
    return Recipe(
        name="lite0_photos",
        body="lite0",
        input_height_px=224,
        input_width_px=224,
        num_steps=1100,
        batch_size=32,
        learning_rate=2e-3,
        body_rate_factor=0.3,
        num_frozen_groups=2,  # stem and stage 0: half of the time for edges and colours
        freeze_batch_norm=True,
        warmup_steps=60,
        weight_decay=0.05,
        clip_norm=5.0,
        ema_decay=0.995,
        precision="fp32",
        frozen_weight=0.3,
    )


def lite2_photos() -> Recipe:
    """The same with Lite2, judged whole at 288 px and mirrored: at about twice the time."""
    return replace(
        lite0_photos(), name="lite2_photos", body="lite2",
        judged_px=288, judged_shares=(1.0,), judged_mirrored=True,
    )  # fmt: skip


def lite2_metric() -> Recipe:
    """Half as large again as Lite0, for boxes with time to spare."""
    return Recipe(
        name="lite2_metric",
        body="lite2",
        input_height_px=224,
        input_width_px=224,
        num_steps=3000,
        batch_size=32,
        learning_rate=2e-3,
        body_rate_factor=0.15,
        num_frozen_groups=3,
        freeze_batch_norm=True,
        warmup_steps=100,
        clip_norm=5.0,
    )


def resnet50_metric() -> Recipe:
    """A ResNet-50 recogniser, for a GPU."""
    return Recipe(
        name="resnet50_metric",
        body="resnet50",
        input_height_px=224,
        input_width_px=224,
        num_steps=20000,
        batch_size=128,
        learning_rate=1e-3,
        body_rate_factor=0.2,
        num_frozen_groups=2,
        freeze_batch_norm=True,
        warmup_steps=500,
        clip_norm=5.0,
    )


def resnet152_frozen_low() -> Recipe:
    """The published grocery recipe: ResNet-152, all but the last stage and the head frozen.

    Source: BigBasket on AWS, "How BigBasket improved AI-enabled checkout", 2024: 66 M parameters,
    about 23 M trainable; here, with 12,600 SKUs, 65.7 M and 22.5 M.
    """
    return Recipe(
        name="resnet152_frozen_low",
        body="resnet152",
        input_height_px=224,
        input_width_px=224,
        num_steps=50000,
        batch_size=256,
        learning_rate=1e-3,
        body_rate_factor=0.2,
        num_frozen_groups=4,  # stem and stages 1 to 3
        freeze_batch_norm=True,
        warmup_steps=1000,
        clip_norm=5.0,
        embedding_dim=512,
        num_sub_centres=1,
    )


def head_on_cached_features() -> Recipe:
    """Only the projection, on features computed once: the daily retrain."""
    return Recipe(
        name="head_on_cached_features",
        body="none",
        input_height_px=1,
        input_width_px=1,
        num_steps=2000,
        batch_size=256,
        learning_rate=3e-3,
        body_rate_factor=1.0,
        num_frozen_groups=0,
        freeze_batch_norm=False,
        warmup_steps=50,
        clip_norm=5.0,
        precision="fp32",
        channels_last=False,
        sampled_classes=2048,
    )


def family_crops() -> Recipe:
    """A look-alike family's own network on crops of its members; 2 cores finish it in minutes."""
    return Recipe(
        name="family_crops",
        body="lite0",
        input_height_px=160,
        input_width_px=160,
        num_steps=300,
        batch_size=32,
        learning_rate=2e-3,
        body_rate_factor=0.3,
        num_frozen_groups=2,  # stem and stage 0: half of the time for edges and colours
        freeze_batch_norm=True,
        warmup_steps=30,
        weight_decay=0.05,
        clip_norm=5.0,
        ema_decay=0.99,
        precision="fp32",
    )


RECIPES = {
    "detector_lite0": detector_lite0,
    "lite0_metric": lite0_metric,
    "lite0_photos": lite0_photos,
    "lite2_photos": lite2_photos,
    "lite2_metric": lite2_metric,
    "resnet50_metric": resnet50_metric,
    "resnet152_frozen_low": resnet152_frozen_low,
    "head_on_cached_features": head_on_cached_features,
}
