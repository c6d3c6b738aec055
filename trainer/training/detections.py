"""From raw heads to boxes in picture pixels, for measuring and for choosing thresholds.

Flow: picture -> letterbox -> network -> heads (N, 5) -> boxes and scores

The box has its own copy of these few lines (edge/perception/detector.py), because neither side may
import the other; both follow the contract in the README, and the gate replays the box's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sync.boxes import FloatArray, clip_to, nms
from sync.preprocess import Picture, letterbox, normalise
from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.training.metrics import PictureResult, match_detections

Network = Callable[[FloatArray], FloatArray]  # (1, 3, H, W) -> (1, N, 5)

MEASURING_SCORE = 0.02  # low, so that the whole precision-recall curve is seen


@dataclass(frozen=True, slots=True)
class DetectorSetting:
    """What the box applies around the network.

    Attributes:
        width, height: of the network input, pixels.
        strides: levels in the order of the output.
        score: least score that counts.
        nms_iou: a box that overlaps a better one by more is dropped.
    """

    width: int
    height: int
    strides: tuple[int, ...] = (8,)
    score: float = MEASURING_SCORE
    nms_iou: float = 0.4


def detect(
    network: Network, picture: Picture, setting: DetectorSetting
) -> tuple[FloatArray, FloatArray]:
    """Boxes (N, 4) in picture pixels and scores (N,), best first."""
    padded, placed = letterbox(picture, setting.width, setting.height)
    heads = network(normalise([padded]))[0]  # (N, 5)
    keep = heads[:, 4] >= setting.score
    centres = centres_of(setting)[keep]
    xyxy = np.concatenate([centres - heads[keep, :2], centres + heads[keep, 2:4]], axis=1)
    score = heads[keep, 4]
    best = nms(xyxy.astype(np.float32), score, setting.nms_iou)
    boxes = placed.to_picture(xyxy[best].astype(np.float32))
    return clip_to(boxes, picture.shape[1], picture.shape[0]), score[best]


def centres_of(setting: DetectorSetting) -> FloatArray:
    """Cell centres of all levels in input pixels, float32 (N, 2) as x, y."""
    levels = []
    for stride in setting.strides:
        x, y = np.meshgrid(
            (np.arange(setting.width // stride) + 0.5) * stride,
            (np.arange(setting.height // stride) + 0.5) * stride,
        )
        levels.append(np.stack([x.ravel(), y.ravel()], axis=1))
    return np.concatenate(levels).astype(np.float32)


def measure(
    network: Network, scenes: Sequence[ScenePicture], setting: DetectorSetting
) -> list[PictureResult]:
    """Detections beside truth for every picture."""
    results = []
    for scene in scenes:
        xyxy, score = detect(network, read_picture(scene.path), setting)
        results.append(PictureResult(xyxy, score, scene.boxes, scene.ignored))
    return results


def best_score_threshold(results: Sequence[PictureResult], beta: float = 1.0) -> float:
    """The score at which precision and recall at IoU 0.5 are best together (largest F-beta).

    Args:
        results: detections and truth of every picture.
        beta: recall counts `beta` times as much as precision.

    Source: van Rijsbergen, Information Retrieval, 1979, chapter 7.
    """
    matched = [match_detections(r, 0.5) for r in results]
    scores = np.concatenate([m[0] for m in matched])
    is_right = np.concatenate([m[1] for m in matched])
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(is_right[order])
    num_truths = max(sum(len(r.truth) for r in results), 1)
    found = np.arange(1, len(right) + 1)
    f_beta = (1 + beta**2) * right / (found + beta**2 * num_truths)
    return float(scores[order][int(f_beta.argmax())]) if len(right) else 0.5
