"""From weights to the files that ship: ONNX, INT8, and the decision between them.

Flow: weights.pt -> detector.onnx | detector.int8.onnx, embedder.onnx | embedder.int8.onnx +
report.json
"""

import dataclasses
import itertools
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sync.gallery import unit_rows
from sync.preprocess import Picture, crop_item, letterbox, normalise
from tools.base_bundle.inputs import CROP_MARGIN_PERCENT, CROP_PX, Inputs
from tools.base_bundle.training_stages import training_scenes, validation_scenes
from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.dataset.metric_samples import gallery_crop
from trainer.dataset.views import read_views
from trainer.export.gallery_fit import embed
from trainer.export.int8_choice import Int8Choice, choose_int8
from trainer.export.onnx_export import DETECTOR, embedder_interface, export_onnx
from trainer.export.parity import OnnxModel, ParityReport, detector_parity, embedder_parity
from trainer.export.quantize import tail_convolutions
from trainer.training.checkpoint import load_checkpoint
from trainer.training.detections import (
    DetectorSetting,
    best_score_threshold,
    measure,
)
from trainer.training.detector_model import NUM_ANSWERS, STRIDE, DetectorModel
from trainer.training.embedder_model import EmbedderModel
from trainer.training.metrics import PictureResult, detection_metrics
from trainer.training.train import WEIGHTS_NAME

logger = logging.getLogger(__name__)

NUM_CALIBRATION = 120
NUM_MEASURED = 240  # pictures on which files are compared
# A false box costs the shopper a question, a missed one is mostly seen by another camera: precision
# counts twice as much as recall.
RECALL_WEIGHT = 0.5
NUM_HEAD_OUTPUTS = 2  # the last convolutions of the detector: scores and distances
FINE_WIDTH, FINE_HEIGHT = 640, 352  # multiples of 32, as every level of the body halves evenly
REPORT_NAME = "report.json"


def detector_setting() -> DetectorSetting:
    """Input size and strides as trained; each answer of a cell is a level of its own."""
    strides = (STRIDE,) * NUM_ANSWERS
    return DetectorSetting(width=DETECTOR.width, height=DETECTOR.height, strides=strides)


def fine_setting() -> DetectorSetting:
    """The same with the input that counters are seen with on which nothing moves."""
    return dataclasses.replace(detector_setting(), width=FINE_WIDTH, height=FINE_HEIGHT)


def export_detector(inputs: Inputs) -> None:
    """Write both files, measure both, and say in the report which one ships on a CPU."""
    folder = inputs.work / "export_detector"
    if (folder / REPORT_NAME).exists():
        return
    model = DetectorModel()
    model.load_state_dict(load_checkpoint(inputs.work / "detector" / WEIGHTS_NAME))
    plain, small = folder / "detector.onnx", folder / "detector.int8.onnx"
    export_onnx(model, DETECTOR, plain)
    pictures = _spread(training_scenes(inputs), NUM_CALIBRATION)
    setting, fine = detector_setting(), fine_setting()
    calibration = [
        normalise([letterbox(read_picture(s.path), form.width, form.height)[0]])
        for s, form in zip(pictures, itertools.cycle((setting, fine)))
    ]
    scenes = _spread(validation_scenes(inputs), NUM_MEASURED)
    results = {plain.name: measure(OnnxModel(plain), scenes, setting)}

    def judged(file: Path) -> ParityReport:
        results[file.name] = measure(OnnxModel(file), scenes, setting)
        return _detector_parity(results[plain.name], results[file.name])

    choice = choose_int8(
        plain, small, calibration, judged, float_nodes=tail_convolutions(plain, NUM_HEAD_OUTPUTS)
    )
    settled = measure(OnnxModel(choice.chosen), scenes, fine)
    _write_report(
        folder,
        choice,
        {
            "score_threshold": best_score_threshold(settled, RECALL_WEIGHT),
            "metrics": {
                name: dataclasses.asdict(detection_metrics(r))
                for name, r in {**results, "fine": settled}.items()
            },
        },
    )


def _detector_parity(
    plain: Sequence[PictureResult], small: Sequence[PictureResult]
) -> ParityReport:
    """Each at the threshold that suits it best."""
    sure, marks = [], []
    for found in (plain, small):
        threshold = best_score_threshold(found, RECALL_WEIGHT)
        sure.append([_sure(result, threshold) for result in found])
        marks.append(detection_metrics(found).ap50)
    return detector_parity(sure[0], sure[1], marks[0], marks[1])


def export_embedder(inputs: Inputs) -> None:
    """Write both files and compare which SKU each crop of the validation scenes is nearest to."""
    folder = inputs.work / "export_embedder"
    if (folder / REPORT_NAME).exists():
        return
    model = EmbedderModel()
    model.load_state_dict(load_checkpoint(inputs.work / "embedder" / WEIGHTS_NAME))
    plain, small = folder / "embedder.onnx", folder / "embedder.int8.onnx"
    export_onnx(model, embedder_interface(CROP_PX), plain)
    calibration, _ = item_crops(_spread(training_scenes(inputs), NUM_CALIBRATION // 2))
    crops, owners = item_crops(_spread(validation_scenes(inputs), NUM_MEASURED))
    views, view_owners = gallery_crops(inputs)
    reference = OnnxModel(plain)
    base = unit_rows(embed(reference, views))
    sku_ids = sorted(set(view_owners))
    means = np.stack([base[[o == s for o in view_owners]].mean(axis=0) for s in sku_ids])
    known = [i for i, owner in enumerate(owners) if owner in set(sku_ids)]
    labels = np.asarray([sku_ids.index(owners[i]) for i in known], dtype=np.int64)
    shown = [crops[i] for i in known]
    wanted = embed(reference, shown)
    choice = choose_int8(
        plain,
        small,
        [normalise([c]) for c in calibration[: 2 * NUM_CALIBRATION]],
        lambda file: embedder_parity(
            wanted, embed(OnnxModel(file), shown), unit_rows(means), labels
        ),
    )
    _write_report(folder, choice, {"num_crops": len(shown)})


def chosen_file(inputs: Inputs, name: str) -> Path:
    """The file of `export_<name>` that ships on a CPU."""
    folder = inputs.work / f"export_{name}"
    return folder / str(read_report(inputs, name)["chosen"])


def read_report(inputs: Inputs, name: str) -> dict[str, object]:
    """What `export_<name>` measured."""
    report: dict[str, object] = json.loads(
        (inputs.work / f"export_{name}" / REPORT_NAME).read_text()
    )
    return report


def item_crops(scenes: Sequence[ScenePicture]) -> tuple[list[Picture], list[str]]:
    """Every labelled item of the scenes as the box would cut it, and its SKU."""
    crops, owners = [], []
    for scene in scenes:
        picture = read_picture(scene.path)
        for xyxy, sku_id in zip(scene.boxes, scene.sku_ids, strict=True):
            margin = CROP_MARGIN_PERCENT / 100
            crops.append(crop_item(picture, xyxy, scene.boxes, CROP_PX, margin))
            owners.append(sku_id)
    return crops, owners


def gallery_crops(inputs: Inputs) -> tuple[list[Picture], list[str]]:
    """Gallery views of our catalogue as crops, and their SKUs."""
    views = read_views(inputs.work / "gallery_views")
    crops, owners = [], []
    for product, sku_id in enumerate(views.sku_ids):
        for number in range(len(views.encoded[product])):
            sprite = views.view(product, number)
            crops.append(gallery_crop(sprite, CROP_PX, CROP_MARGIN_PERCENT / 100))
            owners.append(sku_id)
    return crops, owners


def _sure(result: PictureResult, threshold: float) -> np.ndarray:
    return result.xyxy[result.score >= threshold]


def _spread(scenes: Sequence[ScenePicture], count: int) -> list[ScenePicture]:
    """At most `count` scenes, evenly over the list."""
    step = max(1, len(scenes) // count)
    return list(scenes[::step][:count])


def _write_report(folder: Path, choice: Int8Choice, more: dict[str, object]) -> None:
    report = {
        "chosen": choice.chosen.name,
        "parity": dataclasses.asdict(choice.parity),
        "int8": dataclasses.asdict(choice.tried),
        **more,
    }
    logger.info("file chosen file=%s parity=%s", choice.chosen.name, report["parity"])
    (folder / REPORT_NAME).write_text(json.dumps(report, indent=1))
