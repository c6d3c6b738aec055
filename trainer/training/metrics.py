"""Accuracy of detections and embeddings, in the field's own definitions.

Flow: predictions + truth of many pictures -> DetectionMetrics

Numpy only, so that a box without torch can be measured with the same code.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sync.boxes import FloatArray, intersections, iou_matrix

IOU_THRESHOLDS = np.round(np.arange(0.5, 1.0, 0.05), 2)
RECALL_POINTS = np.linspace(0.0, 1.0, 101)
MAX_DETECTIONS = 100


@dataclass(frozen=True, slots=True)
class PictureResult:
    """Detections of one picture beside its truth.

    Attributes:
        xyxy: float32 (N, 4).
        score: float32 (N,).
        truth: float32 (M, 4).
        ignored: float32 (K, 4), a detection mostly inside one is neither right nor wrong.
    """

    xyxy: FloatArray
    score: FloatArray
    truth: FloatArray
    ignored: FloatArray


@dataclass(frozen=True, slots=True)
class DetectionMetrics:
    """Class-agnostic metrics in [0, 1].

    Source: COCO, Lin et al. 2014, arXiv:1405.0312: 101-point interpolated precision, greedy
    matching by score, at most 100 detections per picture.
    """

    ap50: float
    ap: float
    recall_at_10: float
    recall_at_100: float
    num_pictures: int
    num_truths: int


def detection_metrics(pictures: Sequence[PictureResult]) -> DetectionMetrics:
    """AP50, AP50:95 and recall at IoU 0.5 of many pictures."""
    cut = [_best(p, MAX_DETECTIONS) for p in pictures]
    num_truths = sum(len(p.truth) for p in cut)
    per_threshold = [_average_precision(cut, float(t), num_truths) for t in IOU_THRESHOLDS]
    return DetectionMetrics(
        ap50=per_threshold[0],
        ap=float(np.mean(per_threshold)),
        recall_at_10=_recall([_best(p, 10) for p in cut], num_truths),
        recall_at_100=_recall(cut, num_truths),
        num_pictures=len(cut),
        num_truths=num_truths,
    )


def top1_accuracy(similarities: FloatArray, truth: NDArray[np.int64]) -> float:
    """Share of rows whose most similar column is the true one; similarities (N, S)."""
    return float(np.mean(similarities.argmax(axis=1) == truth)) if len(truth) else 0.0


def recall_at_k(embeddings: FloatArray, labels: NDArray[np.int64], k: int) -> float:
    """Share of rows with a row of the same label among the k nearest others.

    Source: Recall@K of deep metric learning, Oh Song et al. 2016, arXiv:1511.06452.
    """
    similarity = embeddings @ embeddings.T
    np.fill_diagonal(similarity, -np.inf)
    nearest = np.argpartition(-similarity, min(k, len(labels) - 1), axis=1)[:, :k]
    return float(np.mean((labels[nearest] == labels[:, None]).any(axis=1)))


def match_detections(
    picture: PictureResult, threshold: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Scores, best first, and whether each is right; ignored ones are left out."""
    order = np.argsort(-picture.score, kind="stable")
    overlaps = iou_matrix(picture.xyxy[order], picture.truth)
    is_ignorable = _share_inside(picture.xyxy[order], picture.ignored) > 0.5
    free = np.ones(len(picture.truth), dtype=bool)
    scores, is_right = [], []
    for rank, i in enumerate(order):
        available = np.where(free, overlaps[rank], 0.0)
        best = int(available.argmax()) if len(available) else -1
        hit = best >= 0 and available[best] >= threshold
        if hit:
            free[best] = False
        if hit or not is_ignorable[rank]:
            scores.append(picture.score[i])
            is_right.append(hit)
    return np.asarray(scores, dtype=np.float32), np.asarray(is_right, dtype=bool)


def _average_precision(
    pictures: Sequence[PictureResult], threshold: float, num_truths: int
) -> float:
    matched = [match_detections(p, threshold) for p in pictures]
    if not matched or num_truths == 0:
        return 0.0
    scores = np.concatenate([m[0] for m in matched])
    is_right = np.concatenate([m[1] for m in matched])[np.argsort(-scores, kind="stable")]
    right = np.cumsum(is_right)
    recall = right / num_truths
    precision = right / np.arange(1, len(is_right) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    index = np.searchsorted(recall, RECALL_POINTS, side="left")
    reached = index < len(precision)
    return float(np.sum(precision[index[reached]]) / len(RECALL_POINTS))


def _recall(pictures: Sequence[PictureResult], num_truths: int) -> float:
    right = sum(int(match_detections(p, 0.5)[1].sum()) for p in pictures)
    return right / num_truths if num_truths else 0.0


def _best(picture: PictureResult, count: int) -> PictureResult:
    order = np.argsort(-picture.score, kind="stable")[:count]
    return PictureResult(picture.xyxy[order], picture.score[order], picture.truth, picture.ignored)


def _share_inside(xyxy: FloatArray, regions: FloatArray) -> FloatArray:
    """Largest share of each box that lies in one region, float32 (N,)."""
    if len(regions) == 0 or len(xyxy) == 0:
        return np.zeros(len(xyxy), dtype=np.float32)
    own = np.maximum((xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1), 1e-6)
    return np.asarray(intersections(xyxy, regions).max(axis=1) / own, dtype=np.float32)
