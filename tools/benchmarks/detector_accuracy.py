"""How well products are found on anybody's pictures: the bundle's detector and a peer.

Flow: COCO file + pictures -> detections of both -> AP50, AP50:95, recall@10, recall@100, speed

Class-agnostic: every annotation is a product. `iscrowd` regions are neither right nor wrong.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.perception.detector import Detector
from sync.boxes import FloatArray, from_xywh
from tools.benchmarks.errors import BenchInputError
from tools.benchmarks.network_rows import DETECTOR_BAR
from tools.benchmarks.ratio import Row, compared
from tools.benchmarks.report import Figure
from tools.benchmarks.yolox import YoloxNano
from trainer.training.metrics import DetectionMetrics, PictureResult, detection_metrics

LOWEST_SCORE = 0.01  # below this a box changes no figure in the third digit
PEER_SCORE = 0.3  # of the peer's own demo
NUM_TIMED = 10  # pictures per repeat

Picture = NDArray[np.uint8]
Detect = Callable[[Picture], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class LabelledPicture:
    """One picture and its boxes, xyxy pixels."""

    path: Path
    truth: FloatArray
    ignored: FloatArray


def read_coco(coco: Path, images: Path, limit: int = 0) -> list[LabelledPicture]:
    """Pictures of a COCO file with their boxes.

    Args:
        images: folder that `file_name` is relative to.
        limit: at most so many pictures; 0 takes all.

    Raises:
        BenchInputError: no JSON, a field is missing, or a picture is not there.
    """
    try:
        data = json.loads(coco.read_bytes())
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for annotation in data["annotations"]:
            found[annotation["image_id"]].append(annotation)
        pictures = [
            LabelledPicture(
                images / image["file_name"],
                _boxes(found[image["id"]], is_crowd=False),
                _boxes(found[image["id"]], is_crowd=True),
            )
            for image in data["images"][: limit or None]
        ]
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise BenchInputError(
            f"{coco} is no COCO file: {err}", hint="images, annotations with bbox x y w h"
        ) from err
    absent = [p.path for p in pictures if not p.path.is_file()]
    if absent or not pictures:
        first = absent[0] if absent else coco
        raise BenchInputError(
            f"{len(absent)} of {len(pictures)} pictures are not there, first {first}",
            hint="--images is the folder that file_name is relative to",
        )
    return pictures


def ours(detector: Detector, *, is_fine: bool = False) -> Detect:
    """The bundle's detector as the box runs it; finely, as it does once nothing moves."""

    def detect(picture: Picture) -> tuple[FloatArray, FloatArray]:
        found = detector.detect(picture, LOWEST_SCORE, is_fine=is_fine)
        return found.xyxy, found.score

    return detect


def peer(path: Path) -> Detect:
    """YOLOX-nano, its 80 classes read as one."""
    network = YoloxNano(path)
    return lambda picture: network.detect(picture, LOWEST_SCORE)


def measure(
    pictures: list[LabelledPicture], detectors: dict[str, Detect], *, show: bool
) -> dict[str, DetectionMetrics]:
    """Every detector on every picture.

    Raises:
        BenchInputError: a picture cannot be read.
    """
    results: dict[str, list[PictureResult]] = {name: [] for name in detectors}
    for one in track(pictures, description="detecting", disable=not show):
        picture = cv2.imread(str(one.path))
        if picture is None:
            raise BenchInputError(f"{one.path} cannot be read", hint="is it a picture?")
        for name, detect in detectors.items():
            xyxy, score = detect(np.asarray(picture, dtype=np.uint8))
            results[name].append(PictureResult(xyxy, score, one.truth, one.ignored))
    return {name: detection_metrics(found) for name, found in results.items()}


def speed_row(
    pictures: list[LabelledPicture], detector: Detector, score: float, path: Path, repeats: int = 9
) -> Row:
    """From a picture to boxes, ours and the peer's in turns, each at the score it is used with."""
    network = YoloxNano(path)
    shown = [cv2.imread(str(one.path)) for one in pictures[:NUM_TIMED]]
    some = [np.asarray(picture, dtype=np.uint8) for picture in shown if picture is not None]
    return compared(
        "detector, picture to boxes, one thread",
        "YOLOX-nano fp32",
        lambda: [detector.detect(picture, score) for picture in some],
        lambda: [network.detect(picture, PEER_SCORE) for picture in some],
        DETECTOR_BAR,
        repeats=repeats,
        note=f"{len(some)} pictures per repeat",
    )


def figures(metrics: dict[str, DetectionMetrics]) -> list[Figure]:
    """Four figures per detector."""
    rows = []
    for name, m in metrics.items():
        note = f"{m.num_pictures} pictures, {m.num_truths} items"
        rows += [
            Figure(f"{name}: AP50", m.ap50, note=note),
            Figure(f"{name}: AP50:95", m.ap, note=note),
            Figure(f"{name}: recall@10", m.recall_at_10, note=note),
            Figure(f"{name}: recall@100", m.recall_at_100, note=note),
        ]
    return rows


def _boxes(annotations: list[dict[str, Any]], *, is_crowd: bool) -> FloatArray:
    chosen = [a["bbox"] for a in annotations if bool(a.get("iscrowd", 0)) is is_crowd]
    return from_xywh(np.asarray(chosen, dtype=np.float32).reshape(-1, 4))
