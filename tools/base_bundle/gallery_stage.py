"""Whitening, gallery and thresholds, with the very files that will ship.

Flow: crops -> shipped embedder -> Whitening, Gallery; validation items -> DecisionParameters
"""

import dataclasses
import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from sync.boxes import iou_matrix
from sync.bundle import Preprocess
from sync.catalog import Catalog, load_catalog
from sync.decision import DecisionParameters
from sync.gallery import Gallery, Whitening, load_gallery, load_whitening
from sync.preprocess import Picture, crop_item
from tools.base_bundle.export_stages import (
    chosen_file,
    detector_setting,
    fine_setting,
    gallery_crops,
    item_crops,
    read_report,
)
from tools.base_bundle.inputs import CROP_MARGIN_PERCENT, CROP_PX, Inputs
from tools.base_bundle.training_stages import training_scenes, validation_scenes
from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.export.gallery_fit import embed, fit_gallery
from trainer.export.golden_answers import ShippedFiles
from trainer.export.parity import OnnxModel
from trainer.export.risk_calibration import ItemLooks, RiskPolicy, calibrate
from trainer.training.detections import DetectorSetting, detect

logger = logging.getLogger(__name__)

PROTOTYPES_PER_SKU = 3
MAX_SCENE_CROPS_PER_SKU = 60
FOUND_IOU = 0.5
POLICY = RiskPolicy(max_wrong_share=0.003, confidence=0.9)  # promised are 0.5 %; counters differ


def gallery_stage(inputs: Inputs) -> None:
    """Embed gallery views and training items; whiten; write whitening.npz and gallery.npz."""
    folder = inputs.work / "gallery"
    if (folder / "gallery.npz").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    file = chosen_file(inputs, "embedder")
    crops, owners = gallery_crops(inputs)
    more, more_owners = _capped(*item_crops(training_scenes(inputs)), set(owners))
    model = OnnxModel(file)
    fitted = fit_gallery(
        file,
        np.concatenate([embed(model, crops), embed(model, more)]),
        [*owners, *more_owners],
        prototypes_per_sku=PROTOTYPES_PER_SKU,
    )
    (folder / "whitening.npz").write_bytes(fitted.whitening.to_bytes())
    (folder / "gallery.npz").write_bytes(fitted.gallery.to_bytes())
    logger.info("gallery built rows=%d skus=%d", len(fitted.gallery.vectors), len(set(owners)))


def calibration_stage(inputs: Inputs) -> None:
    """Thresholds from what the shipped detector finds in the validation scenes."""
    folder = inputs.work / "gallery"
    if (folder / "thresholds.json").exists():
        return
    whitening, gallery = opened_gallery(inputs)
    setting = dataclasses.replace(fine_setting(), score=shipped_score(inputs))
    items = item_looks(validation_scenes(inputs), inputs, setting, whitening, gallery)
    report = calibrate(items, gallery.sku_ids, families(catalog_of(inputs)), setting.score, POLICY)
    written = (
        {"policy": dataclasses.asdict(POLICY)}
        | dataclasses.asdict(report)
        | {"parameters": report.parameters.model_dump()}
    )
    (folder / "calibration.json").write_text(json.dumps(written, indent=1))
    (folder / "thresholds.json").write_text(report.parameters.model_dump_json(indent=1))
    logger.info(
        "calibrated items=%d top1_single=%.4f top1_pooled=%.4f accepted=%d wrong=%d bound=%.4f",
        report.num_items,
        report.top1_single,
        report.top1_pooled,
        report.num_accepted,
        report.num_wrong,
        report.wrong_share_bound,
    )


def item_looks(
    scenes: Sequence[ScenePicture],
    inputs: Inputs,
    setting: DetectorSetting,
    whitening: Whitening,
    gallery: Gallery,
) -> list[ItemLooks]:
    """Every true item that was found, with the similarities of each camera that found it.

    Crops are cut at the detector's boxes, as on the counter.
    """
    detector = OnnxModel(chosen_file(inputs, "detector"))
    embedder = OnnxModel(chosen_file(inputs, "embedder"))
    crops: dict[tuple[str, str, str], list[Picture]] = defaultdict(list)
    for scene in scenes:
        picture = read_picture(scene.path)
        boxes, _ = detect(detector, picture, setting)
        if len(boxes) == 0 or len(scene.boxes) == 0:
            continue
        overlaps = iou_matrix(boxes, scene.boxes)
        for i, (sku_id, item_id) in enumerate(zip(scene.sku_ids, scene.item_ids, strict=True)):
            best = int(overlaps[:, i].argmax())
            is_own = overlaps[best].argmax() == i  # else it is the box of what lies in front
            if is_own and overlaps[best, i] >= FOUND_IOU and sku_id in set(gallery.sku_ids):
                margin = CROP_MARGIN_PERCENT / 100
                crop = crop_item(picture, boxes[best], boxes, CROP_PX, margin)
                crops[(scene.scene, item_id, sku_id)].append(crop)
    return [
        ItemLooks(gallery.similarities(whitening.apply(embed(embedder, looks))), sku_id)
        for (_, _, sku_id), looks in crops.items()
    ]


def opened_gallery(inputs: Inputs) -> tuple[Whitening, Gallery]:
    """What gallery_stage wrote."""
    folder = inputs.work / "gallery"
    return load_whitening(folder / "whitening.npz"), load_gallery(folder / "gallery.npz")


def shipped(inputs: Inputs) -> ShippedFiles:
    """Everything that ships on a CPU, opened."""
    whitening, gallery = opened_gallery(inputs)
    thresholds = (inputs.work / "gallery" / "thresholds.json").read_bytes()
    return ShippedFiles(
        detector=OnnxModel(chosen_file(inputs, "detector")),
        embedder=OnnxModel(chosen_file(inputs, "embedder")),
        whitening=whitening,
        gallery=gallery,
        thresholds=DecisionParameters.model_validate_json(thresholds),
        preprocess=shipped_preprocess(),
    )


def shipped_preprocess() -> Preprocess:
    """How the networks were fed in training."""
    setting, fine = detector_setting(), fine_setting()
    return Preprocess(
        detector_px=setting.width,
        detector_height_px=setting.height,
        detector_fine_px=fine.width,
        detector_fine_height_px=fine.height,
        detector_strides=setting.strides,
        crop_px=CROP_PX,
        crop_margin_percent=CROP_MARGIN_PERCENT,
    )


def shipped_score(inputs: Inputs) -> float:
    """Detector threshold chosen for the file that ships."""
    value = read_report(inputs, "detector")["score_threshold"]
    assert isinstance(value, float)
    return value


def catalog_of(inputs: Inputs) -> Catalog:
    """The catalogue beside the packs."""
    return load_catalog(inputs.packs / "catalog.json")


def families(catalog: Catalog) -> Mapping[str, str]:
    """SKU -> look-alike family, for those that have one."""
    return {sku.sku_id: sku.family for sku in catalog.skus if sku.family is not None}


def _capped(
    crops: Sequence[Picture], owners: Sequence[str], wanted: set[str]
) -> tuple[list[Picture], list[str]]:
    """At most MAX_SCENE_CROPS_PER_SKU crops of each wanted SKU, in order."""
    counts: dict[str, int] = defaultdict(int)
    kept, kept_owners = [], []
    for crop, owner in zip(crops, owners, strict=True):
        if owner in wanted and counts[owner] < MAX_SCENE_CROPS_PER_SKU:
            counts[owner] += 1
            kept.append(crop)
            kept_owners.append(owner)
    return kept, kept_owners
