"""Image arithmetic that training and serving must do identically.

Flow: frame -> network input of the detector; frame + box -> network input of the embedder

Pictures are uint8 BGR (H, W, 3) as OpenCV delivers them; network inputs are float32 RGB, channels
first. The parameters travel in the bundle manifest (`Preprocess`), never in code of one side only.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sync.boxes import standing_before

PAD_VALUE = 114  # grey of the letterbox border, the YOLOX convention

Picture = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture was placed in the input: scaled by `scale`, at the top left corner."""

    scale: float
    size_px: int  # width of the input, and its height unless letterbox() was given another

    def to_picture(self, xyxy: FloatArray) -> FloatArray:
        """Boxes in input pixels as boxes in picture pixels, float32 (N, 4)."""
        return (xyxy / np.float32(self.scale)).astype(np.float32)

    def to_input(self, xyxy: FloatArray) -> FloatArray:
        """Boxes in picture pixels as boxes in input pixels, float32 (N, 4)."""
        return (xyxy * np.float32(self.scale)).astype(np.float32)


def letterbox(
    picture: Picture, size_px: int, height_px: int | None = None
) -> tuple[Picture, Letterbox]:
    """Scale until the picture just fits `size_px` x `height_px`, pad right and bottom with grey.

    Without `height_px` the input is square: `size_px` is the longer side then.
    Linear interpolation: area interpolation costs 30 times as much (reference measurement) and the
    detector is trained with the same function.
    """
    height, width = picture.shape[:2]
    rows = size_px if height_px is None else height_px
    scale = min(size_px / width, rows / height)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    resized = cv2.resize(picture, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
    padded = np.full((rows, size_px, 3), PAD_VALUE, dtype=np.uint8)
    padded[:new_height, :new_width] = resized
    return padded, Letterbox(scale=scale, size_px=size_px)


def crop_square(picture: Picture, xyxy: FloatArray, size_px: int, margin: float = 0.05) -> Picture:
    """One item, centred in a grey square, aspect ratio kept.

    Args:
        picture: uint8 BGR (H, W, 3).
        xyxy: float32 (4,), pixels of the picture; parts outside are grey.
        size_px: side of the result.
        margin: share of the longer side added on every side of the box.

    Returns:
        uint8 BGR (size_px, size_px, 3).
    """
    x1, y1, x2, y2 = (float(v) for v in xyxy)
    side = max(x2 - x1, y2 - y1, 1.0) * (1.0 + 2.0 * margin)
    half_x, half_y = (x2 - x1) / 2 + side * margin, (y2 - y1) / 2 + side * margin
    scale = size_px / side
    centre_x, centre_y = (x1 + x2) / 2, (y1 + y2) / 2
    transform = np.asarray(
        [
            [scale, 0.0, size_px / 2 - scale * centre_x],
            [0.0, scale, size_px / 2 - scale * centre_y],
        ],
        dtype=np.float64,
    )
    grey = (PAD_VALUE, PAD_VALUE, PAD_VALUE)
    square = cv2.warpAffine(
        _shrunk_view(picture, (x1, y1, x2, y2), transform, scale),
        transform,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=grey,
    )
    # Neighbours beside a long thin item would otherwise fill the square.
    x_low, x_high = (round(size_px / 2 + s * half_x * scale) for s in (-1, 1))
    y_low, y_high = (round(size_px / 2 + s * half_y * scale) for s in (-1, 1))
    square[: max(y_low, 0)] = PAD_VALUE
    square[min(y_high, size_px) :] = PAD_VALUE
    square[:, : max(x_low, 0)] = PAD_VALUE
    square[:, min(x_high, size_px) :] = PAD_VALUE
    return np.asarray(square, dtype=np.uint8)


def crop_item(
    picture: Picture, xyxy: FloatArray, others: FloatArray, size_px: int, margin: float = 0.05
) -> Picture:
    """`crop_square` of one of several items; those that stand before it are painted over.

    Args:
        others: float32 (N, 4), boxes of the picture; may hold the item's own.
    """
    return crop_covered(picture, xyxy, standing_before(xyxy, others), size_px, margin)


def crop_covered(
    picture: Picture, xyxy: FloatArray, covering: FloatArray, size_px: int, margin: float = 0.05
) -> Picture:
    """`crop_square` in which what stands before the item is grey, as the padding is.

    Args:
        picture: uint8 BGR (H, W, 3); not written to.
        covering: float32 (K, 4), boxes of what stands before the item, pixels.
    """
    return crop_square(painted_over(picture, covering), xyxy, size_px, margin)


def painted_over(picture: Picture, covering: FloatArray) -> Picture:
    """The picture with these boxes (K, 4) grey; the same one where there are none."""
    if len(covering):
        picture = picture.copy()
        for x1, y1, x2, y2 in np.rint(covering).astype(int):
            picture[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = PAD_VALUE
    return picture


def _shrunk_view(
    picture: Picture,
    xyxy: tuple[float, float, float, float],
    transform: NDArray[np.float64],
    scale: float,
) -> Picture:
    """Halve the region until one more warp shrinks it less than twice, against aliasing.

    Updates `transform` in place to match what is returned.
    """
    if scale > 0.5:
        return picture
    height, width = picture.shape[:2]
    pad = 8
    left, top = max(0, int(xyxy[0]) - pad), max(0, int(xyxy[1]) - pad)
    right, bottom = min(width, int(xyxy[2]) + pad + 1), min(height, int(xyxy[3]) + pad + 1)
    if right - left < 4 or bottom - top < 4:
        return picture
    region = picture[top:bottom, left:right]
    factor = 1
    while scale * factor <= 0.5:
        factor *= 2
    small_size = (max(1, (right - left) // factor), max(1, (bottom - top) // factor))
    small = cv2.resize(region, small_size, interpolation=cv2.INTER_AREA)
    scale_x = (right - left) / small_size[0]
    scale_y = (bottom - top) / small_size[1]
    transform[0, 2] += transform[0, 0] * left
    transform[1, 2] += transform[1, 1] * top
    transform[0, 0] *= scale_x
    transform[1, 1] *= scale_y
    return np.asarray(small, dtype=np.uint8)


def normalise(pictures: list[Picture], mean: float = 127.0, scale: float = 128.0) -> FloatArray:
    """Equal-sized BGR pictures as one network input.

    Returns:
        float32 (B, 3, H, W), RGB, (x - mean) / scale.

    Source: EfficientNet-Lite preprocessing, tensorflow/tpu efficientnet/lite.
    """
    blob = cv2.dnn.blobFromImages(pictures, 1.0 / scale, mean=(mean, mean, mean), swapRB=True)
    return np.asarray(blob, dtype=np.float32)
