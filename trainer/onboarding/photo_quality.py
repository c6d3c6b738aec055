"""Is this photo of a product good enough, and where in it is the product?

Flow: uint8 BGR -> product box, sharpness -> problems

The background is what the frame's edge shows; the product is what differs from it. Only the box
is used: pixels around the product stay, as they stay on the counter. Limits are at the end of
this folder's README with what was measured.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sync.preprocess import Picture
from trainer.dataset.picture_facts import sharpness_of

WORK_SIDE_PX = 512
MIN_SHARPNESS = 30.0  # variance of the Laplacian of the product at 256 px
MAX_EDGE_SPREAD = 18.0  # Lab units by which the edge of a plain background varies
MIN_DIFFERENCE = 14.0  # Lab units between product and background
MIN_PRODUCT_SHARE = 0.04  # of the picture
MIN_PRODUCT_PX = 96  # shorter side, in the photo itself
MAX_TOUCHED_SIDES = 1
DARK, BRIGHT = 35.0, 245.0  # mean grey of the product

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PhotoProblem:
    """Something wrong with a photo; a blocking one keeps it out of the gallery."""

    code: str
    message: str
    is_blocking: bool


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """What a photo shows.

    Attributes:
        xyxy: float32 (4,), the product in pixels of the photo; the whole photo where none is found.
        sharpness: variance of the Laplacian of the product, scaled to 256 px.
    """

    xyxy: FloatArray
    sharpness: float
    problems: tuple[PhotoProblem, ...]

    @property
    def is_usable(self) -> bool:
        """Whether it may become a row of the gallery."""
        return not any(problem.is_blocking for problem in self.problems)


def check_photo(picture: Picture) -> PhotoReport:
    """Find the product and say what is wrong."""
    height, width = picture.shape[:2]
    scale = min(1.0, WORK_SIDE_PX / max(height, width))
    small = cv2.resize(
        picture, (max(1, round(width * scale)), max(1, round(height * scale))),
        interpolation=cv2.INTER_AREA,
    )  # fmt: skip
    mask, edge_spread = _product_mask(np.asarray(small, np.uint8))
    problems: list[PhotoProblem] = []
    if edge_spread > MAX_EDGE_SPREAD:
        problems.append(_problem("photo.background", "the background is busy; use a plain one"))
    share = float(mask.mean())
    if share < MIN_PRODUCT_SHARE:
        problems.append(_blocking("photo.no_product", "no product stands out from the background"))
        box = np.asarray([0, 0, width, height], np.float32)
    else:
        box = _box_of(mask) / np.float32(scale)
        problems += _placement(mask, box)
    x1, y1, x2, y2 = (int(v) for v in box)
    sharpness, brightness = sharpness_of(picture, (x1, y1, x2, y2))
    if sharpness < MIN_SHARPNESS:
        problems.append(_blocking("photo.blurred", "the product is blurred; hold still, move back"))
    if not DARK <= brightness <= BRIGHT:
        problems.append(_blocking("photo.exposure", "the product is too dark or too bright"))
    return PhotoReport(box, round(sharpness, 1), tuple(problems))


def _product_mask(small: Picture) -> tuple[NDArray[np.uint8], float]:
    """1 where the picture differs from its edge; and by how much the edge itself varies."""
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32)
    band = max(2, min(lab.shape[:2]) // 40)
    edge = np.concatenate(
        [
            lab[:band].reshape(-1, 3),
            lab[-band:].reshape(-1, 3),
            lab[:, :band].reshape(-1, 3),
            lab[:, -band:].reshape(-1, 3),
        ]
    )
    background = np.median(edge, axis=0)
    spread = float(np.mean(np.linalg.norm(edge - background, axis=1)))
    away = np.linalg.norm(lab - background, axis=2)
    mask = (away > max(MIN_DIFFERENCE, 2.0 * spread)).astype(np.uint8)
    kernel = np.ones((5, 5), np.uint8)
    mask = cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, kernel)
    return np.asarray(_largest_parts(np.asarray(mask, np.uint8)), np.uint8), spread


def _largest_parts(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without specks: parts of at least a fifth of the largest one stay."""
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count <= 1:
        return mask
    sizes = stats[1:, cv2.CC_STAT_AREA]
    kept = [i + 1 for i, size in enumerate(sizes) if size * 5 >= sizes.max()]
    return np.isin(numbers, kept).astype(np.uint8)


def _box_of(mask: NDArray[np.uint8]) -> FloatArray:
    ys, xs = np.nonzero(mask)
    return np.asarray([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], np.float32)


def _placement(mask: NDArray[np.uint8], box: FloatArray) -> list[PhotoProblem]:
    found: list[PhotoProblem] = []
    if min(box[2] - box[0], box[3] - box[1]) < MIN_PRODUCT_PX:
        found.append(_blocking("photo.small", "the product is small; move closer"))
    touched = sum(bool(side.any()) for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    if touched > MAX_TOUCHED_SIDES:
        found.append(_problem("photo.cut_off", "the product leaves the picture; move back"))
    return found


def _problem(code: str, message: str) -> PhotoProblem:
    return PhotoProblem(code, message, is_blocking=False)


def _blocking(code: str, message: str) -> PhotoProblem:
    return PhotoProblem(code, message, is_blocking=True)
