"""A labelled box cut out of its picture with its surroundings, as shards keep it, and read back.

Flow: picture + box -> JPEG + box inside it -> picture

A region keeps the picture's own pixels and a margin, so that a crop can still be moved or turned by
training, and is cut for the network by the function that the box uses.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from sync.preprocess import Picture
from trainer.dataset.shards import ShardDamagedError, ShardReader

EXTENSION = "jpg"
MARGIN_PERCENT = 30  # of the longer side of the box
JPEG_QUALITY = 95


def cut_region(
    picture: Picture,
    xyxy: Sequence[int],
    margin_percent: int = MARGIN_PERCENT,
    jpeg_quality: int = JPEG_QUALITY,
) -> tuple[bytes, list[int]]:
    """JPEG of the surroundings, and the box inside it, whole pixels."""
    x1, y1, x2, y2 = xyxy
    margin = round(max(x2 - x1, y2 - y1) * margin_percent / 100)
    left, top = max(0, x1 - margin), max(0, y1 - margin)
    right = min(picture.shape[1], x2 + margin)
    bottom = min(picture.shape[0], y2 + margin)
    quality = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality]
    is_encoded, data = cv2.imencode(".jpg", picture[top:bottom, left:right], quality)
    assert is_encoded
    return data.tobytes(), [x1 - left, y1 - top, x2 - left, y2 - top]


def region_pixels(reader: ShardReader, number: int) -> Picture:
    """The surroundings of a sample's box, uint8 BGR.

    Raises:
        ShardDamagedError: it cannot be decoded.
    """
    data = np.frombuffer(reader.read(number, EXTENSION), np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if pixels is None:
        raise ShardDamagedError(
            f"sample {reader.samples[number].key} is no picture", hint="write the shards again"
        )
    return np.asarray(pixels, np.uint8)
