"""What a picture is like, measured once: size, light, sharpness, and a hash of what is seen.

Flow: JPEG + places of the items -> PictureFacts

The hash is a difference hash of 64 + 64 bits, along rows and along columns, of the region that
holds the items: on a counter everything else is the same in every picture. Nothing is judged here.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sync.preprocess import Picture
from trainer.dataset.picture_problem import picture_problem

HASH_SIDE = 8
SHARPNESS_SIDE_PX = 256
REGION_MARGIN = 0.05  # of the region's longer side

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """One picture.

    Attributes:
        picture: sha256 of its JPEG; empty where its bytes are gone.
        sharpness: variance of the Laplacian of the region at 256 px, in tenths.
        brightness: mean grey of the region, 0 to 255.
        row_hash: 64 bits, which pixel is lighter than its right neighbour, as hex.
        column_hash: the same downwards.
        problem: `quality.corrupt` (also where its end is missing), `quality.too_large` or
            `quality.missing`; empty where it could be measured.
    """

    picture: str
    width: int = 0
    height: int = 0
    sharpness: int = 0
    brightness: int = 0
    row_hash: str = "0" * 16
    column_hash: str = "0" * 16
    problem: str = ""


def measure_picture(jpeg: bytes, items: Iterable[Box]) -> PictureFacts:
    """Facts of one picture.

    Args:
        items: where the box saw something; empty means the whole picture.
    """
    name = hashlib.sha256(jpeg).hexdigest()
    found = picture_problem(jpeg)
    if found == "large":
        return PictureFacts(name, problem="quality.too_large")
    decoded = None
    if not found:
        decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        return PictureFacts(name, problem="quality.corrupt")
    picture = np.asarray(decoded, np.uint8)
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = region_of(items, width, height)
    sharpness, brightness = sharpness_of(picture, (x1, y1, x2, y2))
    rows, columns = hashes_of(np.ascontiguousarray(picture[y1:y2, x1:x2]))
    return PictureFacts(
        name, width, height, round(10 * sharpness), round(brightness), rows, columns
    )


def region_of(items: Iterable[Box], width: int, height: int) -> Box:
    """The rectangle around all items with a margin, inside the picture."""
    boxes = np.asarray(list(items), np.int64).reshape(-1, 4)
    if not len(boxes):
        return 0, 0, width, height
    x1, y1 = boxes[:, :2].min(axis=0)
    x2, y2 = boxes[:, 2:].max(axis=0)
    margin = round(REGION_MARGIN * max(x2 - x1, y2 - y1))
    left, top = max(0, int(x1) - margin), max(0, int(y1) - margin)
    right, bottom = min(width, int(x2) + margin), min(height, int(y2) + margin)
    return (left, top, right, bottom) if right > left and bottom > top else (0, 0, width, height)


def sharpness_of(picture: Picture, box: Box) -> tuple[float, float]:
    """Variance of the Laplacian at 256 px, and mean grey, of a part of a picture."""
    x1, y1, x2, y2 = box
    grey = cv2.cvtColor(picture[y1:y2, x1:x2], cv2.COLOR_BGR2GRAY)
    scale = SHARPNESS_SIDE_PX / max(grey.shape)
    size = (max(8, round(grey.shape[1] * scale)), max(8, round(grey.shape[0] * scale)))
    grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var()), float(grey.mean())


def hashes_of(picture: Picture) -> tuple[str, str]:
    """Difference hashes along rows and along columns, 16 hex digits each."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    wide = _small(grey, HASH_SIDE + 1, HASH_SIDE)
    high = _small(grey, HASH_SIDE, HASH_SIDE + 1)
    return _hex(wide[:, 1:] > wide[:, :-1]), _hex(high[1:] > high[:-1])


def _small(grey: NDArray[np.generic], width: int, height: int) -> NDArray[np.int16]:
    shrunk = cv2.resize(np.asarray(grey, np.uint8), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.int16)


def _hex(bits: NDArray[np.bool_]) -> str:
    return np.packbits(bits.ravel()).tobytes().hex()
