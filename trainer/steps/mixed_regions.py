"""Training crops of a fine-tune: new, hard and replayed ones in stated shares, augmented.

Flow: regions + what the champion thinks of them -> groups -> MixedSource -> crop and class -> batch

A group that is empty leaves its share to the others. What is drawn when is dataset/sampler.py's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sync.bundle import Preprocess
from sync.preprocess import Picture, normalise
from trainer.dataset.augment_policy import (
    AugmentationPolicy,
    augmented_crop,
    policies_by_label,
)
from trainer.dataset.sampler import MixedSource, Part
from trainer.steps.regions import Region

SAMPLES_PER_REGION = 64

Crop = tuple[Picture, int]
Batch = tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Groups:
    """Numbers of regions by what they are good for; a region may be in several."""

    new: tuple[int, ...]
    hard: tuple[int, ...]
    replay: tuple[int, ...]

    def percents(self, hard_percent: int, replay_percent: int) -> tuple[int, int, int]:
        """Share of each group, 100 together; what is empty gives its part away."""
        wanted = (max(100 - hard_percent - replay_percent, 0), hard_percent, replay_percent)
        filled = [
            share if group else 0
            for share, group in zip(wanted, (self.new, self.hard, self.replay), strict=True)
        ]
        total = sum(filled)
        if total == 0:
            return (100, 0, 0) if self.new else (0, 0, 100)
        hard, replay = (round(100 * share / total) for share in filled[1:])
        return 100 - hard - replay, hard, replay


class RegionSamples:
    """Regions of one group as the loop wants them."""

    def __init__(
        self, regions: Sequence[Region], labels: Sequence[int], form: Preprocess, version: str,
        policies: Mapping[int, AugmentationPolicy],
    ) -> None:  # fmt: skip
        self.regions, self.labels, self.version = regions, labels, version
        self._form, self._policies = form, policies

    def __len__(self) -> int:
        return len(self.regions)

    def sample(self, index: int, random: np.random.Generator) -> Crop:
        """One augmented crop and its class."""
        region = self.regions[index]
        policy = self._policies[self.labels[index]]
        margin = self._form.crop_margin_percent / 100
        crop = augmented_crop(
            region.pixels, region.xyxy, policy, self._form.crop_px, margin, random
        )
        return crop, self.labels[index]

    def collate(self, samples: Sequence[Crop]) -> Batch:
        """The batch of fine_tune_task.py."""
        crops = normalise(
            [crop for crop, _ in samples], float(self._form.mean), float(self._form.scale)
        )
        return torch.from_numpy(crops), torch.tensor([label for _, label in samples])


def mixed_regions(
    regions: Sequence[Region], labels: Sequence[int], groups: Groups,
    percents: tuple[int, int, int], form: Preprocess, version: str,
) -> MixedSource[Crop, Batch]:  # fmt: skip
    """The three groups as one source; every class is changed as its count and errors ask for."""
    parts = []
    policies = policies_by_label(labels, groups.hard)
    named = zip(("new", "hard", "replay"), (groups.new, groups.hard, groups.replay), percents,
                strict=True)  # fmt: skip
    for name, numbers, percent in named:
        own, their = [regions[n] for n in numbers], [labels[n] for n in numbers]
        parts.append(Part(name, RegionSamples(own, their, form, version, policies), percent))
    return MixedSource(parts, len(regions) * SAMPLES_PER_REGION)
