"""Training samples from photographs of single products, each class as often as it has photographs.

Flow: photograph -> window, turn, light -> sample -> batch
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from sync.preprocess import Picture, normalise
from trainer.dataset.augment import BoxPolicy, PhotoPolicy, occluded, photograph
from trainer.dataset.photo_list import Photo, read_photo

MAX_STRETCH = 1.33  # of a window's sides, as in Inception's crops
LIGHT = PhotoPolicy(exposure_stops=0.4, saturation=0.3, noise_sigma=4.0, jpeg_probability=0.2)
COVER = BoxPolicy(occlusion_probability=0.25)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far training windows stray from the photograph.

    Attributes:
        min_window: least share of the picture's area; 0.08 in Inception's crops, more here because
            a class is often told by its whole outline.
        max_turn_deg: both ways.
        mirrored: folders whose photographs are mirrored half of the time, in any spelling; for
            produce and other things without print. "*" stands for all.
    """

    min_window: float = 0.3
    max_turn_deg: float = 20.0
    mirrored: tuple[str, ...] = ()

    def may_mirror(self, path: Path) -> bool:
        """Whether left and right mean nothing on this photograph."""
        folders = {part.casefold() for part in path.parts[:-1]}
        return "*" in self.mirrored or any(name.casefold() in folders for name in self.mirrored)


PLAIN = Augmentation()


@dataclass(frozen=True, slots=True)
class PhotoSample:
    """One network input and its class."""

    picture: Picture
    label: int


class PhotoSamples:
    """One epoch shows every photograph once.

    Args:
        photos: all of one numbering.
        input_px: side of the network's input.
        version: of the data, for the record.
    """

    def __init__(
        self,
        photos: Sequence[Photo],
        input_px: int,
        version: str,
        augmentation: Augmentation = PLAIN,
    ) -> None:
        self.photos, self.input_px, self.version = photos, input_px, version
        self.augmentation = augmentation

    def __len__(self) -> int:
        return len(self.photos)

    def sample(self, index: int, random: np.random.Generator) -> PhotoSample:
        """A random window of one photograph."""
        photo = self.photos[index]
        picture = read_photo(photo.path)
        window = training_window(
            picture, self.input_px, random, self.augmentation,
            may_mirror=self.augmentation.may_mirror(photo.path),
        )  # fmt: skip
        return PhotoSample(window, photo.label)

    def collate(self, samples: Sequence[PhotoSample]) -> tuple[Tensor, ...]:
        """Pictures and labels."""
        pictures = normalise([s.picture for s in samples])
        return torch.from_numpy(pictures), torch.tensor([s.label for s in samples])


def training_window(
    picture: Picture,
    input_px: int,
    random: np.random.Generator,
    augmentation: Augmentation = PLAIN,
    *,
    may_mirror: bool = False,
) -> Picture:
    """A window as training sees it: cut, partly covered, lit otherwise."""
    window = random_window(picture, input_px, random, augmentation, may_mirror=may_mirror)
    return photograph(occluded(window, COVER, random), LIGHT, random)


def random_window(
    picture: Picture,
    input_px: int,
    random: np.random.Generator,
    augmentation: Augmentation = PLAIN,
    *,
    may_mirror: bool = False,
) -> Picture:
    """A window of random place, size, stretch and turn as a square; borders are mirrored.

    Source: Inception's crops, Szegedy et al. 2015, arXiv:1409.4842, with a rotation.
    """
    height, width = picture.shape[:2]
    area = random.uniform(augmentation.min_window, 1.0) * height * width
    stretch = np.exp(random.uniform(-np.log(MAX_STRETCH), np.log(MAX_STRETCH)))
    columns, rows = min(np.sqrt(area * stretch), width), min(np.sqrt(area / stretch), height)
    centre_x = random.uniform(columns / 2, width - columns / 2)
    centre_y = random.uniform(rows / 2, height - rows / 2)
    most = augmentation.max_turn_deg
    angle = np.deg2rad(random.uniform(-most, most))
    mirror = -1.0 if may_mirror and random.random() < 0.5 else 1.0
    turn = np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    scale = turn @ np.diag([mirror * columns / input_px, rows / input_px])
    shift = np.asarray([centre_x, centre_y]) - scale @ np.asarray([input_px / 2, input_px / 2])
    transform = np.concatenate([scale, shift[:, None]], axis=1)  # from the window to the picture
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    window = cv2.warpAffine(
        picture, transform, (input_px, input_px), flags=flags, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(window, dtype=np.uint8)


def middle_window(picture: Picture, input_px: int, share: float = 0.9) -> Picture:
    """The middle square of the picture, as it is judged."""
    side = round(min(picture.shape[:2]) * share)
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    square = picture[top : top + side, left : left + side]
    return np.asarray(
        cv2.resize(square, (input_px, input_px), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )
