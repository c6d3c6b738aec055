"""How strongly each SKU's pictures are changed in the recogniser's stage, and why.

Flow: labelled items per SKU, share that an earlier recogniser gets wrong -> policy per SKU

`usual` changes all alike, as every shipped bundle did so far. `per_sku` asks
dataset/augment_policy.py; errors are those of `--embedder-start`, and none without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from sync.boxes import FloatArray
from sync.gallery import unit_rows
from sync.preprocess import Picture, crop_square, normalise
from tools.base_bundle.inputs import CROP_MARGIN_PERCENT, CROP_PX, Inputs
from trainer.dataset.augment_policy import USUAL, AugmentationPolicy, policies_from, record
from trainer.dataset.coco_scenes import read_picture
from trainer.dataset.metric_samples import SceneItem, gallery_crop
from trainer.dataset.views import ViewSet
from trainer.training.checkpoint import load_checkpoint
from trainer.training.embedder_model import EmbedderModel

MAX_ASKED_PER_SKU = 20  # items on which an earlier recogniser is asked
BATCH = 32


@dataclass(frozen=True, slots=True)
class ChosenPolicies:
    """By label, and as the run records it: policy -> SKUs, and what was counted and measured."""

    by_label: Mapping[int, AugmentationPolicy]
    facts: Mapping[str, object]


def choose_policies(
    inputs: Inputs, views: ViewSet, items: Sequence[Sequence[SceneItem]]
) -> ChosenPolicies:
    """The policies of the SKUs among `views`; `items` are their labelled items, by label."""
    if inputs.augmentation == "usual":
        return ChosenPolicies({}, {"augmentation": {USUAL.name: list(views.sku_ids)}})
    counts = {label: len(own) for label, own in enumerate(items[: len(views.sku_ids)])}
    errors: dict[int, float] = {}
    if inputs.embedder_start is not None:
        errors = _errors(inputs.embedder_start, views, items[: len(views.sku_ids)])
    chosen = policies_from(counts, errors)
    named = {views.sku_ids[label]: round(share, 3) for label, share in errors.items()}
    return ChosenPolicies(
        chosen,
        {
            "augmentation": record(chosen, views.sku_ids),
            "items_by_sku": {views.sku_ids[label]: count for label, count in counts.items()},
            "errors_by_sku": named,
        },
    )


def _errors(
    weights: Path, views: ViewSet, items: Sequence[Sequence[SceneItem]]
) -> dict[int, float]:
    """Share of each SKU's items that lies nearer to the views of another one."""
    model = EmbedderModel()
    model.load_state_dict(load_checkpoint(weights))
    model.eval()
    margin = CROP_MARGIN_PERCENT / 100
    means = []
    for product in range(len(views.sku_ids)):
        shown = [views.view(product, n) for n in range(len(views.encoded[product]))]
        crops = [gallery_crop(sprite, CROP_PX, margin) for sprite in shown[:MAX_ASKED_PER_SKU]]
        means.append(_embedded(model, crops).mean(axis=0))
    rows = unit_rows(np.stack(means))
    errors = {}
    for label, own in enumerate(items):
        asked = own[:: max(1, len(own) // MAX_ASKED_PER_SKU)][:MAX_ASKED_PER_SKU]
        if asked:
            crops = [
                crop_square(read_picture(item.scene.path), item.xyxy, CROP_PX, margin)
                for item in asked
            ]
            nearest = (_embedded(model, crops) @ rows.T).argmax(axis=1)
            errors[label] = float((nearest != label).mean())
    return errors


def _embedded(model: EmbedderModel, crops: Sequence[Picture]) -> FloatArray:
    with torch.inference_mode():
        parts = [
            model(torch.from_numpy(normalise(list(crops[i : i + BATCH])))).numpy()
            for i in range(0, len(crops), BATCH)
        ]
    return np.asarray(np.concatenate(parts), np.float32)
