"""Box geometry that training and serving must do identically.

Boxes are xyxy float32 pixels (N, 4), x1 < x2 and y1 < y2. Other forms exist only in this module.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

INSIDE_SHARE = 0.85  # of a box within another: it belongs to that item, or stands before it
PART_SHARE = 0.6  # of the other: another one of the same SKU would look as large


def areas(xyxy: FloatArray) -> FloatArray:
    """Area of each box in square pixels, float32 (N,); empty boxes count 0."""
    sides = np.maximum(xyxy[:, 2:] - xyxy[:, :2], 0.0)
    return np.asarray(sides[:, 0] * sides[:, 1], dtype=np.float32)


def iou_matrix(first: FloatArray, second: FloatArray) -> FloatArray:
    """Intersection over union of every pair, float32 (N, M) in [0, 1]."""
    intersection = intersections(first, second)
    union = areas(first)[:, None] + areas(second)[None, :] - intersection
    return np.where(union > 0, intersection / np.maximum(union, 1e-9), 0.0).astype(np.float32)


def intersections(first: FloatArray, second: FloatArray) -> FloatArray:
    """Shared area of every pair in square pixels, float32 (N, M)."""
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.maximum(bottom_right - top_left, 0.0)
    return np.asarray(sides[..., 0] * sides[..., 1], dtype=np.float32)


def nms(xyxy: FloatArray, score: FloatArray, iou_threshold: float) -> NDArray[np.int64]:
    """Greedy non-maximum suppression.

    Args:
        xyxy: float32 (N, 4).
        score: float32 (N,).
        iou_threshold: a box that overlaps a better one by more than this is dropped.

    Returns:
        int64 (K,), indices of the boxes kept, best first.
    """
    order = np.argsort(-score, kind="stable")
    overlaps = iou_matrix(xyxy, xyxy) > iou_threshold
    alive = np.ones(len(xyxy), dtype=bool)
    keep: list[int] = []
    for i in order:
        if alive[i]:
            keep.append(int(i))
            alive &= ~overlaps[i]
    return np.asarray(keep, dtype=np.int64)


def standing_before(xyxy: FloatArray, others: FloatArray) -> FloatArray:
    """Which of the other boxes lie within a box and are much smaller, float32 (K, 4).

    Two items of which one's box lies in the other's: the inner one stands on or before the outer
    one, for behind it nobody would see it.

    Args:
        xyxy: float32 (4,); may be among the others, it is no part of itself.
        others: float32 (N, 4).
    """
    own = areas(others)
    shared = intersections(xyxy[None], others)[0]
    is_inside = (own > 0) & (shared >= INSIDE_SHARE * own)
    is_part = own <= PART_SHARE * areas(xyxy[None])[0]
    return np.asarray(others[is_inside & is_part], dtype=np.float32)


def clip_to(xyxy: FloatArray, width: int, height: int) -> FloatArray:
    """The same boxes cut at the border of a picture of `width` x `height` pixels."""
    limits = np.asarray([width, height, width, height], dtype=np.float32)
    return np.clip(xyxy, 0.0, limits).astype(np.float32)


def from_xywh(xywh: FloatArray) -> FloatArray:
    """COCO boxes (x, y, width, height) as xyxy."""
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1).astype(np.float32)
