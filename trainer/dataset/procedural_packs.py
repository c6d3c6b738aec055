"""Products that do not exist, on the meshes of those that do, to learn telling apart.

Flow: packs folder + generator -> views folder

Half of them wear random label art, half the real label in other colours, which makes look-alikes.
They are classes while training and nothing afterwards: what must generalise to a store's own
products is the space, and 70 SKUs alone span little of it.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from sync.preprocess import Picture
from trainer.dataset.mesh_views import load_surface, render_view
from trainer.dataset.procedural_sprites import label_art
from trainer.dataset.views import write_index

logger = logging.getLogger(__name__)

PREFIX = "procedural_"


def render_procedural_views(
    packs_dir: Path,
    out_dir: Path,
    sku_ids: Sequence[str],
    count: int,
    views_per_pack: int,
    seed: int,
    sprite_px: int = 200,
) -> None:
    """Write views of `count` invented products; those that are there already are kept."""
    rows: list[tuple[str, str]] = []
    for number in range(count):
        name = f"{PREFIX}{number:04d}"
        folder = out_dir / name
        folder.mkdir(parents=True, exist_ok=True)
        wanted = [folder / f"{i:03d}.png" for i in range(views_per_pack)]
        rows += [(path.relative_to(out_dir).as_posix(), name) for path in wanted]
        if all(path.exists() for path in wanted):
            continue
        random = np.random.default_rng([seed, number])
        mesh = packs_dir / sku_ids[int(random.integers(len(sku_ids)))]
        cloud = load_surface(mesh, sprite_px, dress=lambda t, r=random: dressed(t, r))  # type: ignore[misc]
        for path in wanted:
            cv2.imwrite(str(path), render_view(cloud, random, sprite_px))
        if (number + 1) % 50 == 0:
            logger.info("procedural views rendered number=%d/%d", number + 1, count)
    write_index(out_dir, rows)


def dressed(texture: Picture, random: np.random.Generator) -> Picture:
    """Other label art, or the same in other colours."""
    height, width = texture.shape[:2]
    if random.random() < 0.5:
        art = label_art(256, 256 * height // width + 1, random)
        return np.asarray(cv2.resize(art, (width, height)), dtype=np.uint8)
    return recoloured(texture, random)


def recoloured(picture: Picture, random: np.random.Generator) -> Picture:
    """The picture with its hue turned and its saturation changed; light and print stay."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV).astype(np.int16)
    hsv[..., 0] = (hsv[..., 0] + int(random.integers(15, 165))) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * random.uniform(0.5, 1.6), 0, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR), dtype=np.uint8)
