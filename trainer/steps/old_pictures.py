"""Pictures the champion carries of what it knows: replayed, so that it is not forgotten.

Flow: bundle -> catalogue pictures and golden frames -> Regions
"""

import numpy as np

from sync.boxes import standing_before
from sync.golden import GOLDEN_NAME, load_golden
from sync.preprocess import painted_over
from trainer.dataset.coco_scenes import read_picture
from trainer.steps.champion import Champion
from trainer.steps.regions import Region

CATALOGUE, GOLDEN = "catalogue", "golden"


def old_regions(champion: Champion) -> list[Region]:
    """One region per catalogue picture and per golden item that the champion is sure of."""
    return [*_catalogue(champion), *_golden(champion)]


def _catalogue(champion: Champion) -> list[Region]:
    known = set(champion.gallery.sku_ids)
    found = []
    for sku in champion.catalog.skus:
        path = champion.bundle.directory / (sku.picture or "")
        if sku.sku_id in known and sku.picture and path.is_file():
            pixels = read_picture(path)
            whole = np.asarray([0, 0, pixels.shape[1], pixels.shape[0]], np.float32)
            found.append(Region(pixels, whole, sku.sku_id, CATALOGUE, "", CATALOGUE))
    return found


def _golden(champion: Champion) -> list[Region]:
    found = []
    for frame in load_golden(champion.bundle.directory / GOLDEN_NAME).frames:
        pixels = read_picture(champion.bundle.directory / frame.picture)
        boxes = np.asarray([item.xyxy for item in frame.items], np.float32).reshape(-1, 4)
        for item in frame.items:
            if item.is_sure:
                box = np.asarray(item.xyxy, np.float32)
                shown = painted_over(pixels, standing_before(box, boxes))
                found.append(Region(shown, box, item.sku_id, frame.scene, frame.camera, GOLDEN))
    return found
