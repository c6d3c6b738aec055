"""Tray pictures made of single products: sprites laid on a counter, with shadows and occlusion.

Flow: sprites + background -> Composite (picture, visible boxes)

Patch-level realism is enough if edges are blended in several ways, so that the network cannot
learn the seam. Distractors (hands, phones, cards) are drawn and not labelled. It renders no 3-D:
rendered scenes come from coco_scenes.py.

Source: Cut, Paste and Learn, Dwibedi et al. 2017, arXiv:1708.01642; RPC, Wei et al. 2019,
arXiv:1901.07249.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from sync.boxes import FloatArray
from sync.preprocess import Picture
from trainer.dataset.distractors import draw_arm, draw_flat_thing, smooth_noise

LIGHT_GREY = 205.0
MIN_VISIBLE = 0.3  # an item hidden further is `ignored`: neither wanted nor wrong
PLACE_ATTEMPTS = 8

Sprite = NDArray[np.uint8]  # BGRA, alpha 0 outside the product
Mask = NDArray[np.uint8]
Field = TypeVar("Field", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Composite:
    """One composed tray.

    Attributes:
        picture: uint8 BGR.
        boxes: float32 (N, 4), around the visible part of each item.
        ignored: float32 (K, 4), around items that are hardly visible.
        sprite_index: which sprite each box shows, N entries.
    """

    picture: Picture
    boxes: FloatArray
    ignored: FloatArray
    sprite_index: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrayPolicy:
    """How a tray is filled.

    Attributes:
        max_items: items are drawn uniformly from 0 to this.
        size_range: longest side of an item as a share of the picture's height.
        max_overlap: share of an earlier item that a new one may hide.
        distractor_probability: of each of up to two things that are no products.
    """

    max_items: int = 12
    size_range: tuple[float, float] = (0.14, 0.6)
    max_overlap: float = 0.5
    distractor_probability: float = 0.35


def on_light_counter(sprite: Sprite) -> tuple[Picture, FloatArray]:
    """One product alone on plain light grey, as it is photographed, and its box float32 (4,)."""
    alpha = sprite[..., 3:].astype(np.float32) / 255.0
    picture = (sprite[..., :3] * alpha + LIGHT_GREY * (1 - alpha)).astype(np.uint8)
    x, y, columns, rows = cv2.boundingRect(sprite[..., 3])
    return picture, np.asarray([x, y, x + columns, y + rows], dtype=np.float32)


def compose_tray(
    sprites: Sequence[Sprite], background: Picture, policy: TrayPolicy, random: np.random.Generator
) -> Composite:
    """Lay random sprites on `background`; later ones lie on top.

    Raises:
        ValueError: no sprites.
    """
    if not sprites:
        raise ValueError("a tray needs at least one sprite")
    canvas = background.copy()
    owner = np.full(canvas.shape[:2], -1, dtype=np.int16)  # which item is visible at each pixel
    full_area: list[int] = []
    placed: list[int] = []
    scene_scale = random.uniform(*policy.size_range)  # one camera height per picture
    for _ in range(int(random.integers(0, policy.max_items + 1))):
        chosen = int(random.integers(len(sprites)))
        size = canvas.shape[0] * scene_scale * random.uniform(0.6, 1.4)
        sprite = _turned(sprites[chosen], size, random)
        place = _free_place(owner, sprite, full_area, policy.max_overlap, random)
        if place is None:
            continue
        full_area.append(_paste(canvas, owner, sprite, place, len(placed), random))
        placed.append(chosen)
    for _ in range(2):
        if random.random() < policy.distractor_probability:
            draw_distractor(canvas, owner, random)
    return _labelled(canvas, owner, full_area, placed)


def compose_onto(
    canvas: Picture,
    sprite: Sprite,
    neighbours: Sequence[Sprite],
    size_px: float,
    random: np.random.Generator,
) -> tuple[Picture, FloatArray]:
    """One product in the middle of `canvas`, others beside, below and slightly over it.

    Returns:
        The canvas, drawn upon, and float32 (4,), the box of the visible part.
    """
    owner = np.full(canvas.shape[:2], -1, dtype=np.int16)
    own = _turned(sprite, size_px, random)
    top, left = ((canvas.shape[i] - own.shape[i]) // 2 for i in (0, 1))
    own_area = max(int(np.count_nonzero(own[..., 3] > 127)), 1)
    before = int(random.integers(len(neighbours) + 1))
    for number, neighbour in enumerate(neighbours[:before]):
        _scatter(canvas, owner, _turned(neighbour, size_px, random), (), number + 1, random)
    _paste(canvas, owner, own, (top, left), 0, random)
    for number, neighbour in enumerate(neighbours[before:]):
        _scatter(
            canvas, owner, _turned(neighbour, size_px, random), (own_area,), number + 9, random
        )
    x, y, columns, rows = cv2.boundingRect((owner == 0).astype(np.uint8))
    return canvas, np.asarray([x, y, x + columns, y + rows], dtype=np.float32)


def counter_texture(width: int, height: int, random: np.random.Generator) -> Picture:
    """A procedural counter: plain, wooden, speckled, striped or brushed, unevenly lit."""
    base = random.uniform(25, 235) + random.uniform(-25, 25, 3)
    picture = np.tile(base.astype(np.float32), (height, width, 1))
    style = random.integers(5)
    if style == 1:  # wood or brushed metal: noise stretched along one direction
        grain = smooth_noise(width, height, (2, 40) if random.random() < 0.5 else (40, 2), random)
        picture += grain[..., None] * random.uniform(8, 45, 3).astype(np.float32)
    elif style == 2:
        picture += random.normal(0, random.uniform(4, 25), (height, width, 1)).astype(np.float32)
    elif style == 3:
        period = random.uniform(8, 60)
        wave = np.sign(np.sin(np.arange(width) / period * 2 * np.pi)).astype(np.float32)
        picture += wave[None, :, None] * random.uniform(3, 40)
    elif style == 4:
        cells = int(random.integers(3, 9))
        patches = random.uniform(-60, 60, (cells, cells, 3)).astype(np.float32)
        picture += cv2.resize(patches, (width, height), interpolation=int(random.integers(0, 3)))
    light = smooth_noise(width, height, (width // 3, height // 3), random)
    picture *= 1.0 + random.uniform(0, 0.35) * light[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def _turned(sprite: Sprite, size_px: float, random: np.random.Generator) -> Sprite:
    """Cut to its alpha, scaled to `size_px`, turned and slightly foreshortened."""
    left, top, columns, rows = cv2.boundingRect(sprite[..., 3])
    cut = sprite[top : top + max(rows, 1), left : left + max(columns, 1)]
    scale = size_px / max(cut.shape[:2])
    diagonal = int(np.ceil(np.hypot(*cut.shape[:2]) * scale)) + 4
    angle = random.uniform(0, 2 * np.pi)
    squash = random.uniform(0.6, 1.0)  # the counter seen at a slant
    turn = np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
    turn = np.asarray([[1.0, 0.0], [0.0, squash]]) @ turn
    middle = np.asarray([cut.shape[1] / 2, cut.shape[0] / 2])
    shift = diagonal / 2 - turn @ middle
    if scale < 0.5:  # against aliasing: one warp samples single pixels
        factor = min(0.999, scale * 1.5)
        shrunk = cv2.resize(cut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        cut = np.asarray(shrunk, dtype=np.uint8)
        turn = turn / factor
    matrix = np.concatenate([turn, shift[:, None]], axis=1)
    return np.asarray(cv2.warpAffine(cut, matrix, (diagonal, diagonal)), dtype=np.uint8)


def _free_place(
    owner: NDArray[np.int16],
    sprite: Sprite,
    full_area: Sequence[int],
    max_overlap: float,
    random: np.random.Generator,
) -> tuple[int, int] | None:
    """Top-left corner at which no earlier item loses more than `max_overlap`, or None."""
    height, width = owner.shape
    rows, columns = sprite.shape[:2]
    for _ in range(PLACE_ATTEMPTS):
        top = int(random.integers(-rows // 3, max(height - rows * 2 // 3, 1)))
        left = int(random.integers(-columns // 3, max(width - columns * 2 // 3, 1)))
        window, part = _window(owner, sprite, top, left)
        covered = window[part[..., 3] > 127]
        counts = np.bincount(covered[covered >= 0], minlength=len(full_area))
        if all(c <= max_overlap * a for c, a in zip(counts, full_area, strict=True)):
            return top, left
    return None


def _scatter(
    canvas: Picture,
    owner: NDArray[np.int16],
    sprite: Sprite,
    full_area: Sequence[int],
    number: int,
    random: np.random.Generator,
) -> None:
    """Paste where the items whose areas are given stay mostly visible; not at all if nowhere."""
    guarded = np.where(owner < len(full_area), owner, -1)
    place = _free_place(guarded, sprite, full_area, 0.35, random)
    if place is not None:
        _paste(canvas, owner, sprite, place, number, random)


def _paste(
    canvas: Picture,
    owner: NDArray[np.int16],
    sprite: Sprite,
    place: tuple[int, int],
    number: int,
    random: np.random.Generator,
) -> int:
    """Shadow, then the sprite with a random edge; returns its visible area in pixels."""
    _, part = _window(owner, sprite, *place)
    top, left = max(place[0], 0), max(place[1], 0)
    bottom, right = top + part.shape[0], left + part.shape[1]
    _cast_shadow(canvas, sprite, place, random)
    alpha = part[..., 3].astype(np.float32) / 255.0
    softness = random.uniform(0, 1.2)
    if softness > 0.4:
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), softness), dtype=np.float32)
    tint = random.uniform(0.75, 1.15) * (1.0 + random.uniform(-0.08, 0.08, 3))
    colours = part[..., :3].astype(np.float32) * tint.astype(np.float32)
    below = canvas[top:bottom, left:right].astype(np.float32)
    mixed = below + (colours - below) * alpha[..., None]
    canvas[top:bottom, left:right] = np.clip(mixed, 0, 255).astype(np.uint8)
    is_item = part[..., 3] > 127
    owner[top:bottom, left:right][is_item] = number
    return max(int(np.count_nonzero(sprite[..., 3] > 127)), 1)


def _cast_shadow(
    canvas: Picture, sprite: Sprite, place: tuple[int, int], random: np.random.Generator
) -> None:
    reach = sprite.shape[0] * random.uniform(0.0, 0.15)
    angle = random.uniform(0, 2 * np.pi)
    moved = (place[0] + int(reach * np.sin(angle)), place[1] + int(reach * np.cos(angle)))
    blurred = sprite.copy()
    blurred[..., 3] = cv2.GaussianBlur(sprite[..., 3], (0, 0), random.uniform(1.5, 6.0))
    window, part = _window(canvas, blurred, *moved)
    darkness = part[..., 3:].astype(np.float32) * (random.uniform(0.1, 0.6) / 255.0)
    window[:] = (window.astype(np.float32) * (1.0 - darkness)).astype(np.uint8)


def draw_distractor(canvas: Picture, owner: NDArray[np.int16], random: np.random.Generator) -> None:
    """An arm with its hand, or a phone, wallet or card; hides what lies below, is no item."""
    draw = draw_arm if random.random() < 0.65 else draw_flat_thing
    colours, mask = draw(canvas.shape[1], canvas.shape[0], random)
    alpha = cv2.GaussianBlur(mask, (0, 0), random.uniform(0.6, 1.6)).astype(np.float32) / 255.0
    drawn = canvas * (1 - alpha[..., None]) + colours * alpha[..., None]
    canvas[:] = np.clip(drawn, 0, 255).astype(np.uint8)
    owner[mask > 127] = -1


def _labelled(
    canvas: Picture, owner: NDArray[np.int16], full_area: Sequence[int], placed: Sequence[int]
) -> Composite:
    boxes, ignored, shown = [], [], []
    for number, (area, sprite_index) in enumerate(zip(full_area, placed, strict=True)):
        mask: Mask = (owner == number).astype(np.uint8)
        visible = int(np.count_nonzero(mask))
        if visible == 0:
            continue
        x, y, columns, rows = cv2.boundingRect(mask)
        box = (x, y, x + columns, y + rows)
        if visible >= MIN_VISIBLE * area and min(columns, rows) >= 6:
            boxes.append(box)
            shown.append(sprite_index)
        else:
            ignored.append(box)
    return Composite(
        canvas,
        np.asarray(boxes, dtype=np.float32).reshape(-1, 4),
        np.asarray(ignored, dtype=np.float32).reshape(-1, 4),
        tuple(shown),
    )


def _window(
    field: NDArray[Field], sprite: Sprite, top: int, left: int
) -> tuple[NDArray[Field], Sprite]:
    """The part of `field` under the sprite, and the part of the sprite over it; equal sizes."""
    height, width = field.shape[:2]
    rows, columns = sprite.shape[:2]
    low_y, low_x = max(top, 0), max(left, 0)
    high_y = max(min(top + rows, height), low_y)
    high_x = max(min(left + columns, width), low_x)
    part = sprite[low_y - top : high_y - top, low_x - left : high_x - left]
    return field[low_y:high_y, low_x:high_x], part
