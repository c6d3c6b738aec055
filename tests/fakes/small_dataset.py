"""A data set version made of the factory bundle's golden frames, as a folder of this machine."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2

from edge.config import FACTORY_BUNDLE
from sync.golden import GOLDEN_NAME, load_golden
from trainer.dataset.manifest import DatasetItem, DatasetManifest, ItemBox, Split
from trainer.steps.dataset_folder import MANIFEST_NAME, picture_path

BUNDLE = FACTORY_BUNDLE
SPLITS: tuple[Split, ...] = ("train", "validation", "train")


def write_small_dataset(
    folder: Path, renamed: Mapping[str, str] | None = None, splits: Sequence[Split] = SPLITS
) -> DatasetManifest:
    """Nine pictures of three baskets; the second one validates.

    Args:
        renamed: sku_id -> the name it has in this data set, to play a product nobody knew.
        splits: of the baskets, in turn.
    """
    golden = load_golden(BUNDLE / GOLDEN_NAME)
    scenes = sorted({frame.scene for frame in golden.frames})
    (folder / "pictures").mkdir(parents=True)
    items = []
    for frame in golden.frames:
        data = (BUNDLE / frame.picture).read_bytes()
        name = hashlib.sha256(data).hexdigest()
        picture_path(folder, name).write_bytes(data)
        height, width = cv2.imread(str(BUNDLE / frame.picture)).shape[:2]
        boxes = tuple(
            ItemBox(_inside(box.xyxy, width, height), (renamed or {}).get(box.sku_id, box.sku_id),
                    "reviewer", 7)
            for box in frame.items
        )  # fmt: skip
        number = scenes.index(frame.scene)
        items.append(DatasetItem(
            picture=name, width=width, height=height, store_id="s1", box_id="box-1",
            lane_id="lane-1", camera_id=frame.camera, basket_id=frame.scene,
            day="2026-11-21", source="case", source_id=f"case-{number}",
            split=splits[number % len(splits)], boxes=boxes,
        ))  # fmt: skip
    manifest = DatasetManifest("small", {"made": "from golden frames"}, tuple(items))
    (folder / MANIFEST_NAME).write_bytes(manifest.canonical())
    return manifest


def _inside(xyxy: tuple[int, int, int, int], width: int, height: int) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = xyxy
    return max(0, x1), max(0, y1), min(width, x2), min(height, y2)
