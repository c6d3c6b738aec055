"""Labelled scenes as a bundle's own files see them: one LabelledLook per item and camera.

Flow: COCO scenes -> shipped detector -> shipped embedder, whitening, gallery -> LabelledLooks

Boxes are the detector's, as on the counter; an item that it misses gives no look.
"""

from collections.abc import Sequence

import numpy as np

from sync.boxes import iou_matrix
from sync.bundle import Bundle
from sync.child_model import box_geometry
from sync.decision import DecisionParameters, scores_of_look
from sync.gallery import load_gallery, load_whitening
from sync.preprocess import crop_square
from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.export.gallery_fit import embed
from trainer.export.parity import OnnxModel
from trainer.training.detections import DetectorSetting, detect
from trainer.training.families import LabelledLook

FOUND_IOU = 0.5


def labelled_looks(bundle: Bundle, scenes: Sequence[ScenePicture]) -> list[LabelledLook]:
    """Every labelled item that the detector finds and that is not another one's box."""
    form = bundle.manifest.preprocess
    parameters = DecisionParameters.model_validate_json(bundle.file("thresholds").read_bytes())
    gallery, whitening = (
        load_gallery(bundle.file("gallery")),
        load_whitening(bundle.file("whitening")),
    )
    detector = OnnxModel(bundle.file("detector", "cpu"))
    embedder = OnnxModel(bundle.file("embedder", "cpu"))
    setting = DetectorSetting(
        width=form.detector_px,
        height=form.detector_height_px or form.detector_px,
        strides=form.detector_strides,
        score=parameters.detector_score,
        nms_iou=parameters.nms_iou,
    )
    known = set(gallery.sku_ids)
    looks = []
    for scene in scenes:
        picture = read_picture(scene.path)
        boxes, _ = detect(detector, picture, setting)
        pairs = _pairs(boxes, scene, known)
        if not pairs:
            continue
        margin = form.crop_margin_percent / 100
        crops = [crop_square(picture, boxes[b], form.crop_px, margin) for b, _ in pairs]
        raw = embed(embedder, crops, mean=float(form.mean), scale=float(form.scale))
        vectors = whitening.apply(raw)
        height, width = picture.shape[:2]
        for (b, i), vector, row in zip(pairs, vectors, gallery.similarities(vectors), strict=True):
            looks.append(
                LabelledLook(
                    scene=scene.scene,
                    item=f"{scene.scene}/{scene.item_ids[i]}",
                    sku_id=scene.sku_ids[i],
                    vector=vector,
                    geometry=box_geometry(boxes[b], width, height),
                    scores=scores_of_look(row, gallery.sku_ids, parameters.temperature),
                )
            )
    return looks


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
