"""Products that do not exist, drawn flat, so that a detector learns what "a product" is.

Flow: generator -> Sprite (BGRA)

Only for the class-agnostic detector: shape and label art are random, so nothing can be
recognised.
"""

import string

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.dataset.compose import Sprite

SPRITE_PX = 160
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)


def procedural_sprites(count: int, seed: int) -> list[Sprite]:
    """`count` random products; the same seed gives the same ones."""
    return [draw_sprite(np.random.default_rng([seed, i])) for i in range(count)]


def draw_sprite(random: np.random.Generator) -> Sprite:
    """One product: an outline filled with label art, shaded as box, cylinder, bag or fruit."""
    kind = int(random.integers(5))
    if kind == 4:
        return _produce(random)
    width = int(SPRITE_PX * random.uniform(0.3, 1.0))
    art = label_art(width, SPRITE_PX, random)
    mask = np.zeros((SPRITE_PX, width), dtype=np.uint8)
    if kind == 0:  # carton, with a side face of the same art in another light
        art, mask = _carton(art, random)
    elif kind == 1:  # can or jar
        radius = int(min(width, SPRITE_PX) * random.uniform(0.05, 0.25))
        cv2.rectangle(mask, (0, radius), (width - 1, SPRITE_PX - 1 - radius), 255, -1)
        cv2.ellipse(mask, (width // 2, radius), (width // 2, radius), 0, 0, 360, 255, -1)
        bottom = (width // 2, SPRITE_PX - 1 - radius)
        cv2.ellipse(mask, bottom, (width // 2, radius), 0, 0, 360, 255, -1)
        art = _cylinder_shaded(art, random)
    elif kind == 2:  # bottle
        mask = _bottle_mask(width, random)
        art = _cylinder_shaded(art, random)
    else:  # pouch
        mask = _pouch_mask(width, random)
        shade = 1.0 + 0.25 * np.sin(np.linspace(0, random.uniform(2, 9), width))
        art = np.clip(art * shade[None, :, None], 0, 255).astype(np.uint8)
    return np.dstack([art, mask])


def label_art(width: int, height: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """Random shapes and letters on one ground colour, uint8 BGR."""
    base = random.integers(0, 256, 3)
    art = np.empty((height, width, 3), dtype=np.uint8)
    art[:] = base
    for _ in range(int(random.integers(2, 8))):
        colour = [int(c) for c in random.integers(0, 256, 3)]
        x1, x2 = sorted(int(v) for v in random.integers(0, width, 2))
        y1, y2 = sorted(int(v) for v in random.integers(0, height, 2))
        if random.random() < 0.6:
            cv2.rectangle(art, (x1, y1), (x2, y2), colour, -1)
        else:
            axes = (max((x2 - x1) // 2, 2), max((y2 - y1) // 2, 2))
            cv2.ellipse(art, (x1, y1), axes, float(random.uniform(0, 180)), 0, 360, colour, -1)
    for _ in range(int(random.integers(1, 7))):
        letters = "".join(random.choice(list(string.ascii_letters), int(random.integers(2, 11))))
        place = (int(random.integers(-10, width // 2)), int(random.integers(10, height)))
        colour = [int(c) for c in random.integers(0, 256, 3)]
        font = FONTS[int(random.integers(len(FONTS)))]
        size, thickness = float(random.uniform(0.25, 1.3)), int(random.integers(1, 3))
        cv2.putText(art, letters, place, font, size, colour, thickness, cv2.LINE_AA)
    return art


def _carton(
    art: NDArray[np.uint8], random: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    height, width = art.shape[:2]
    depth = int(width * random.uniform(0.0, 0.6)) + 1
    rise = int(height * random.uniform(-0.12, 0.12))
    canvas = np.zeros((height + abs(rise), width + depth, 3), dtype=np.uint8)
    mask = np.zeros(canvas.shape[:2], dtype=np.uint8)
    top = abs(rise) if rise < 0 else 0
    canvas[top : top + height, :width] = art
    mask[top : top + height, :width] = 255
    side = np.clip(art[:, ::-1] * random.uniform(0.4, 1.2), 0, 255).astype(np.uint8)
    source = np.asarray([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    right = width + depth
    target = np.asarray(
        [[width, top], [right, top + rise], [right, top + rise + height], [width, top + height]],
        dtype=np.float32,
    )
    matrix = cv2.getPerspectiveTransform(source, target)
    size = (canvas.shape[1], canvas.shape[0])
    warped = cv2.warpPerspective(side, matrix, size)
    covered = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, size) > 127
    canvas[covered] = warped[covered]
    mask[covered] = 255
    return canvas, mask


def _cylinder_shaded(art: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    across = np.linspace(-1, 1, art.shape[1])
    highlight = random.uniform(-0.6, 0.6)
    shade = np.sqrt(np.maximum(1 - (across * 0.95) ** 2, 0.05)) * random.uniform(0.8, 1.1)
    shade += random.uniform(0, 0.6) * np.exp(-((across - highlight) ** 2) / 0.02)
    return np.clip(art * shade[None, :, None], 0, 255).astype(np.uint8)


def _bottle_mask(width: int, random: np.random.Generator) -> NDArray[np.uint8]:
    mask = np.zeros((SPRITE_PX, width), dtype=np.uint8)
    neck = max(int(width * random.uniform(0.2, 0.6)) // 2, 3)
    shoulder = int(SPRITE_PX * random.uniform(0.2, 0.5))
    neck_end = int(shoulder * random.uniform(0.3, 0.9))
    middle = width // 2
    outline = [
        (middle - neck, 0), (middle + neck, 0), (middle + neck, neck_end),
        (width - 1, shoulder), (width - 1, SPRITE_PX - 1), (0, SPRITE_PX - 1),
        (0, shoulder), (middle - neck, neck_end),
    ]  # fmt: skip
    cv2.fillPoly(mask, [np.asarray(outline, dtype=np.int32)], 255)
    return mask


def _pouch_mask(width: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """A bag: four corners pulled in or out along wavy edges."""
    t = np.linspace(0, 1, 12)
    bulge = random.uniform(0.02, 0.12) * width
    wave = bulge * np.sin(np.pi * t) + random.uniform(-1.5, 1.5, 12)
    low, high_x, high_y = bulge, width - 1 - bulge, SPRITE_PX - 1 - bulge
    xs = low + t * (high_x - low)
    ys = low + t * (high_y - low)
    edges = [
        np.stack([xs, low - wave], 1), np.stack([high_x + wave, ys], 1),
        np.stack([xs[::-1], high_y + wave], 1), np.stack([low - wave, ys[::-1]], 1),
    ]  # fmt: skip
    mask = np.zeros((SPRITE_PX, width), dtype=np.uint8)
    cv2.fillPoly(mask, [np.concatenate(edges).astype(np.int32)], 255)
    return mask


def _produce(random: np.random.Generator) -> Sprite:
    """Fruit or vegetable: an ellipse or a curved one, shaded like a ball."""
    side = SPRITE_PX
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side * 2 - 1
    bend = random.uniform(-0.6, 0.6) if random.random() < 0.4 else 0.0
    slim = random.uniform(0.3, 1.0)
    radius = np.sqrt((x * 0.98) ** 2 + ((y - bend * (x**2 - 0.3)) / slim) ** 2)
    lobes = 1.0 + random.uniform(0, 0.12) * np.sin(int(random.integers(2, 8)) * np.arctan2(y, x))
    inside = radius < lobes * 0.85
    light = np.clip(1.15 - radius * 0.6 - 0.3 * (x * random.uniform(-1, 1) + y * 0.4), 0.2, 1.4)
    colour = random.integers(20, 256, 3).astype(np.float32)
    speckle = random.normal(0, random.uniform(0, 18), (side, side, 1)).astype(np.float32)
    art = np.clip(colour * light[..., None] + speckle, 0, 255).astype(np.uint8)
    return np.dstack([art, np.where(inside, 255, 0).astype(np.uint8)])
