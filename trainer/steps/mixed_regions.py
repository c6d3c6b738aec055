"""Training crops of a fine-tune: new, hard and replayed ones in stated shares, augmented.

Flow: regions + what the champion thinks of them -> groups -> crop and class number -> batch

A group that is empty leaves its share to the others. Which sample follows which is the loop's
stream (training/schedule.py), so a run resumes exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sync.bundle import Preprocess
from sync.preprocess import Picture, crop_square, normalise
from trainer.dataset.augment import (
    BoxPolicy,
    PhotoPolicy,
    jittered_box,
    occluded,
    photograph,
    turned,
)
from trainer.steps.regions import Region

TURNED_SHARE = 0.5
SAMPLES_PER_REGION = 64


@dataclass(frozen=True, slots=True)
class Groups:
    """Numbers of regions by what they are good for; a region may be in several."""

    new: tuple[int, ...]
    hard: tuple[int, ...]
    replay: tuple[int, ...]

    def shares(self, hard_percent: int, replay_percent: int) -> tuple[float, float, float]:
        """Probability of each group; what is empty gives its part away."""
        wanted = [100 - hard_percent - replay_percent, hard_percent, replay_percent]
        filled = [
            max(share, 0) if group else 0
            for share, group in zip(wanted, (self.new, self.hard, self.replay), strict=True)
        ]
        total = sum(filled) or 1
        return filled[0] / total, filled[1] / total, filled[2] / total


class MixedRegions:
    """Regions as THE LOOP wants them."""

    def __init__(
        self, regions: Sequence[Region], labels: Sequence[int], groups: Groups,
        shares: tuple[float, float, float], form: Preprocess, version: str,
    ) -> None:  # fmt: skip
        self.regions, self.labels, self.version = regions, labels, version
        self._form, self._shares = form, shares
        self._groups = (groups.new, groups.hard, groups.replay)
        self._photo, self._box = PhotoPolicy(), BoxPolicy()

    def __len__(self) -> int:
        return len(self.regions) * SAMPLES_PER_REGION

    def sample(self, index: int, random: np.random.Generator) -> tuple[Picture, int]:
        """One augmented crop and its class."""
        group = self._groups[int(random.choice(3, p=self._shares))]
        number = group[index % len(group)]
        region = self.regions[number]
        box = jittered_box(region.xyxy, self._box, random)
        margin = self._form.crop_margin_percent / 100
        crop = crop_square(region.pixels, box, self._form.crop_px, margin)
        if random.random() < TURNED_SHARE:
            crop = turned(crop, self._box, random)
        crop = occluded(crop, self._box, random)
        return photograph(crop, self._photo, random), self.labels[number]

    def collate(self, samples: Sequence[tuple[Picture, int]]) -> tuple[Tensor, ...]:
        """The batch of fine_tune_task.py."""
        crops = normalise(
            [crop for crop, _ in samples], float(self._form.mean), float(self._form.scale)
        )
        return torch.from_numpy(crops), torch.tensor([label for _, label in samples])
