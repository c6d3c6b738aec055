"""Labelled scenes as a bundle's own files see them: one LabelledLook per item and camera.

Flow: COCO scenes -> shipped detector -> shipped embedder, whitening, gallery -> LabelledLooks

Boxes are the detector's, as on the counter; an item that it misses gives no look.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sync.boxes import FloatArray, iou_matrix, standing_before
from sync.child_model import box_geometry
from sync.decision import scores_of_look
from sync.preprocess import Picture, crop_covered
from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.export.gallery_fit import embed
from trainer.export.golden_answers import ShippedFiles
from trainer.training.detections import DetectorSetting, detect
from trainer.training.families import LabelledLook, LookPlace

FOUND_IOU = 0.5


def labelled_looks(files: ShippedFiles, scenes: Sequence[ScenePicture]) -> list[LabelledLook]:
    """Every labelled item that the detector finds and that is not another one's box."""
    form = files.preprocess
    width, height = form.detector_fine_size  # items that rest are seen so
    setting = DetectorSetting(
        width=width,
        height=height,
        strides=form.detector_strides,
        score=files.thresholds.detector_score,
        nms_iou=files.thresholds.nms_iou,
    )
    known = set(files.gallery.sku_ids)
    looks = []
    for scene in scenes:
        picture = read_picture(scene.path)
        boxes, _ = detect(files.detector, picture, setting)
        pairs = _pairs(boxes, scene, known)
        labels = [
            (boxes[b], scene.sku_ids[i], f"{scene.scene}/{scene.item_ids[i]}") for b, i in pairs
        ]
        looks += looks_in(files, picture, scene.scene, labels, boxes, scene.path)
    return looks


def looks_in(
    files: ShippedFiles,
    picture: Picture,
    scene: str,
    labels: Sequence[tuple[FloatArray, str, str]],
    others: FloatArray | None = None,
    path: Path | None = None,
) -> list[LabelledLook]:
    """What the recogniser says about labelled boxes of one picture.

    Args:
        labels: box, SKU, and the item it is, the same for all cameras.
        others: float32 (N, 4), all boxes of the picture; what stands before an item is painted
            over, as a box does it.
        path: of the picture, where somebody may want to cut the items out again.
    """
    if not labels:
        return []
    form = files.preprocess
    margin = form.crop_margin_percent / 100
    around = np.zeros((0, 4), dtype=np.float32) if others is None else others
    covers = [standing_before(box, around) for box, _, _ in labels]
    crops = [
        crop_covered(picture, box, cover, form.crop_px, margin)
        for (box, _, _), cover in zip(labels, covers, strict=True)
    ]
    raw = embed(files.embedder, crops, mean=float(form.mean), scale=float(form.scale))
    vectors = files.whitening.apply(raw)
    height, width = picture.shape[:2]
    rows = files.gallery.similarities(vectors)
    return [
        LabelledLook(
            scene=scene,
            item=item,
            sku_id=sku_id,
            vector=vector,
            geometry=box_geometry(box, width, height),
            scores=scores_of_look(row, files.gallery.sku_ids, files.thresholds.temperature),
            place=None if path is None else LookPlace(path, box, cover),
        )
        for (box, sku_id, item), cover, vector, row in zip(
            labels, covers, vectors, rows, strict=True
        )
    ]


def _pairs(boxes: np.ndarray, scene: ScenePicture, known: set[str]) -> list[tuple[int, int]]:
    """Detections and the labelled items they are."""
    if len(boxes) == 0 or len(scene.boxes) == 0:
        return []
    overlaps = iou_matrix(boxes, scene.boxes)
    best = overlaps.argmax(axis=0)
    return [
        (int(b), i)
        for i, b in enumerate(best)
        if overlaps[b].argmax() == i and overlaps[b, i] >= FOUND_IOU and scene.sku_ids[i] in known
    ]
