"""What hides what in one camera: edges that are cut off, and items that should be seen but are not.

Flow: boxes of one camera, predicted boxes -> cut edges, agreement, unseen share

An item that is nearer to the camera hides what stands behind it. Where the nearer one covers an
edge of a box, the box shows a part of its item only. Knows no tracks and no time.
"""

import numpy as np
from numpy.typing import NDArray

from edge.basket.counter_map import CounterMap, FloatArray, iou, shared_and_areas

NEARER_CM = 3.0  # an item this much farther from the camera cannot hide another
TOUCH_PX = 4.0  # detectors put edges this far off
COVERED_SHARE = 0.5  # of an edge that a nearer box must cover to cut it
CLAMPED_WORTH = 0.9  # agreement with the visible part counts nearly as much as with the whole
CLEARLY_NEARER_CM = 1.5  # a box this much nearer than an item can hide it
MISSED_BELOW, SEEN_ABOVE = 0.3, 0.7  # visible share: detectors miss less, and find more


def cut_edges(camera: CounterMap, xyxy: FloatArray) -> NDArray[np.bool_]:
    """Edges behind which more of the item may be hidden, by the border or a nearer box.

    Args:
        camera: that saw the boxes.
        xyxy: float64 (N, 4), all boxes of the camera.

    Returns:
        bool (N, 4), in the order left, top, right, bottom.
    """
    width, height = camera.image_size
    cut = np.concatenate([xyxy[:, :2] <= 1, xyxy[:, 2:] >= (width - 1, height - 1)], axis=1)
    distance = _foot_distance(camera, xyxy)
    is_nearer = distance[None, :] < distance[:, None] + NEARER_CM  # (N, N): k may hide j
    np.fill_diagonal(is_nearer, val=False)
    behind = _edges_behind(xyxy[:, None, :], xyxy[None, :, :]) & is_nearer[..., None]
    return np.asarray(cut | behind.any(axis=1))


def iou_with_cut(predicted: FloatArray, boxes: FloatArray, cut: NDArray[np.bool_]) -> FloatArray:
    """IoU of predicted boxes (N, H, 4) with boxes (M, 4), float64 (N, H, M).

    Where an edge of a box is cut, a prediction that reaches beyond it is not held against it.
    """
    first, second = predicted[:, :, None, :], boxes[None, None, :, :]
    low = np.where(cut[:, :2], np.maximum(first[..., :2], second[..., :2]), first[..., :2])
    high = np.where(cut[:, 2:], np.minimum(first[..., 2:], second[..., 2:]), first[..., 2:])
    shown = iou(np.concatenate([low, high], axis=-1), second)
    whole = iou(first, second)
    return np.asarray(whole + CLAMPED_WORTH * (shown - whole))


def unseen(camera: CounterMap, predicted: FloatArray, boxes: FloatArray) -> FloatArray:
    """How surely a camera would have seen an item whose box it does not report.

    Args:
        camera: that reports `boxes`.
        predicted: float64 (N, H, 4), where the item would be, not cut at the border.
        boxes: float64 (M, 4), what the camera reports.

    Returns:
        float64 (N, H) in [0, 1]; 0 where it is hidden or out of the picture.
    """
    width, height = camera.image_size
    picture = np.array([0.0, 0.0, width, height])
    inside, area, _ = shared_and_areas(predicted, picture)
    visible = inside / np.maximum(area, 1e-9)
    if len(boxes):
        flat = predicted.reshape(-1, 4)
        foot = _foot_distance(camera, flat).reshape(predicted.shape[:2])
        is_nearer = _foot_distance(camera, boxes) < foot[..., None] - CLEARLY_NEARER_CM
        shared, _, _ = shared_and_areas(predicted[:, :, None, :], boxes[None, None])
        visible = visible - np.where(is_nearer, shared, 0.0).sum(-1) / np.maximum(area, 1e-9)
    return np.asarray(np.clip((visible - MISSED_BELOW) / (SEEN_ABOVE - MISSED_BELOW), 0.0, 1.0))


def _foot_distance(camera: CounterMap, xyxy: FloatArray) -> FloatArray:
    """Distance on the counter from the camera to where the lower edge of each box stands, (N,)."""
    low = np.column_stack([xyxy[:, [0, 2]].mean(axis=1), xyxy[:, 3]])
    feet = camera.on_plane(low, np.zeros(1))[:, 0]  # (N, 2)
    return np.asarray(np.linalg.norm(feet - camera.position[:2], axis=1))


def _edges_behind(box: FloatArray, nearer: FloatArray) -> NDArray[np.bool_]:
    """Edges of `box` that lie in `nearer` for a good part of their length; (..., 4), broadcast."""
    shared = np.minimum(box[..., 2:], nearer[..., 2:]) - np.maximum(box[..., :2], nearer[..., :2])
    share = shared / np.maximum(box[..., 2:] - box[..., :2], 1.0)
    is_along = np.concatenate([share[..., ::-1]] * 2, axis=-1) >= COVERED_SHARE
    low = np.concatenate([nearer[..., :2]] * 2, axis=-1) - TOUCH_PX
    high = np.concatenate([nearer[..., 2:]] * 2, axis=-1) + TOUCH_PX
    return np.asarray(is_along & (box >= low) & (box <= high))
