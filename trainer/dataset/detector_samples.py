"""Training samples of the detector: rendered or photographed scenes mixed with composed trays.

Flow: scenes + sprites -> DetectorSample -> batch

A sample is a pure function of its number and generator, so a run resumes exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sync.boxes import FloatArray
from sync.preprocess import Picture, normalise
from trainer.dataset.augment import PhotoPolicy, photograph, zoom_crop
from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.dataset.compose import Composite, Sprite, TrayPolicy, compose_tray, counter_texture

MIN_SIDE_PX = 5.0  # of the network input; smaller rests of a cut box are ignored
MIN_KEPT_SHARE = 0.3  # of a box inside the window; a smaller rest is ignored
STACKED_SHARE = 0.8  # of a box that lies inside a larger one
SCALE_RANGE = (0.75, 1.9)  # cameras hang at 50 to 110 cm and look finer at rest; 1: the whole one
CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX = 480, 270  # composites are drawn near the size they are used in


@dataclass(frozen=True, slots=True)
class DetectorSample:
    """One network input and its truth, in input pixels."""

    picture: Picture
    boxes: FloatArray
    ignored: FloatArray
    is_complete: bool


class DetectorSamples:
    """Scenes first, then `num_composites` composed trays, per epoch.

    Args:
        scenes: labelled pictures; empty if all trays are composed.
        sprites: single products for composed trays.
        num_composites: how many composed trays an epoch holds.
        width, height: network input in pixels.
        version: names this data in the run's record.
        empty_counters: pictures without products, half of the composed trays' backgrounds.
    """

    def __init__(
        self,
        scenes: Sequence[ScenePicture],
        sprites: Sequence[Sprite],
        num_composites: int,
        width: int,
        height: int,
        version: str,
        empty_counters: Sequence[Picture] = (),
    ) -> None:
        self.scenes, self.sprites, self.num_composites = scenes, sprites, num_composites
        self.width, self.height, self.version = width, height, version
        self.empty_counters = empty_counters
        self.photo = PhotoPolicy()
        self.tray = TrayPolicy()

    def __len__(self) -> int:
        return len(self.scenes) + self.num_composites

    def sample(self, index: int, random: np.random.Generator) -> DetectorSample:
        """Sample `index`: a scene, or beyond those a newly composed tray."""
        if index < len(self.scenes):
            scene = self.scenes[index]
            picture, is_complete = read_picture(scene.path), scene.is_complete
            boxes, ignored = scene.boxes, scene.ignored
        else:
            composite = self._compose(random)
            picture, is_complete = composite.picture, True
            boxes, ignored = composite.boxes, composite.ignored
        both = np.concatenate([boxes, ignored])
        window, moved, scale = zoom_crop(
            picture, both, self.width, self.height, random, scale_range=SCALE_RANGE
        )
        kept, cut_away = _split_cut(moved[: len(boxes)], boxes * np.float32(scale))
        return DetectorSample(
            picture=photograph(window, self.photo, random),
            boxes=kept,
            ignored=np.concatenate([moved[len(boxes) :], cut_away]),
            is_complete=is_complete,
        )

    def collate(self, samples: Sequence[DetectorSample]) -> tuple[Tensor, ...]:
        """Images, boxes, ignored regions, is_complete: the batch of tasks.DetectorTask."""
        return (
            torch.from_numpy(normalise([s.picture for s in samples])),
            torch.from_numpy(padded([s.boxes for s in samples])),
            torch.from_numpy(padded([s.ignored for s in samples])),
            torch.tensor([s.is_complete for s in samples]),
        )

    def _compose(self, random: np.random.Generator) -> Composite:
        if self.empty_counters and random.random() < 0.5:
            background = self.empty_counters[int(random.integers(len(self.empty_counters)))]
        else:
            background = counter_texture(CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX, random)
        return compose_tray(self.sprites, background, self.tray, random)


def with_stacks_again(scenes: Sequence[ScenePicture]) -> list[ScenePicture]:
    """The scenes, and those once more in which something lies on or before a larger pack."""
    return [*scenes, *(scene for scene in scenes if _has_stack(scene.boxes))]


def padded(boxes: Sequence[FloatArray]) -> FloatArray:
    """Equal counts, at least one each; padding boxes have no area. float32 (B, M, 4)."""
    count = max(1, *(len(b) for b in boxes))
    batch = np.zeros((len(boxes), count, 4), dtype=np.float32)
    for row, own in zip(batch, boxes, strict=True):
        row[: len(own)] = own
    return batch


def _has_stack(boxes: FloatArray) -> bool:
    """Whether a box lies for the most part inside a larger one."""
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = (high - low).clip(min=0).prod(axis=-1)  # (N, N)
    is_in_larger = (shared > STACKED_SHARE * area[:, None]) & (area[None] > area[:, None])
    return bool(is_in_larger.any())


def _split_cut(moved: FloatArray, scaled: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Boxes worth learning, and rests at the border that are neither wanted nor wrong."""
    sides = moved[:, 2:] - moved[:, :2]
    visible = sides.prod(axis=1)
    full = np.maximum((scaled[:, 2:] - scaled[:, :2]).prod(axis=1), 1e-6)
    keep = (sides.min(axis=1, initial=np.inf) >= MIN_SIDE_PX) & (visible >= MIN_KEPT_SHARE * full)
    rests = moved[~keep & (visible > 0)]
    return moved[keep], rests
