"""Step `shards`: every labelled box cut out once, with its surroundings, into shards.

Flow: dataset + snapshot -> <split>-000000.tar + index.jsonl

How a region is cut is dataset/region_cut.py's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from sync.preprocess import Picture
from trainer.dataset.manifest import DatasetItem, ItemBox
from trainer.dataset.region_cut import (
    EXTENSION,
    JPEG_QUALITY,
    MARGIN_PERCENT,
    CutRegion,
    cut_region,
)
from trainer.dataset.shards import ShardWriter
from trainer.steps.dataset_folder import load_dataset, picture_bytes
from trainer.steps.step_voice import StepVoice

TELL_EVERY = 100


class Parameters(BaseModel):
    """How regions are cut; `margin_percent` is of the longer side of the box."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin_percent: int = Field(default=MARGIN_PERCENT, ge=5, le=100)
    jpeg_quality: int = Field(default=JPEG_QUALITY, ge=50, le=100)
    max_shard_mb: int = Field(default=256, ge=1, le=2048)


def run(inputs: Mapping[str, Path], parameters: Parameters, out: Path, voice: StepVoice) -> None:
    """Write the shards."""
    items = load_dataset(inputs["snapshot"]).items
    with ShardWriter(out, parameters.max_shard_mb * 1_000_000) as writer:
        for number, item in enumerate(items):
            named = [box for box in item.boxes if box.sku_id]
            picture = _decoded(picture_bytes(inputs["dataset"], item)) if named else None
            for place, box in enumerate(named):
                assert picture is not None
                cut = cut_region(
                    picture, box.xyxy, [other.xyxy for other in item.boxes],
                    parameters.margin_percent, parameters.jpeg_quality,
                )  # fmt: skip
                facts = _facts(item, box, cut)
                key = f"{item.picture[:16]}-{item.camera_id or 'x'}-{place:03d}".replace(".", "_")
                writer.add(item.split, key.replace("/", "_"), {EXTENSION: cut.jpeg}, facts)
            if number % TELL_EVERY == 0:
                voice.progress(100 * number // len(items), f"{number} of {len(items)} pictures cut")


def _facts(item: DatasetItem, box: ItemBox, cut: CutRegion) -> dict[str, Any]:
    return cut.places | {
        "sku_id": box.sku_id, "label_source": box.source,
        "answer_id": box.answer_id, "picture": item.picture, "store_id": item.store_id,
        "camera_id": item.camera_id, "day": item.day, "source": item.source,
        "source_id": item.source_id,
    }  # fmt: skip


def _decoded(data: bytes) -> Picture:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(picture, np.uint8)
