"""A labelled box cut out of its picture with its surroundings, as shards keep it, and read back.

Flow: picture + box + the other boxes -> JPEG + boxes inside it -> picture

A region keeps the picture's own pixels and a margin, so that a crop can still be moved or turned by
training, and is cut for the network by the function that the box uses. What stands before the item
is kept as boxes and painted over when the region is read, as the box does before it looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from sync.boxes import FloatArray, standing_before
from sync.preprocess import Picture, painted_over
from trainer.dataset.shards import ShardDamagedError, ShardReader

EXTENSION = "jpg"
BEFORE = "before"  # fact of a sample: boxes of what stands before its item; absent: nothing
MARGIN_PERCENT = 30  # of the longer side of the box
JPEG_QUALITY = 95


@dataclass(frozen=True, slots=True)
class CutRegion:
    """A labelled box with its surroundings.

    Attributes:
        jpeg: the surroundings.
        xyxy: the box inside them, whole pixels.
        before: what stands before the item, in the same pixels; may reach over the border.
    """

    jpeg: bytes
    xyxy: list[int]
    before: list[list[int]]

    @property
    def places(self) -> dict[str, Any]:
        """Its boxes, as they stand among a sample's facts."""
        return {"xyxy": self.xyxy, BEFORE: self.before} if self.before else {"xyxy": self.xyxy}


def cut_region(
    picture: Picture,
    xyxy: Sequence[int],
    others: Sequence[Sequence[int]],
    margin_percent: int = MARGIN_PERCENT,
    jpeg_quality: int = JPEG_QUALITY,
) -> CutRegion:
    """One box out of a picture.

    Args:
        others: all boxes of the picture, named or not; may hold this one.
    """
    x1, y1, x2, y2 = xyxy
    margin = round(max(x2 - x1, y2 - y1) * margin_percent / 100)
    left, top = max(0, x1 - margin), max(0, y1 - margin)
    right = min(picture.shape[1], x2 + margin)
    bottom = min(picture.shape[0], y2 + margin)
    quality = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality]
    is_encoded, data = cv2.imencode(".jpg", picture[top:bottom, left:right], quality)
    assert is_encoded
    around = np.asarray(others, np.float32).reshape(-1, 4)
    before = standing_before(np.asarray(xyxy, np.float32), around).astype(int)
    return CutRegion(
        data.tobytes(),
        [x1 - left, y1 - top, x2 - left, y2 - top],
        (before - [left, top, left, top]).tolist(),
    )


def region_pixels(reader: ShardReader, number: int) -> Picture:
    """The surroundings of a sample's box, uint8 BGR; what stands before the item is grey.

    Raises:
        ShardDamagedError: it cannot be decoded.
    """
    data = np.frombuffer(reader.read(number, EXTENSION), np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if pixels is None:
        raise ShardDamagedError(
            f"sample {reader.samples[number].key} is no picture", hint="write the shards again"
        )
    return painted_over(np.asarray(pixels, np.uint8), _before(reader.samples[number].facts))


def _before(facts: Mapping[str, Any]) -> FloatArray:
    return np.asarray(facts.get(BEFORE, ()), np.float32).reshape(-1, 4)
