"""Looks at two bottles that are the same to the factory's recogniser.

Only their boxes differ, or the colour of a stripe in their pictures.
"""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edge.config import FACTORY_BUNDLE
from sync.bundle import open_bundle
from sync.decision import scores_of_look
from sync.gallery import load_gallery, unit_rows
from trainer.training.families import Family, LabelledLook, LookPlace

SMALL, LARGE = "water_still_500", "water_still_1000"
WATER = Family("fontela_water", (SMALL, LARGE), 0, 0)
PARENT = open_bundle(FACTORY_BUNDLE, verify_files=False)
GALLERY = load_gallery(PARENT.file("gallery"))


def twins(num_scenes: int, seed: int) -> list[LabelledLook]:
    """Two bottles that look alike; only their boxes tell which is which."""
    random = np.random.default_rng(seed)
    row = GALLERY.vectors[GALLERY.starts[GALLERY.sku_ids.index(LARGE)]]
    found = []
    for number in range(2 * num_scenes):
        sku_id, side = ((SMALL, -1.6), (LARGE, -1.2))[number % 2]
        vector = unit_rows((row + random.normal(0, 0.02, row.shape))[None])[0]
        geometry = random.normal([side, side, 0, 0], 0.06).astype(np.float32)
        rows = GALLERY.similarities(vector[None])[0]
        scores = scores_of_look(rows, GALLERY.sku_ids, 0.054)
        scene = f"{seed}-{number // 2}"
        found.append(LabelledLook(scene, f"{scene}/{number}", sku_id, vector, geometry, scores))
    return found


def narrow(num_scenes: int) -> list[LabelledLook]:
    """The same with eight numbers a vector: fitted at once."""
    return [replace(look, vector=look.vector[:8]) for look in twins(num_scenes, 1)]


def striped(folder: Path, num_scenes: int) -> list[LabelledLook]:
    """Twins whose boxes are alike too: the small one's stripe is dark, the large one's pink."""
    random = np.random.default_rng(5)
    found = []
    for number, look in enumerate(narrow(num_scenes)):
        stripe = (40, 30, 30) if look.sku_id == SMALL else (200, 170, 240)
        picture = np.full((90, 120, 3), random.integers(60, 200), np.uint8)
        picture[20:70, 30:90] = (160, 40, 110)
        picture[20:32, 30:90] = stripe
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), picture)
        place = LookPlace(path, np.asarray([30, 20, 90, 70], np.float32), np.zeros((0, 4), "f4"))
        found.append(replace(look, geometry=np.zeros(4, np.float32), place=place))
    return found
