"""Boxes of rendered counters through the real grouping: how often the items come out exactly.

Usage: python -m tests.edge.basket.rendered_scenes DIR   (a folder of `tools.lane_sim render`)

Boxes are the truth with 2 px of noise; what is visible by less than 30 % is not reported. Looks
are those of fusion_scenes: a mediocre model's.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edge.basket.association import Agreement, View
from edge.basket.counter_map import CounterMap
from edge.basket.grouping import group_views
from edge.basket.shape_book import ShapeBook
from sync.decision import scores_of_look
from tests.fakes.virtual_counter import LEAST_VISIBLE

JITTER_PX = 2.0
Scene = dict[str, list[dict[str, Any]]]


def read_scenes(folder: Path) -> dict[tuple[str, str], Scene]:
    """(lane, scene) -> camera -> annotations."""
    scenes: dict[tuple[str, str], Scene] = {}
    for path in sorted(folder.glob("cam*.json")):
        coco = json.loads(path.read_text())
        images = {image["id"]: image for image in coco["images"]}
        for image in coco["images"]:
            scenes.setdefault((image["lane"], image["scene"]), {})[path.stem] = []
        for row in coco["annotations"]:
            image = images[row["image_id"]]
            scenes[(image["lane"], image["scene"])][path.stem].append(row)
    return scenes


def is_exact(
    folder: Path, lane: str, scene: Scene, skus: list[str], seed: int
) -> tuple[bool, bool]:
    """Whether the number of items, and every box of every item, came out right."""
    rng = np.random.default_rng(seed)
    calibrations = folder / "lanes" / lane
    maps = {
        camera: CounterMap.from_json(
            json.loads((calibrations / f"{camera}_calibration.json").read_text())
        )
        for camera in scene
    }
    views, owners = [], []
    for camera, rows in scene.items():
        for number, row in enumerate(rows):
            if row["visible_fraction"] >= LEAST_VISIBLE:
                x, y, width, height = row["bbox"]
                box = np.array([x, y, x + width, y + height]) + rng.normal(0, JITTER_PX, 4)
                similarities = rng.normal(0.45, 0.1, len(skus))
                similarities[skus.index(row["sku"])] += 0.27
                look = scores_of_look(similarities.astype(np.float32), skus, 0.05)
                views.append(View((camera, number), box, look))
                owners.append(row["item_id"])
    agreement = Agreement(views, ShapeBook(maps), watching=dict.fromkeys(maps, 10**12))
    groups = [{owners[i] for i in group} for group in group_views(agreement)]
    is_count_right = len(groups) == len(set(owners))
    return is_count_right, is_count_right and all(len(group) == 1 for group in groups)


def main() -> None:
    folder = Path(sys.argv[1])
    scenes = read_scenes(folder)
    skus = sorted(
        {row["sku"] for scene in scenes.values() for rows in scene.values() for row in rows}
    )
    results = [
        is_exact(folder, lane, scene, skus, seed)
        for seed, ((lane, _), scene) in enumerate(sorted(scenes.items()))
        if any(scene.values())
    ]
    counted, exact = (100 * sum(column) / len(results) for column in zip(*results, strict=True))
    sys.stdout.write(
        f"scenes {len(results)}  count right {counted:.1f} %"
        f"  every box with its item {exact:.1f} %\n"
    )


if __name__ == "__main__":
    main()
