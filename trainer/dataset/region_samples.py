"""Training samples of the recogniser straight out of shards, read one by one as they are needed.

Flow: shards -> region -> crop and class -> batch

Nothing is held in memory but the index, so a data set may be larger than it, and lie in a bucket.
The order keeps to few shards at a time (shard_order.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sync.preprocess import Picture, normalise
from trainer.dataset.augment_policy import USUAL, AugmentationPolicy, augmented_crop
from trainer.dataset.region_cut import region_pixels
from trainer.dataset.shard_order import ShardOrder
from trainer.dataset.shards import ShardReader
from trainer.errors import DatasetError

Crop = tuple[Picture, int]
WINDOW = 4  # shards that are read together


@dataclass(frozen=True, slots=True)
class CropForm:
    """As the bundle's manifest will say."""

    crop_px: int = 160
    margin: float = 0.05


class ShardedRegions:
    """Regions as the loop wants them; classes are the SKUs of the index in alphabetical order.

    Args:
        reader: of the split that is learned.
        policies: by class; the usual one where none is.

    Raises:
        DatasetError: no samples.
    """

    def __init__(
        self, reader: ShardReader, form: CropForm, version: str, *, window: int = WINDOW,
        policies: Mapping[int, AugmentationPolicy] | None = None,
    ) -> None:  # fmt: skip
        if not len(reader):
            raise DatasetError("the shards hold no samples", hint="which split is learned?")
        named = [str(sample.facts["sku_id"]) for sample in reader.samples]
        self.sku_ids = tuple(sorted(set(named)))
        number = {sku_id: label for label, sku_id in enumerate(self.sku_ids)}
        self.labels = [number[sku_id] for sku_id in named]
        self.version, self.policies = version, policies or {}
        self._reader, self._form = reader, form
        self._order = ShardOrder([sample.shard for sample in reader.samples], window)

    def __len__(self) -> int:
        return len(self._reader)

    def sample_at(self, position: int, seed: int) -> int:
        """The loop asks for this order instead of its own."""
        return self._order.sample_at(position, seed)

    def sample(self, index: int, random: np.random.Generator) -> Crop:
        """One augmented crop and its class."""
        label = self.labels[index]
        xyxy = np.asarray(self._reader.samples[index].facts["xyxy"], np.float32)
        policy = self.policies.get(label, USUAL)
        pixels = region_pixels(self._reader, index)
        form = self._form
        return augmented_crop(pixels, xyxy, policy, form.crop_px, form.margin, random), label

    def collate(self, samples: Sequence[Crop]) -> tuple[Tensor, ...]:
        """Crops and labels: the batch of tasks.MetricTask."""
        crops = normalise([crop for crop, _ in samples])
        return torch.from_numpy(crops), torch.tensor([label for _, label in samples])
