"""Counter scenes from meshes, quickly: goods at rest on a plane, in true perspective.

Flow: SurfaceClouds + generator -> MeshScene (picture, visible boxes, SKUs)

Between flat composites (compose.py) and physically based renders (read by coco_scenes.py):
geometry and occlusion are right, light is direct and simple. About 0.15 s a picture on one core.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sync.boxes import FloatArray
from sync.preprocess import Picture
from trainer.dataset.compose import counter_texture, draw_distractor
from trainer.dataset.mesh_views import (
    DEPTH_TOLERANCE,
    Doubles,
    Floats,
    Lamp,
    SurfaceCloud,
    random_lamp,
    resting_rotation,
    shaded,
    splat,
)

MIN_VISIBLE = 0.25  # an item hidden further is ignored
TRAY_CM = (60.0, 40.0)
GAP_CM = 0.5  # goods touch, but do not pass through each other
STACK_PROBABILITY = 0.12  # an item may lie on another where nothing is free
POINTS_PER_PIXEL = 3.0
CLEAR_PROBABILITY = 0.1  # of an item to be drawn as glass or clear plastic


@dataclass(frozen=True, slots=True)
class PlacedItem:
    """One product on the counter: how it is turned (3, 3), where its centre is (3,) in cm."""

    sku_id: str
    rotation: Doubles
    centre: Doubles


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """A camera over the counter: rows of `axes` are right, up, backward; `eye` in cm."""

    axes: Doubles
    eye: Doubles
    focal_px: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class MeshScene:
    """One picture with its truth in picture pixels; `boxes` to `visible` are aligned."""

    picture: Picture
    boxes: FloatArray
    sku_ids: tuple[str, ...]
    item_ids: tuple[int, ...]
    visible: FloatArray
    ignored: FloatArray


def compose_scenes(
    clouds: Mapping[str, SurfaceCloud],
    num_items: int,
    size: tuple[int, int],
    num_cameras: int,
    random: np.random.Generator,
) -> list[MeshScene]:
    """One counter with up to `num_items` random products, as each of several cameras sees it.

    `size` is width and height. Sometimes a hand or a phone lies in the way.
    """
    sku_ids = sorted(clouds)
    chosen = [sku_ids[int(random.integers(len(sku_ids)))] for _ in range(num_items)]
    items = place_items(chosen, clouds, random)
    cameras = [random_camera(*size, random) for _ in range(num_cameras)]
    return [draw_scene(items, clouds, camera, random) for camera in cameras]


def place_items(
    sku_ids: Sequence[str], clouds: Mapping[str, SurfaceCloud], random: np.random.Generator
) -> list[PlacedItem]:
    """Resting poses at free places of the tray; an item that fits nowhere may lie on another."""
    placed: list[PlacedItem] = []
    footprints: list[tuple[float, float, float, float, float]] = []  # x1 y1 x2 y2 top
    for sku_id in sku_ids:
        rotation = resting_rotation(clouds[sku_id].extent_cm, random)
        turned = clouds[sku_id].points[:4000] @ rotation.T
        low, high = turned.min(axis=0), turned.max(axis=0)
        for _ in range(12):
            x, y = ((random.random() - 0.5) * side for side in TRAY_CM)
            own = (x + low[0], y + low[1], x + high[0], y + high[1])
            under = [f for f in footprints if _overlap(own, f)]
            if under and random.random() > STACK_PROBABILITY:
                continue
            floor = max((f[4] for f in under), default=0.0)
            footprints.append((*own, floor + high[2] - low[2]))
            placed.append(PlacedItem(sku_id, rotation, np.asarray([x, y, floor - low[2]])))
            break
    return placed


def random_camera(width: int, height: int, random: np.random.Generator) -> PinholeCamera:
    """40 to 110 cm away, from a slant to straight down, the tray about as wide as the picture."""
    elevation = np.deg2rad(random.uniform(30, 89))
    azimuth, roll = random.uniform(0, 2 * np.pi), np.deg2rad(random.normal(0, 4))
    distance = random.uniform(45, 110)
    around = np.asarray([np.cos(azimuth), np.sin(azimuth), 0.0])
    backward = around * np.cos(elevation) + np.asarray([0, 0, np.sin(elevation)])
    right = np.cross([0.0, 0.0, 1.0], backward)
    right /= np.linalg.norm(right)
    up = np.cross(backward, right)
    turned_right = right * np.cos(roll) + up * np.sin(roll)
    axes = np.stack([turned_right, np.cross(backward, turned_right), backward])
    target = np.asarray([random.normal(0, 4), random.normal(0, 3), 3.0])
    view_cm = random.uniform(50, 95)
    eye = target + backward * distance
    return PinholeCamera(axes, eye, width * distance / view_cm, width, height)


def draw_scene(
    items: Sequence[PlacedItem],
    clouds: Mapping[str, SurfaceCloud],
    camera: PinholeCamera,
    random: np.random.Generator,
) -> MeshScene:
    """Counter, shadows, items by depth, distractors; boxes around what remains visible."""
    canvas = counter_texture(camera.width, camera.height, random)
    lamp = random_lamp(random)
    size = (camera.height, camera.width)
    nearest = np.full(size, np.inf, dtype=np.float32)
    owner = np.full(size, -1, dtype=np.int16)
    full_area = np.zeros(len(items))
    world = [_world_points(item, clouds[item.sku_id], camera) for item in items]
    _darken(canvas, world, camera, random)
    for number, (item, (points, normals, colours)) in enumerate(zip(items, world, strict=True)):
        slack = clouds[item.sku_id].size_cm * DEPTH_TOLERANCE
        window, drawn, is_item, depth = _drawn(points, normals, colours, camera, lamp, slack)
        full_area[number] = np.count_nonzero(is_item)
        front = is_item & (depth < nearest[window])
        if random.random() < CLEAR_PROBABILITY:
            drawn = _see_through(drawn, canvas[window], is_item, random)
        canvas[window][front], owner[window][front] = drawn[front], number
        nearest[window][front] = depth[front]
    canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), 0.5), dtype=np.uint8)  # soft edges
    if random.random() < 0.35:
        draw_distractor(canvas, owner, random)
    return _labelled(canvas, owner, full_area, items)


def _world_points(
    item: PlacedItem, cloud: SurfaceCloud, camera: PinholeCamera
) -> tuple[Floats, Floats, Floats]:
    """Points, normals and colours of an item on the counter, no denser than the picture needs."""
    pixels_per_cm = camera.focal_px / max(float(np.linalg.norm(camera.eye - item.centre)), 1.0)
    surface_cm2 = 2 * float(np.prod(np.sort(cloud.extent_cm)[1:]) * 2)
    wanted = int(POINTS_PER_PIXEL * surface_cm2 * pixels_per_cm**2) + 500
    count = min(wanted, len(cloud.points))
    turn = item.rotation.T.astype(np.float32)
    points = cloud.points[:count] @ turn + item.centre.astype(np.float32)
    return points, cloud.normals[:count] @ turn, cloud.colours[:count]


def _projected(points: Floats, camera: PinholeCamera) -> tuple[Floats, Floats, Floats]:
    """Pixel columns, rows, and distance along the optical axis."""
    seen = (points - camera.eye.astype(np.float32)) @ camera.axes.T.astype(np.float32)
    depth = np.maximum(-seen[:, 2], 1e-3)
    x = seen[:, 0] / depth * camera.focal_px + camera.width / 2
    y = -seen[:, 1] / depth * camera.focal_px + camera.height / 2
    return x.astype(np.float32), y.astype(np.float32), depth


def _drawn(
    points: Floats,
    normals: Floats,
    colours: Floats,
    camera: PinholeCamera,
    lamp: Lamp,
    slack: float,
) -> tuple[tuple[slice, slice], Picture, NDArray[np.bool_], Floats]:
    """The part of the picture an item covers, and in it: colours, where the item is, its depth."""
    towards = camera.eye.astype(np.float32) - points
    facing = (normals * towards).sum(axis=1) > 0
    x, y, depth = _projected(points[facing], camera)
    in_camera = normals[facing] @ camera.axes.T.astype(np.float32)
    lit = shaded(colours[facing], in_camera, lamp)
    left, right = _clipped(x, camera.width)
    top, bottom = _clipped(y, camera.height)
    window = (slice(top, bottom), slice(left, right))
    return window, *splat(x - left, y - top, depth, lit, (bottom - top, right - left), slack)


def _see_through(
    drawn: Picture, behind: Picture, is_item: NDArray[np.bool_], random: np.random.Generator
) -> Picture:
    """Clear in the middle, denser towards the outline, as glass and bottles are."""
    inside = cv2.distanceTransform(is_item.astype(np.uint8), cv2.DIST_L2, 3)
    rim = np.exp(-inside / max(float(inside.max()) * 0.25, 1.0))
    opacity = np.clip(random.uniform(0.25, 0.75) + rim * random.uniform(0.1, 0.5), 0, 1)
    mixed = behind + (drawn.astype(np.float32) - behind) * opacity[..., None]
    return np.asarray(np.clip(mixed, 0, 255), dtype=np.uint8)


def _clipped(places: Floats, limit: int) -> tuple[int, int]:
    """First and one past the last pixel, with a margin for closing gaps; never empty."""
    low = int(np.clip(places.min(initial=limit) - 2, 0, limit - 1))
    return low, int(np.clip(places.max(initial=0) + 3, low + 1, limit))


def _darken(
    canvas: Picture,
    world: Sequence[tuple[Floats, Floats, Floats]],
    camera: PinholeCamera,
    random: np.random.Generator,
) -> None:
    """Shadows: all points dropped to the counter along the light, blurred."""
    slope = random.uniform(-0.8, 0.8, 2).astype(np.float32)
    mask = np.zeros(canvas.shape[:2], dtype=np.uint8)
    for points, _, _ in world:
        fallen = points[::4].copy()
        fallen[:, :2] += fallen[:, 2:] * slope
        fallen[:, 2] = 0.0
        x, y, _ = _projected(fallen, camera)
        inside = (x >= 0) & (x < camera.width) & (y >= 0) & (y < camera.height)
        mask[y[inside].astype(np.int64), x[inside].astype(np.int64)] = 255
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    soft = cv2.GaussianBlur(closed, (0, 0), random.uniform(1.5, 7.0)).astype(np.float32)
    darkness = soft[..., None] * (random.uniform(0.15, 0.65) / 255.0)
    canvas[:] = (canvas * (1.0 - darkness)).astype(np.uint8)


def _labelled(
    canvas: Picture, owner: NDArray[np.int16], full_area: Doubles, items: Sequence[PlacedItem]
) -> MeshScene:
    boxes, sku_ids, item_ids, shares, ignored = [], [], [], [], []
    for number, item in enumerate(items):
        mask = (owner == number).astype(np.uint8)
        area = int(np.count_nonzero(mask))
        if area == 0:
            continue
        x, y, columns, rows = cv2.boundingRect(mask)
        share = area / max(full_area[number], 1.0)
        if share >= MIN_VISIBLE and min(columns, rows) >= 6:
            boxes.append((x, y, x + columns, y + rows))
            sku_ids.append(item.sku_id)
            item_ids.append(number)
            shares.append(share)
        else:
            ignored.append((x, y, x + columns, y + rows))
    return MeshScene(
        canvas,
        np.asarray(boxes, dtype=np.float32).reshape(-1, 4),
        tuple(sku_ids),
        tuple(item_ids),
        np.asarray(shares, dtype=np.float32),
        np.asarray(ignored, dtype=np.float32).reshape(-1, 4),
    )


def _overlap(
    first: tuple[float, float, float, float], second: tuple[float, float, float, float, float]
) -> bool:
    return (
        first[0] < second[2] + GAP_CM
        and second[0] < first[2] + GAP_CM
        and first[1] < second[3] + GAP_CM
        and second[1] < first[3] + GAP_CM
    )
