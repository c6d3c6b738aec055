"""Training samples of a family's own network: looks at its members, cut out of their pictures.

Flow: picture + box + what covers it -> Cutout -> crop and number of the member -> batch

Every member is drawn as often as any other. Cut by the function the box uses, never mirrored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from sync.boxes import FloatArray
from sync.preprocess import Picture, crop_square, normalise, painted_over
from trainer.dataset.augment_policy import USUAL, AugmentationPolicy, augmented_crop

SURROUNDINGS = 0.3  # of the longer side, kept on every side: jittered edges see more of the counter
MAX_SIDES = 2.0  # a cutout is at most so many crops long, whatever the camera's resolution


@dataclass(frozen=True, slots=True)
class Cutout:
    """An item and a little around it.

    Attributes:
        picture: uint8 BGR (h, w, 3); what stands before the item is grey.
        xyxy: float32 (4,), the item in its pixels.
    """

    picture: Picture
    xyxy: FloatArray


@dataclass(frozen=True, slots=True)
class LookSample:
    """One crop and the member that it shows."""

    crop: Picture
    label: int


class LookSamples:
    """One epoch shows every member `samples_per_member` times.

    Args:
        labels: member of each cutout, 0 and up; each has one at least.
        policies: how strongly a member's crops are changed; the usual where none is.
    """

    def __init__(
        self,
        cutouts: Sequence[Cutout],
        labels: Sequence[int],
        crop_px: int,
        crop_margin: float,
        version: str,
        policies: Mapping[int, AugmentationPolicy] | None = None,
    ) -> None:
        self.crop_px, self.crop_margin, self.version = crop_px, crop_margin, version
        self._own: list[list[Cutout]] = [[] for _ in range(max(labels) + 1)]
        for cutout, label in zip(cutouts, labels, strict=True):
            self._own[label].append(cutout)
        self._policies = policies or {}
        self.samples_per_member = max(map(len, self._own))

    def __len__(self) -> int:
        return len(self._own) * self.samples_per_member

    def sample(self, index: int, random: np.random.Generator) -> LookSample:
        """A changed crop of the member whose turn it is."""
        label = index % len(self._own)
        own = self._own[label]
        cutout = own[int(random.integers(len(own)))]
        policy = self._policies.get(label, USUAL)
        crop = augmented_crop(
            cutout.picture, cutout.xyxy, policy, self.crop_px, self.crop_margin, random
        )
        return LookSample(crop, label)

    def collate(self, samples: Sequence[LookSample]) -> tuple[Tensor, ...]:
        """Crops and labels: the batch of family_network.FamilyTask."""
        crops = normalise([s.crop for s in samples])
        return torch.from_numpy(crops), torch.tensor([s.label for s in samples])


def cut_out(picture: Picture, xyxy: FloatArray, covering: FloatArray, crop_px: int) -> Cutout:
    """An item with its surroundings.

    Args:
        covering: float32 (K, 4), boxes of what stands before it.
    """
    height, width = picture.shape[:2]
    around = SURROUNDINGS * float((xyxy[2:] - xyxy[:2]).max())
    left, top = (max(0, int(v - around)) for v in xyxy[:2])
    right, bottom = (
        min(size, int(v + around) + 1) for v, size in zip(xyxy[2:], (width, height), strict=True)
    )
    shift = np.asarray([left, top, left, top], dtype=np.float32)
    region = painted_over(picture[top:bottom, left:right], covering - shift)
    scale = min(1.0, MAX_SIDES * crop_px / max(right - left, bottom - top))
    if scale < 1.0:
        region = np.asarray(
            cv2.resize(region, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA),
            dtype=np.uint8,
        )
    return Cutout(np.ascontiguousarray(region), ((xyxy - shift) * scale).astype(np.float32))


def plain_crops(cutouts: Sequence[Cutout], crop_px: int, crop_margin: float) -> FloatArray:
    """Unchanged, as the box cuts them, float32 (N, 3, S, S)."""
    return normalise([crop_square(c.picture, c.xyxy, crop_px, crop_margin) for c in cutouts])
