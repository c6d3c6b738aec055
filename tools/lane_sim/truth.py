"""The exact truth of rendered pictures: COCO per camera, events and baskets in one file.

Flow: item maps -> annotations -> JSON

The form is documented in this folder's README. Boxes are the bounds of the visible mask.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.lane_sim.camera_rig import CameraView
from tools.lane_sim.pack_folder import load_mesh
from tools.lane_sim.placement import PlacedItem
from tools.lane_sim.raster import silhouette

MIN_AREA_PX = 12  # Below this a visible sliver is no box anybody could draw.


@dataclass(frozen=True)
class SeenItem:
    """One item in one picture.

    Attributes:
        box: x, y, width, height in whole pixels, the bounds of `mask`.
        visible_fraction: visible area over the area with nothing in front, in [0, 1].
    """

    item_id: str
    sku: str
    box: tuple[int, int, int, int]
    area_px: int
    visible_fraction: float
    counts: tuple[int, ...]


def seen_items(
    items: list[PlacedItem], item_map: NDArray[np.uint8], view: CameraView
) -> list[SeenItem]:
    """What of each item this camera shows; hidden items are left out."""
    seen = []
    for i, item in enumerate(items):
        mask = item_map == i + 1
        area = int(mask.sum())
        if area < MIN_AREA_PX:
            continue
        fraction = area / max(full_area_px(item, view), area)
        seen.append(
            SeenItem(
                item.item_id,
                item.pack.sku,
                mask_box(mask),
                area,
                round(fraction, 4),
                rle_counts(mask),
            )
        )
    return seen


def full_area_px(item: PlacedItem, view: CameraView) -> int:
    """Pixels the item would cover inside the picture if nothing stood in front of it."""
    pixels, depth = view.project(item.vertices())
    faces = load_mesh(item.pack.mesh_path).faces
    return int(silhouette(pixels, depth, faces, view.height_px, view.width_px).sum())


def mask_box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """x, y, width, height of the true pixels.

    Raises:
        ValueError: nothing is true.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise ValueError("an empty mask has no box")
    return (
        int(columns[0]),
        int(rows[0]),
        int(columns[-1] - columns[0] + 1),
        int(rows[-1] - rows[0] + 1),
    )


def rle_counts(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """COCO's uncompressed run lengths: column by column, beginning with zeros."""
    flat = np.asarray(mask, np.uint8).ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], edges, [flat.size]]))
    return tuple(int(n) for n in ([0, *runs] if flat[0] else runs))


def rle_mask(counts: tuple[int, ...] | list[int], height: int, width: int) -> NDArray[np.bool_]:
    """The mask of run lengths, bool (height, width)."""
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape((height, width), order="F")


def annotation(seen: SeenItem, height: int, width: int) -> dict[str, object]:
    """One COCO annotation without its ids."""
    return {
        "category_id": 1,
        "bbox": list(seen.box),
        "area": seen.area_px,
        "iscrowd": 0,
        "segmentation": {"size": [height, width], "counts": list(seen.counts)},
        "sku": seen.sku,
        "item_id": seen.item_id,
        "visible_fraction": seen.visible_fraction,
    }


def item_record(item: PlacedItem, visible: dict[str, float]) -> dict[str, object]:
    """One item's pose and how much of it each camera sees."""
    centre = item.centre_cm()
    return {
        "item_id": item.item_id,
        "sku": item.pack.sku,
        "pose": item.pose,
        "on": item.on,
        "R": np.round(item.rotation, 6).tolist(),
        "t_cm": np.round(item.translation, 4).tolist(),
        "centre_cm": np.round(centre, 3).tolist(),
        "visible": visible,
    }


def basket_of(skus: list[str]) -> dict[str, int]:
    """Quantity per sku, sorted by sku."""
    return dict(sorted(Counter(skus).items()))


def coco_file(
    pictures: list[dict[str, object]], annotations: list[list[dict[str, object]]]
) -> dict[str, object]:
    """A COCO file of one camera; ids are given here.

    Args:
        pictures: file_name, width, height and whatever else, one per picture.
        annotations: as many lists, from `annotation`.
    """
    flat: list[dict[str, object]] = []
    for picture_id, found in enumerate(annotations, start=1):
        flat += [
            {"id": len(flat) + k, "image_id": picture_id, **one}
            for k, one in enumerate(found, start=1)
        ]
    return {
        "info": {"description": "tillsight lane_sim", "format": 1},
        "categories": [{"id": 1, "name": "product"}],
        "images": [{"id": i, **picture} for i, picture in enumerate(pictures, start=1)],
        "annotations": flat,
    }


def write_json(path: Path, value: object) -> None:
    """Write JSON through a temporary file, so that a reader never sees half of it."""
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(
        json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8"
    )
    part.replace(path)
