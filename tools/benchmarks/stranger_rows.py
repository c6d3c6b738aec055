"""Vectors of products that are on no counter here, to make a gallery as large as a real one.

Flow: generator -> drawn product, or an item of a scene in other colours -> embedder -> rows

Every second one is a look-alike: a real item's picture with its hue turned, so that shape, print
and light stay and only the colours differ, as between two flavours.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.perception.models import Models
from sync.boxes import FloatArray
from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.dataset.compose import on_light_counter
from trainer.dataset.procedural_packs import recoloured
from trainer.dataset.procedural_sprites import draw_sprite

MARGIN_PX = 24


def stranger_rows(
    models: Models, scenes: Sequence[ScenePicture], count: int, seed: int, *, show: bool
) -> NDArray[np.float32]:
    """Whitened unit vectors, float32 (count, d); the same seed gives the same ones."""
    with_items = [s for s in scenes if len(s.boxes)]
    rows = []
    for number in track(range(count), "strangers", disable=not show, transient=True):
        random = np.random.default_rng([seed, number])
        picture, box = (
            _look_alike(with_items, random) if number % 2 else on_light_counter(draw_sprite(random))
        )
        rows.append(models.embedder.embed(picture, box[None])[0])
    return np.stack(rows) if rows else np.zeros((0, 0), dtype=np.float32)


def _look_alike(
    scenes: Sequence[ScenePicture], random: np.random.Generator
) -> tuple[NDArray[np.uint8], FloatArray]:
    scene = scenes[int(random.integers(len(scenes)))]
    box = scene.boxes[int(random.integers(len(scene.boxes)))]
    picture = read_picture(scene.path)
    left, top = np.maximum(box[:2].astype(int) - MARGIN_PX, 0)
    right, bottom = box[2:].astype(int) + MARGIN_PX
    patch = np.ascontiguousarray(picture[top:bottom, left:right])
    moved = box - np.asarray([left, top, left, top], dtype=np.float32)
    return recoloured(patch, random), moved.astype(np.float32)
