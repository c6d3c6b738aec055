"""A family's own network from labelled looks: fitted on all, judged on scenes it did not see.

Flow: LabelledLooks with their places -> crops -> THE LOOP, once per fold and once for all
-> FittedNetwork

Half of the scenes teach, the other half judges, then the other way round; what ships is taught by
all of them. No decision of a box in here: child_fit.py chooses between this and a head.
"""

import copy
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sync.boxes import FloatArray
from trainer.dataset.augment_policy import policies_by_label, record
from trainer.dataset.coco_scenes import read_picture
from trainer.dataset.look_samples import Cutout, LookSamples, cut_out, plain_crops
from trainer.errors import DatasetError
from trainer.training.checkpoint import load_checkpoint
from trainer.training.families import LabelledLook, folds_by_scene
from trainer.training.family_head import mean_loss, members_of, softmax
from trainer.training.family_network import FamilyNetwork, family_task
from trainer.training.recipes import Recipe, family_crops
from trainer.training.train import train

logger = logging.getLogger(__name__)

NUM_FOLDS = 2
CROP_MARGIN_PERCENT = 5
JUDGED_AT_ONCE = 64

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FittedNetwork:
    """What ships, and what networks of half the scenes say about the other half.

    Attributes:
        held_out: float64 (N, members), logits of the looks at members, in their order.
        fold_loss: nats per look, on scenes that did not teach.
    """

    sku_ids: tuple[str, ...]
    model: FamilyNetwork
    recipe: Recipe
    held_out: Doubles
    fold_loss: float

    @property
    def crop_px(self) -> int:
        """Side of what it sees."""
        return self.recipe.input_width_px

    def at_temperature(self, temperature: float) -> "FittedNetwork":
        """The same choice, stated more or less surely."""
        model = copy.deepcopy(self.model)
        model.temperature *= temperature
        return replace(self, model=model, held_out=self.held_out / temperature)

    def answers(self, looks: Sequence[LabelledLook]) -> FloatArray:
        """Probabilities of the members for each look, float32 (N, members).

        Raises:
            DatasetError: the picture of a look is not kept.
        """
        logits = _logits(self.model, cutouts(looks, self.crop_px), self.crop_px)
        return softmax(logits / float(self.model.temperature)).astype(np.float32)

    def facts(self) -> dict[str, object]:
        """What was chosen, for a report."""
        return {"kind": "network", "crop_px": self.crop_px, "steps": self.recipe.num_steps}


def fit_family_network(
    looks: Sequence[LabelledLook],
    sku_ids: Sequence[str],
    run_dir: Path,
    recipe: Recipe | None = None,
) -> FittedNetwork:
    """Train a network per fold and one of all looks.

    Args:
        run_dir: records, checkpoints and TensorBoard events; a run that was killed goes on.
        recipe: family_crops() where None.

    Raises:
        DatasetError: too few looks or scenes, or pictures of looks that are not kept.
        DivergedError: the loss became NaN.
    """
    recipe = recipe or family_crops()
    own, labels = members_of(looks, sku_ids, NUM_FOLDS)
    crop_px = recipe.input_width_px
    cut = cutouts(own, crop_px)
    is_wrong = [n for n, look in enumerate(own) if look.scores.sku_ids[0] != look.sku_id]
    policies = policies_by_label(labels.tolist(), set(is_wrong))
    facts = {"members": list(sku_ids), "augmentation": record(policies, list(sku_ids))}
    folds = folds_by_scene(own, NUM_FOLDS)

    def fitted(name: str, teaches: NDArray[np.bool_]) -> FamilyNetwork:
        chosen = np.flatnonzero(teaches)
        for number, sku_id in enumerate(sku_ids):
            if number not in labels[chosen]:
                raise DatasetError(
                    f"{sku_id} lies in too few scenes to teach and to judge",
                    hint="label more baskets with it",
                )
        source = LookSamples(
            [cut[n] for n in chosen], labels[chosen].tolist(), crop_px,
            CROP_MARGIN_PERCENT / 100, f"{len(chosen)} looks", policies,
        )  # fmt: skip
        task = family_task(len(sku_ids))
        weights = train(recipe, task, source, run_dir / name, facts=facts)
        model = FamilyNetwork(len(sku_ids))
        model.load_state_dict(load_checkpoint(weights))
        return model.eval()

    held_out = np.zeros((len(own), len(sku_ids)))
    for fold in range(NUM_FOLDS):
        is_held = folds == fold
        model = fitted(f"fold{fold}", ~is_held)
        held_out[is_held] = _logits(model, [cut[n] for n in np.flatnonzero(is_held)], crop_px)
    loss = mean_loss(held_out, labels)
    logger.info("family network looks=%d loss=%.4f on scenes not seen", len(own), loss)
    whole = fitted("all", np.ones(len(own), dtype=bool))
    return FittedNetwork(tuple(sku_ids), whole, recipe, held_out, loss)


def cutouts(looks: Sequence[LabelledLook], crop_px: int) -> list[Cutout]:
    """The items that were looked at, cut out of their pictures.

    Raises:
        DatasetError: the picture of a look is not kept.
    """
    found: list[Cutout] = []
    path, picture = None, None
    for look in looks:
        if look.place is None:
            raise DatasetError("looks without their pictures", hint="a head needs none")
        if look.place.path != path:
            path = look.place.path
            picture = read_picture(path)
        assert picture is not None
        found.append(cut_out(picture, look.place.xyxy, look.place.covering, crop_px))
    return found


def _logits(model: FamilyNetwork, cut: Sequence[Cutout], crop_px: int) -> Doubles:
    rows = []
    with torch.inference_mode():
        for start in range(0, len(cut), JUDGED_AT_ONCE):
            chosen = cut[start : start + JUDGED_AT_ONCE]
            crops = torch.from_numpy(plain_crops(chosen, crop_px, CROP_MARGIN_PERCENT / 100))
            rows.append(model.logits(crops).double().numpy())
    return np.concatenate(rows)
