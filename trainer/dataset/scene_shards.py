"""Labelled counter pictures as shards: every box of a known SKU cut out once, the rest put aside.

Flow: COCO scenes + catalogue -> regions -> ShardWriter

The worker's step `shards` does the same for a version of a data set. Which split a scene belongs to
is the caller's: folders of scenes are whole splits.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.dataset.region_cut import EXTENSION, cut_region
from trainer.dataset.scene_quality import SceneAside, teachable, usable_scenes
from trainer.dataset.shards import ShardWriter


@dataclass(frozen=True, slots=True)
class Packed:
    """What came of it."""

    num_regions: int
    skus: tuple[str, ...]
    aside: tuple[SceneAside, ...] = field(repr=False)


def pack_scenes(
    scenes: Sequence[ScenePicture], known_skus: Collection[str], writer: ShardWriter, split: str
) -> Packed:
    """Write the regions of one split; `known_skus` empty: all that are named."""
    opened, bad = usable_scenes(scenes)
    known = known_skus or {sku for scene in opened for sku in scene.sku_ids if sku}
    kept, unfit = teachable(opened, known)
    skus: set[str] = set()
    num_regions = 0
    for number, scene in enumerate(kept):
        picture = read_picture(scene.path) if scene.sku_ids else None
        size = () if picture is None else (picture.shape[1], picture.shape[0]) * 2
        boxes = [[int(v) for v in np.clip(np.round(box), 0, size)] for box in scene.boxes]
        for place, (xyxy, sku_id) in enumerate(zip(boxes, scene.sku_ids, strict=True)):
            assert picture is not None
            cut = cut_region(picture, xyxy, boxes)
            facts = cut.places | {
                "sku_id": sku_id, "source_id": scene.scene,
                "camera_id": scene.camera, "item_id": scene.item_ids[place],
            }  # fmt: skip
            writer.add(split, f"{number:07d}-{place:03d}", {EXTENSION: cut.jpeg}, facts)
            skus.add(sku_id)
            num_regions += 1
    return Packed(num_regions, tuple(sorted(skus)), (*bad, *unfit))
