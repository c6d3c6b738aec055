"""Step `shards`: every labelled box cut out once, with its surroundings, into shards.

Flow: dataset + snapshot -> <split>-000000.tar + index.jsonl

A region keeps the picture's own pixels and a margin, so that a crop can still be moved or turned
by training, and is cut for the network by the function that the box uses.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from sync.preprocess import Picture
from trainer.dataset.manifest import DatasetItem, ItemBox
from trainer.dataset.shards import ShardWriter
from trainer.steps.dataset_folder import load_dataset, picture_bytes
from trainer.steps.step_voice import StepVoice

TELL_EVERY = 100


class Parameters(BaseModel):
    """How regions are cut; `margin_percent` is of the longer side of the box."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin_percent: int = Field(default=30, ge=5, le=100)
    jpeg_quality: int = Field(default=95, ge=50, le=100)
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
                jpeg, inner = _region(picture, box, parameters)
                facts = _facts(item, box, inner)
                key = f"{item.picture[:16]}-{item.camera_id or 'x'}-{place:03d}".replace(".", "_")
                writer.add(item.split, key.replace("/", "_"), {"jpg": jpeg}, facts)
            if number % TELL_EVERY == 0:
                voice.progress(100 * number // len(items), f"{number} of {len(items)} pictures cut")


def _facts(item: DatasetItem, box: ItemBox, inner: list[int]) -> dict[str, Any]:
    return {
        "sku_id": box.sku_id, "xyxy": inner, "label_source": box.source,
        "answer_id": box.answer_id, "picture": item.picture, "store_id": item.store_id,
        "camera_id": item.camera_id, "day": item.day, "source": item.source,
        "source_id": item.source_id,
    }  # fmt: skip


def _region(picture: Picture, box: ItemBox, parameters: Parameters) -> tuple[bytes, list[int]]:
    """JPEG of the surroundings, and the box inside it."""
    x1, y1, x2, y2 = box.xyxy
    margin = round(max(x2 - x1, y2 - y1) * parameters.margin_percent / 100)
    left, top = max(0, x1 - margin), max(0, y1 - margin)
    right = min(picture.shape[1], x2 + margin)
    bottom = min(picture.shape[0], y2 + margin)
    quality = [cv2.IMWRITE_JPEG_QUALITY, parameters.jpeg_quality]
    is_encoded, data = cv2.imencode(".jpg", picture[top:bottom, left:right], quality)
    assert is_encoded
    return data.tobytes(), [x1 - left, y1 - top, x2 - left, y2 - top]


def _decoded(data: bytes) -> Picture:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(picture, np.uint8)
