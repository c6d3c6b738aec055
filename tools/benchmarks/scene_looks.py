"""Items of labelled scenes as the recogniser sees them: whitened vectors of every camera.

Flow: COCO folders -> the box's own detector, embedder -> one Item per physical item

What no camera finds is no item here; the whole basket is judged by `tools/bench scenes`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.perception.models import Models
from sync.boxes import iou_matrix, standing_before
from sync.child_model import ChildAnswer
from tools.benchmarks.errors import BenchInputError
from trainer.dataset.coco_scenes import ScenePicture, read_picture, read_scene_folder
from trainer.errors import DatasetError

FOUND_IOU = 0.5

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Item:
    """One physical item: vectors (L, d) of its looks, and its true SKU.

    Attributes:
        children: what families' own models said about each look; empty where there are none.
    """

    scene: str
    sku_id: str
    vectors: FloatArray
    children: tuple[ChildAnswer | None, ...] = ()


def read_scenes(folders: Sequence[Path], limit: int = 0) -> list[ScenePicture]:
    """Labelled pictures of several folders.

    Raises:
        BenchInputError: a folder holds no labelled scene.
    """
    try:
        found = [scene for folder in folders for scene in read_scene_folder(folder)]
    except (DatasetError, OSError) as err:
        raise BenchInputError(str(err), hint="a folder of python -m tools.lane_sim render") from err
    names = list(dict.fromkeys(scene.scene for scene in found))
    kept = set(names[: limit or None])
    return [scene for scene in found if scene.scene in kept]


def items_of(scenes: Sequence[ScenePicture], models: Models, *, show: bool) -> list[Item]:
    """Every item that a camera found, crops cut at the detector's boxes as on the counter."""
    looks: dict[tuple[str, str, str], list[tuple[FloatArray, ChildAnswer | None]]] = defaultdict(
        list
    )
    least = models.parameters.detector_score
    for scene in track(scenes, "looking", disable=not show, transient=True):
        picture = read_picture(scene.path)
        boxes = models.detector.detect(picture, least, is_fine=True).xyxy
        if len(boxes) == 0 or len(scene.boxes) == 0:
            continue
        overlaps = iou_matrix(boxes, scene.boxes)
        best = overlaps.argmax(axis=0)
        is_own = overlaps[best].argmax(axis=1) == np.arange(len(best))  # else of what is in front
        found = np.flatnonzero(is_own & (overlaps[best, np.arange(len(best))] >= FOUND_IOU))
        if len(found) == 0:
            continue
        taken = boxes[best[found]]
        covering = [standing_before(box, boxes) for box in taken]
        vectors = models.embedder.embed(picture, taken, covering)
        parents = models.matcher.match(vectors)
        answers = models.children.answers(picture, taken, vectors, parents, covering)
        for row, answer, i in zip(vectors, answers, found, strict=True):
            looks[(scene.scene, scene.item_ids[i], scene.sku_ids[i])].append((row, answer))
    return [
        Item(name, sku_id, np.stack([row for row, _ in own]), tuple(told for _, told in own))
        for (name, _, sku_id), own in looks.items()
    ]
