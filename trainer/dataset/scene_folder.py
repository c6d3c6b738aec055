"""A folder of quickly rendered counter scenes in COCO form, to train on.

Flow: packs folder -> scene pictures + scenes.json (COCO, read back by coco_scenes.py)
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from sync.boxes import FloatArray
from trainer.dataset.mesh_scenes import MeshScene, compose_scenes
from trainer.dataset.mesh_views import load_surface

logger = logging.getLogger(__name__)

COCO_NAME = "scenes.json"
MAX_ITEMS = 12
JPEG_QUALITY = 92
LOG_EVERY = 200


def render_scene_folder(
    packs: Sequence[tuple[Path, str]],
    out_dir: Path,
    count: int,
    seed: int,
    num_cameras: int = 1,
    size: tuple[int, int] = (640, 360),
) -> None:
    """Write `count` baskets and their truth; does nothing if the truth is there already.

    Args:
        packs: folder of packs and SKU, one entry per product.
        out_dir: made if missing.
        count: number of baskets.
        num_cameras: pictures of each basket, each from its own side.
        seed: the same seed, packs and size give the same pictures.
        size: width and height in pixels.
    """
    if (out_dir / COCO_NAME).exists():
        return
    out_dir.mkdir(parents=True, exist_ok=True)
    clouds = {sku_id: load_surface(folder / sku_id) for folder, sku_id in packs}
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number in range(count):
        random = np.random.default_rng([seed, number])
        num_items = int(random.integers(0, MAX_ITEMS + 1))
        scenes = compose_scenes(clouds, num_items, size, num_cameras, random)
        for camera, scene in enumerate(scenes):
            image = {"id": len(images), "scene": f"{number:05d}", "camera": f"camera{camera}"}
            name = f"{number:05d}_{camera}.jpg"
            quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
            cv2.imwrite(str(out_dir / name), scene.picture, quality)
            images.append(image | {"file_name": name, "width": size[0], "height": size[1]})
            annotations += _annotations(scene, len(images) - 1, len(annotations))
        if (number + 1) % LOG_EVERY == 0:
            logger.info("scenes rendered number=%d/%d", number + 1, count)
    truth = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "product"}],
    }
    temporary = out_dir / (COCO_NAME + ".tmp")
    temporary.write_text(json.dumps(truth))
    temporary.replace(out_dir / COCO_NAME)


def _annotations(scene: MeshScene, image_id: int, first_id: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    aligned = zip(scene.boxes, scene.sku_ids, scene.item_ids, scene.visible, strict=True)
    for xyxy, sku_id, item_id, share in aligned:
        known = {"sku_id": sku_id, "item_id": item_id, "visible_fraction": float(share)}
        rows.append(_row(xyxy, image_id) | known)
    for xyxy in scene.ignored:  # hardly visible: the reader makes it an ignored region
        rows.append(_row(xyxy, image_id) | {"visible_fraction": 0.01})
    return [row | {"id": first_id + i} for i, row in enumerate(rows)]


def _row(xyxy: FloatArray, image_id: int) -> dict[str, object]:
    x1, y1, x2, y2 = (float(v) for v in xyxy)
    return {
        "image_id": image_id,
        "category_id": 1,
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": (x2 - x1) * (y2 - y1),
        "iscrowd": 0,
    }
