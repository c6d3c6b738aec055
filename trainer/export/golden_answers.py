"""What a bundle's own files say about a picture: the answers that a box must give again.

Flow: picture -> shipped detector -> crops -> shipped embedder, gallery -> GoldenItems
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sync.boxes import FloatArray
from sync.bundle import Bundle, Preprocess
from sync.decision import DecisionParameters, scores_of_look
from sync.gallery import Gallery, Whitening, load_gallery, load_whitening
from sync.golden import GoldenItem
from sync.preprocess import Picture, crop_square
from trainer.export.gallery_fit import embed
from trainer.export.parity import OnnxModel
from trainer.training.detections import DetectorSetting, detect

SURE_MARGIN_NATS = 2.0  # another machine's rounding moves a look by far less


@dataclass(frozen=True, slots=True)
class ShippedFiles:
    """What ships on a CPU, opened."""

    detector: OnnxModel
    embedder: OnnxModel
    whitening: Whitening
    gallery: Gallery
    thresholds: DecisionParameters
    preprocess: Preprocess


def shipped_files(bundle: Bundle) -> ShippedFiles:
    """The CPU files of a bundle."""
    return ShippedFiles(
        detector=OnnxModel(bundle.file("detector", "cpu")),
        embedder=OnnxModel(bundle.file("embedder", "cpu")),
        whitening=load_whitening(bundle.file("whitening")),
        gallery=load_gallery(bundle.file("gallery")),
        thresholds=DecisionParameters.model_validate_json(bundle.file("thresholds").read_bytes()),
        preprocess=bundle.manifest.preprocess,
    )


def golden_items(files: ShippedFiles, picture: Picture) -> tuple[GoldenItem, ...]:
    """Every box that the shipped detector is sure of, with its nearest SKU."""
    form = files.preprocess
    width, height = form.detector_size
    setting = DetectorSetting(
        width=width,
        height=height,
        strides=form.detector_strides,
        nms_iou=files.thresholds.nms_iou,
    )
    boxes, scores = detect(files.detector, picture, setting)
    boxes = boxes[scores >= files.thresholds.detector_score]
    if len(boxes) == 0:
        return ()
    margin = form.crop_margin_percent / 100
    crops = [crop_square(picture, box, form.crop_px, margin) for box in boxes]
    raw = embed(files.embedder, crops, mean=float(form.mean), scale=float(form.scale))
    rows = files.gallery.similarities(files.whitening.apply(raw))
    return _items(boxes, rows, files)


def _items(
    boxes: FloatArray, rows: Sequence[FloatArray] | FloatArray, files: ShippedFiles
) -> tuple[GoldenItem, ...]:
    items = []
    for box, row in zip(boxes, rows, strict=True):
        look = scores_of_look(row, files.gallery.sku_ids, files.thresholds.temperature)
        second = look.log_probs[1] if len(look.log_probs) > 1 else look.floor
        x1, y1, x2, y2 = (round(float(v)) for v in box)
        is_sure = look.log_probs[0] - second >= SURE_MARGIN_NATS
        items.append(GoldenItem(xyxy=(x1, y1, x2, y2), sku_id=look.sku_ids[0], is_sure=is_sure))
    return tuple(items)
