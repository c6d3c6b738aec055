"""Step `snapshot`: the version as it will be trained on, bad pictures in quarantine, counted.

Flow: dataset + quality -> manifest.jsonl, counts.json

Where nothing is bad the manifest is the version's own, byte for byte.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from trainer.dataset.manifest import SPLITS, DatasetItem, QuarantinedPicture
from trainer.steps.dataset_folder import MANIFEST_NAME, load_dataset
from trainer.steps.quality_step import REPORT
from trainer.steps.step_table import StepError
from trainer.steps.step_voice import StepVoice

COUNTS = "counts.json"


class Parameters(BaseModel):
    """What is refused: a version with fewer labelled boxes to learn from, or with too many bad."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_train_boxes: int = Field(default=1, ge=1)
    max_bad_percent: int = Field(default=5, ge=0, le=100)


def run(inputs: Mapping[str, Path], parameters: Parameters, out: Path, voice: StepVoice) -> None:
    """Write manifest and counts.

    Raises:
        StepError: too few boxes, or too many bad pictures.
    """
    manifest = load_dataset(inputs["dataset"])
    report = json.loads((inputs["quality"] / REPORT).read_text())
    reasons: dict[str, list[str]] = report["reasons"]
    bad = [item for item in manifest.items if item.picture in reasons]
    if len(bad) * 100 > parameters.max_bad_percent * max(len(manifest.items), 1):
        raise StepError(
            f"{len(bad)} of {len(manifest.items)} pictures are bad", hint="see quality.json"
        )
    if bad:
        manifest = dataclasses.replace(
            manifest,
            items=tuple(item for item in manifest.items if item.picture not in reasons),
            quarantined=(
                *manifest.quarantined,
                *(_quarantined(item, reasons[item.picture]) for item in bad),
            ),
        )
    boxes = {split: _boxes(manifest.split(split)) for split in SPLITS}
    if sum(boxes["train"].values()) < parameters.min_train_boxes:
        raise StepError(
            f"{sum(boxes['train'].values())} labelled boxes to train on",
            hint="label more cases, or give the split rule a smaller share for validation",
        )
    (out / MANIFEST_NAME).write_bytes(manifest.canonical())
    counts = {
        "version_id": manifest.version_id,
        "pictures": {split: len(manifest.split(split)) for split in SPLITS},
        "boxes": {split: sum(found.values()) for split, found in boxes.items()},
        "boxes_by_sku": dict(sorted(manifest.boxes_by_sku().items())),
        "bad": len(bad),
    }
    (out / COUNTS).write_text(json.dumps(counts, indent=1))
    for split, found in boxes.items():
        voice.scalar(f"data/{split}_boxes", 0, sum(found.values()))


def _boxes(items: tuple[DatasetItem, ...]) -> Counter[str]:
    return Counter(box.sku_id for item in items for box in item.boxes if box.sku_id)


def _quarantined(item: DatasetItem, reasons: list[str]) -> QuarantinedPicture:
    return QuarantinedPicture(
        item.picture, item.source, item.source_id, item.camera_id, tuple(reasons)
    )
