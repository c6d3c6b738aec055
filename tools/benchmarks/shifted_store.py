"""`tools/bench learn`: a store in another light labels some baskets; what one pipeline gains there.

Flow: labelled scenes -> dimmed, tinted, blurred -> data set -> steps -> champion against candidate

Of four scenes two teach, one is what `tune` and `calibrate` choose on, one is asked. Some SKUs are
new to the store: the champion's gallery is without them. The gate's blind set decides about a
release, not this.
"""

import hashlib
import io
import json
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer

from edge.config import FACTORY_BUNDLE
from sync.gallery import load_gallery
from sync.preprocess import Picture
from tools.benchmarks.report import Figure, Report, machine, publish
from tools.demo_run.store_bundles import rows_of, seal
from trainer.dataset.coco_scenes import ScenePicture, read_picture, read_scene_folder
from trainer.dataset.manifest import DatasetItem, DatasetManifest, ItemBox, Split
from trainer.steps.dataset_folder import MANIFEST_NAME, load_dataset, picture_path
from trainer.steps.pipeline_plan import inputs_for, read_request
from trainer.steps.run_step import run_step
from trainer.steps.step_cache import StepCache
from trainer.steps.step_voice import StepVoice

GAMMA, TINT, BLUR_PX, JPEG_QUALITY = 1.7, (0.55, 0.85, 1.15), 2.2, 60  # tint: blue, green, red
MIN_SIDE_PX = 8
NOBODY = "0" * 64
SPLITS: tuple[Split, ...] = ("train", "validation", "train", "test")


def in_another_light(picture: Picture) -> bytes:
    """The picture as a dim, warm, badly focused camera would send it."""
    light = (picture.astype(np.float32) / 255) ** GAMMA * np.asarray(TINT, np.float32)
    blurred = cv2.GaussianBlur(np.clip(light, 0, 1), (0, 0), BLUR_PX)
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    return bytes(cv2.imencode(".jpg", (blurred * 255).astype(np.uint8), quality)[1].tobytes())


def write_dataset(scenes: list[ScenePicture], folder: Path, limit: int) -> None:
    """A data set folder of at most `limit` scenes."""
    names = sorted({scene.scene for scene in scenes})[: limit or None]
    (folder / "pictures").mkdir(parents=True)
    items = []
    for scene in (s for s in scenes if s.scene in names and len(s.boxes)):
        picture = read_picture(scene.path)
        data = in_another_light(picture)
        name = hashlib.sha256(data).hexdigest()
        picture_path(folder, name).write_bytes(data)
        height, width = picture.shape[:2]
        items.append(DatasetItem(
            picture=name, width=width, height=height, store_id="other", box_id="box",
            lane_id="lane", camera_id=scene.camera, basket_id=scene.scene, day="2026-11-21",
            source="case", source_id=scene.scene,
            split=SPLITS[names.index(scene.scene) % len(SPLITS)],
            boxes=_boxes(scene, width, height),
        ))  # fmt: skip
    (folder / MANIFEST_NAME).write_bytes(DatasetManifest("other", {}, tuple(items)).canonical())


def new_skus(dataset: Path, num: int) -> list[str]:
    """SKUs that are both taught and asked, the most frequent first."""
    manifest = load_dataset(dataset)
    seen = {split: Counter(box.sku_id for item in manifest.split(split) for box in item.boxes)
            for split in SPLITS}  # fmt: skip
    both = [(-seen["train"][sku_id], sku_id) for sku_id in seen["test"] if seen["train"][sku_id]]
    return [sku_id for _, sku_id in sorted(both)[:num]]


def champion_without(sku_ids: list[str], folder: Path) -> Path:
    """The factory bundle of a store where nobody has photographed these."""
    shutil.copytree(FACTORY_BUNDLE, folder)
    gallery = load_gallery(folder / "gallery.npz")
    kept = [sku_id for sku_id in gallery.sku_ids if sku_id not in sku_ids]
    (folder / "gallery.npz").write_bytes(rows_of(gallery, kept).to_bytes())
    return seal(folder, version="1.0.0-store").directory


def learn(
    scenes: Annotated[Path, typer.Option(help="Folder of labelled scenes (COCO), own SKUs.")],
    limit: Annotated[int, typer.Option(help="At most so many scenes; 0 is all.", min=0)] = 40,
    path: Annotated[str, typer.Option(help="fast or full.")] = "fast",
    steps: Annotated[int, typer.Option(help="Of training, on the full path.", min=1)] = 60,
    new: Annotated[int, typer.Option(help="SKUs that the store did not know.", min=0)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """One pipeline for a store in another light: accuracy there before and after, and the time."""
    facts = machine()
    fit: dict[str, Any] = {"num_steps": steps} if path == "full" else {}
    request = read_request(
        {"dataset": NOBODY, "champion": NOBODY, "path": path, "steps": {"fit": fit}}
    )
    figures = []
    with tempfile.TemporaryDirectory(prefix="ts-learn-") as name:
        write_dataset(read_scene_folder(scenes), Path(name) / "dataset", limit)
        unknown = new_skus(Path(name) / "dataset", new)
        champion = champion_without(unknown, Path(name) / "champion")
        available = {"dataset": Path(name) / "dataset", "champion": champion}
        for step in request.order():
            began = time.monotonic()
            available[step] = run_step(
                step, inputs_for(step, available), request.parameters(step),
                StepCache(Path(name) / "cache"), StepVoice(io.StringIO()),
            ).folder  # fmt: skip
            figures.append(Figure(f"step {step}", round(time.monotonic() - began, 1), "s"))
        told = json.loads((available["evaluate"] / "evaluation.json").read_text())
    for group in ("all", "old", "new"):
        for side in ("champion", "candidate"):
            found = told[side][group].items() if told[side][group]["num_items"] else ()
            figures += [Figure(f"{side}, {group} SKUs: {what}", value) for what, value in found]
    figures += [Figure(f"flips {kind}", told["flips"][kind]) for kind in ("negative", "positive")]
    words = f"{scenes.name}, {limit or 'all'} scenes, a quarter is asked; dimmed, tinted, blurred; "
    words += f"new: {', '.join(unknown) or 'none'}"
    publish(Report("A store in another light", words, facts, figures=figures),
            as_json=as_json, out=out)  # fmt: skip


def _boxes(scene: ScenePicture, width: int, height: int) -> tuple[ItemBox, ...]:
    found = []
    for box, sku_id in zip(scene.boxes, scene.sku_ids, strict=True):
        x1, y1, x2, y2 = (round(float(value)) for value in box)
        x1, y1, x2, y2 = max(0, x1), max(0, y1), min(width, x2), min(height, y2)
        if min(x2 - x1, y2 - y1) > MIN_SIDE_PX:
            found.append(ItemBox((x1, y1, x2, y2), sku_id, "reviewer", 1))
    return tuple(found)
