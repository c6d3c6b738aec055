"""The stages that need torch: views, quick scenes, detector, recogniser.

Flow: packs -> views, scenes -> weights

Each stage leaves its result below `work` and is skipped when that is there.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from tools.base_bundle.augmentation import choose_policies
from tools.base_bundle.inputs import (
    CROP_MARGIN_PERCENT,
    CROP_PX,
    GALLERY_SEED_OFFSET,
    VIEW_PX,
    Inputs,
)
from trainer.dataset.coco_scenes import ScenePicture, read_scene_folder
from trainer.dataset.compose import Sprite
from trainer.dataset.detector_samples import DetectorSamples, with_stacks_again
from trainer.dataset.metric_samples import MetricSamples
from trainer.dataset.procedural_packs import render_procedural_views
from trainer.dataset.procedural_sprites import procedural_sprites
from trainer.dataset.scene_folder import render_scene_folder
from trainer.dataset.scene_quality import told, usable_scenes
from trainer.dataset.views import pack_sku_ids, read_views, render_views
from trainer.training.checkpoint import load_checkpoint
from trainer.training.detector_model import with_second_answers
from trainer.training.recipes import Recipe, detector_lite0, lite0_metric
from trainer.training.tasks import DetectorTask, Task, detector_task, metric_task
from trainer.training.train import NO_FACTS, WEIGHTS_NAME, Place, SampleSource, train

logger = logging.getLogger(__name__)

NUM_PROCEDURAL = 600
PROCEDURAL_VIEWS = 12
SPRITES_PER_SKU = 6  # of the views, for composed trays
VALIDATION_BASKETS = 110
VALIDATION_CAMERAS = 3


def render_stage(inputs: Inputs) -> None:
    """Training views, gallery views, quick training scenes and, if none are given, validation."""
    sku_ids = pack_sku_ids(inputs.packs)
    seed = inputs.seed
    render_views(inputs.packs, inputs.work / "views", sku_ids, inputs.views_per_sku, seed, VIEW_PX)
    gallery_seed = seed + GALLERY_SEED_OFFSET
    render_views(inputs.packs, inputs.work / "gallery_views", sku_ids, 12, gallery_seed, VIEW_PX)
    render_procedural_views(
        inputs.packs,
        inputs.work / "procedural_views",
        sku_ids,
        inputs.num_procedural_packs,
        PROCEDURAL_VIEWS,
        seed,
        VIEW_PX,
    )
    own = [(inputs.packs, sku_id) for sku_id in sku_ids]
    foreign = [(inputs.detector_packs, s) for s in inputs.detector_skus if inputs.detector_packs]
    render_scene_folder(
        [*own, *[(folder, s) for folder, s in foreign if folder is not None]],
        inputs.work / "quick_scenes",
        inputs.num_quick_scenes,
        seed + 4,
    )
    if not inputs.validation:
        render_scene_folder(
            own,
            inputs.work / "quick_validation",
            VALIDATION_BASKETS,
            seed + 998,
            VALIDATION_CAMERAS,
        )


def training_scenes(inputs: Inputs) -> list[ScenePicture]:
    """Rendered scenes that were given, and the quick ones; what cannot be used is told by code."""
    folders = [*inputs.scenes, inputs.work / "quick_scenes"]
    found = [scene for folder in folders for scene in read_scene_folder(folder)]
    kept, aside = usable_scenes(found)
    for line in told(aside):
        logger.warning(line)
    return kept


def validation_scenes(inputs: Inputs) -> list[ScenePicture]:
    """Scenes that no network is trained on."""
    folders = inputs.validation or (inputs.work / "quick_validation",)
    return [scene for folder in folders for scene in read_scene_folder(folder)]


def detector_stage(inputs: Inputs) -> None:
    """Train the detector on scenes and composed trays."""
    recipe = _with_steps(detector_lite0(), inputs.detector_steps, inputs.seed)
    sprites = procedural_sprites(NUM_PROCEDURAL, inputs.seed) + _own_sprites(inputs)
    source = DetectorSamples(
        with_stacks_again(training_scenes(inputs)),
        sprites,
        inputs.num_composites,
        recipe.input_width_px,
        recipe.input_height_px,
        version=_version(inputs),
    )
    _train(recipe, lambda: detector_task(recipe), source, inputs, "detector", inputs.detector_start)


def embedder_stage(inputs: Inputs) -> None:
    """Train the recogniser on our own catalogue only."""
    recipe = _with_steps(lite0_metric(), inputs.embedder_steps, inputs.seed)
    views = read_views(inputs.work / "views")
    invented = read_views(inputs.work / "procedural_views")
    source = MetricSamples(
        views,
        training_scenes(inputs),
        CROP_PX,
        CROP_MARGIN_PERCENT / 100,
        version=_version(inputs),
        invented=invented,
    )
    chosen = choose_policies(inputs, views, source.items)
    source.policies = chosen.by_label
    num_classes = len(views.sku_ids) + len(invented.sku_ids)
    _train(
        recipe,
        lambda: metric_task(recipe, num_classes),
        source,
        inputs,
        "embedder",
        inputs.embedder_start,
        chosen.facts,
    )


def _train(
    recipe: Recipe,
    build: Callable[[], Task],
    source: SampleSource,  # type: ignore[type-arg]
    inputs: Inputs,
    name: str,
    start: Path | None,
    facts: Mapping[str, object] = NO_FACTS,
) -> None:
    run_dir = inputs.work / name
    if (run_dir / WEIGHTS_NAME).exists():
        logger.info("stage done already stage=%s", name)
        return
    torch.manual_seed(recipe.seed)
    task = build()
    if start is not None:
        weights = load_checkpoint(start)
        if isinstance(task, DetectorTask):
            weights = with_second_answers(weights)
        task.exported.load_state_dict(weights)
    train(recipe, task, source, run_dir, place=Place(num_loaders=inputs.num_loaders), facts=facts)


def _own_sprites(inputs: Inputs) -> list[Sprite]:
    views = read_views(inputs.work / "views")
    random = np.random.default_rng(inputs.seed)
    numbers = range(len(views.sku_ids))
    return [
        views.view(n, int(random.integers(1 << 30)))
        for n in numbers
        for _ in range(SPRITES_PER_SKU)
    ]


def _with_steps(recipe: Recipe, num_steps: int | None, seed: int) -> Recipe:
    recipe = dataclasses.replace(recipe, seed=seed)
    return recipe if num_steps is None else dataclasses.replace(recipe, num_steps=num_steps)


def _version(inputs: Inputs) -> str:
    parts = [inputs.packs.name, *(folder.name for folder in inputs.scenes)]
    return f"{'+'.join(parts)}/seed{inputs.seed}"
