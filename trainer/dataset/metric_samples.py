"""Training samples of the recogniser: single products in clutter, and items cut out of scenes.

Flow: views + scene items -> crop and SKU number -> batch

Crops are cut by the function the box uses (sync.preprocess.crop_square). Never mirrored. A
product is drawn as often as any other, however many pictures it has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sync.boxes import FloatArray
from sync.preprocess import Picture, crop_square, normalise
from trainer.dataset.augment_policy import USUAL, AugmentationPolicy, augmented_crop
from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.dataset.compose import Sprite, compose_onto, counter_texture, on_light_counter
from trainer.dataset.views import ViewSet, joined_views

CANVAS_PX = 288
MAX_NEIGHBOURS = 3
SCENE_SHARE = 0.6  # of the samples of an SKU that occurs in scenes


@dataclass(frozen=True, slots=True)
class MetricSample:
    """One crop as the box would cut it, and which product it shows."""

    crop: Picture
    label: int


@dataclass(frozen=True, slots=True)
class SceneItem:
    """One labelled item of a scene picture."""

    scene: ScenePicture
    xyxy: FloatArray


class MetricSamples:
    """One epoch shows every product `samples_per_sku` times.

    Args:
        views: single-product pictures; their order of SKUs gives the labels.
        scenes: labelled pictures whose items are used too, if their SKU is among the views.
        crop_px: side of the network input.
        crop_margin: as in the bundle's manifest.
        invented: procedural products, as many samples in all as the real ones; they take the labels
            behind them.
        policies: how strongly an SKU's pictures are changed, by label; the usual where none is.
    """

    def __init__(
        self,
        views: ViewSet,
        scenes: Sequence[ScenePicture],
        crop_px: int,
        crop_margin: float,
        version: str,
        samples_per_sku: int = 64,
        invented: ViewSet | None = None,
        policies: Mapping[int, AugmentationPolicy] | None = None,
    ) -> None:
        num_real = len(views.sku_ids)
        num_invented = len(invented.sku_ids) if invented is not None else 0
        repeats = max(1, round(num_invented / num_real))
        self.labels = [*range(num_real)] * repeats + [*range(num_real, num_real + num_invented)]
        if invented is not None:
            views = joined_views(views, invented)
        self.views, self.crop_px, self.crop_margin = views, crop_px, crop_margin
        self.samples_per_sku, self.version = samples_per_sku, version
        self.items = scene_items(scenes, views.sku_ids)
        self.policies = policies or {}

    def __len__(self) -> int:
        return len(self.labels) * self.samples_per_sku

    def sample(self, index: int, random: np.random.Generator) -> MetricSample:
        """A crop of the product whose turn it is."""
        label = self.labels[index % len(self.labels)]
        own = self.items[label]
        if own and random.random() < SCENE_SHARE:
            item = own[int(random.integers(len(own)))]
            picture, xyxy = read_picture(item.scene.path), item.xyxy
        else:
            picture, xyxy = self._in_clutter(label, random)
        policy = self.policies.get(label, USUAL)
        crop = augmented_crop(picture, xyxy, policy, self.crop_px, self.crop_margin, random)
        return MetricSample(crop, label)

    def collate(self, samples: Sequence[MetricSample]) -> tuple[Tensor, ...]:
        """Crops and labels: the batch of tasks.MetricTask."""
        crops = normalise([s.crop for s in samples])
        return torch.from_numpy(crops), torch.tensor([s.label for s in samples])

    def _in_clutter(self, label: int, random: np.random.Generator) -> tuple[Picture, FloatArray]:
        """The product on a counter among others, and the box of what can be seen of it."""
        canvas = counter_texture(CANVAS_PX, CANVAS_PX, random)
        size = CANVAS_PX * random.uniform(0.25, 0.8)  # coarse if far, sharp if near
        sprite = self.views.view(label, int(random.integers(1 << 30)))
        neighbours = [self._neighbour(random) for _ in range(random.integers(MAX_NEIGHBOURS + 1))]
        return compose_onto(canvas, sprite, neighbours, size, random)

    def _neighbour(self, random: np.random.Generator) -> Sprite:
        product = int(random.integers(len(self.views.sku_ids)))
        return self.views.view(product, int(random.integers(1 << 30)))


def scene_items(scenes: Sequence[ScenePicture], sku_ids: Sequence[str]) -> list[list[SceneItem]]:
    """Items by label; those of unknown SKUs are left out."""
    label_of = {sku_id: i for i, sku_id in enumerate(sku_ids)}
    items: list[list[SceneItem]] = [[] for _ in sku_ids]
    for scene in scenes:
        for xyxy, sku_id in zip(scene.boxes, scene.sku_ids, strict=True):
            if sku_id in label_of:
                items[label_of[sku_id]].append(SceneItem(scene, xyxy))
    return items


def gallery_crop(sprite: Sprite, crop_px: int, margin: float) -> Picture:
    """A view on a plain light counter, cut as an onboarding photograph would be."""
    return crop_square(*on_light_counter(sprite), crop_px, margin)
