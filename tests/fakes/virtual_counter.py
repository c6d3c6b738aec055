"""A counter with calibrated cameras and simple solids on it: exact boxes, with occlusion."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.basket.counter_map import CounterMap

IMAGE_SIZE = (1280, 720)
COUNTER_CM = (60.0, 44.0)
LEAST_VISIBLE = 0.30  # a detector misses what is hidden more than this
MASK_SCALE = 0.5

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Solid:
    """A carton (rotated cuboid) or a can (cylinder) standing on the counter, cm."""

    sku_id: str
    x: float
    y: float
    width: float
    depth: float
    height: float
    yaw: float = 0.0
    is_round: bool = False

    def outline(self) -> FloatArray:
        if self.is_round:
            angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            ring = np.stack([np.cos(angles) * self.width, np.sin(angles) * self.depth], 1) / 2
        else:
            ring = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (self.width, self.depth) / 2
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        return ring @ np.array([[cos, sin], [-sin, cos]]) + (self.x, self.y)

    def points(self) -> FloatArray:
        ring = self.outline()
        return np.concatenate(
            [np.column_stack([ring, np.full(len(ring), z)]) for z in (0.0, self.height)]
        )


@dataclass(frozen=True)
class Seen:
    """One box: which solid it shows and how much of it."""

    index: int
    xyxy: tuple[float, float, float, float]
    visible: float


def looking_at_counter(
    camera_id: str, position: tuple[float, float, float], focal: float = 900.0
) -> CounterMap:
    """A camera at `position` (cm) that looks at the middle of the counter."""
    eye = np.array(position, float)
    forward = np.array([0.0, 0.0, 3.0]) - eye
    forward /= np.linalg.norm(forward)
    up = np.array([0.0, 1.0, 0.0]) if abs(forward[2]) > 0.98 else np.array([0.0, 0.0, 1.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return CounterMap(
        camera_id=camera_id,
        image_size=IMAGE_SIZE,
        matrix=np.array([[focal, 0, 640], [0, focal, 360], [0, 0, 1]], float),
        dist=np.array([-0.05, 0.01, 0.0005, -0.0005, 0.0]),
        rotation=rotation,
        translation=-rotation @ eye,
    )


def three_cameras() -> dict[str, CounterMap]:
    """Overhead, and two oblique ones from the left and the right front."""
    return {
        "top": looking_at_counter("top", (0.0, -8.0, 85.0)),
        "left": looking_at_counter("left", (-60.0, -45.0, 55.0)),
        "right": looking_at_counter("right", (60.0, -45.0, 55.0)),
    }


def random_solids(rng: np.random.Generator, count: int, num_skus: int = 20) -> list[Solid]:
    """Solids that do not touch; some are the same SKU, some stand in tight rows."""
    solids: list[Solid] = []
    while len(solids) < count:
        solid = _random_solid(rng, num_skus)
        if solids and rng.random() < 0.3:
            solid = _beside(rng, solids[int(rng.integers(len(solids)))])
        if _fits(solid, solids):
            solids.append(solid)
    return solids


def see(
    camera: CounterMap, solids: list[Solid], rng: np.random.Generator, jitter_px: float = 2.0
) -> list[Seen]:
    """Boxes of the visible parts, as a detector would give them."""
    size = (int(IMAGE_SIZE[0] * MASK_SCALE), int(IMAGE_SIZE[1] * MASK_SCALE))
    owner = np.full((size[1], size[0]), -1, np.int16)
    eye = camera.position
    far_first = sorted(
        range(len(solids)),
        key=lambda i: -math.dist((solids[i].x, solids[i].y, solids[i].height / 2), eye),
    )
    full: dict[int, int] = {}
    for i in far_first:
        hull = cv2.convexHull((camera.project(solids[i].points()) * MASK_SCALE).astype(np.int32))
        alone = np.zeros(owner.shape, np.uint8)
        cv2.fillConvexPoly(alone, hull, 1)
        owner[alone > 0] = i
        full[i] = max(int(cv2.contourArea(hull)), 1)
    seen = []
    for i in range(len(solids)):
        rows, columns = np.nonzero(owner == i)
        share = len(rows) / full[i]
        if share < LEAST_VISIBLE or len(rows) < 20:
            continue
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / MASK_SCALE
        x1, y1, x2, y2 = box + rng.normal(0, jitter_px, 4)
        seen.append(Seen(i, (x1, y1, max(x2, x1 + 2), max(y2, y1 + 2)), min(share, 1.0)))
    return seen


def _random_solid(rng: np.random.Generator, num_skus: int) -> Solid:
    sku = int(rng.integers(num_skus))
    shape = np.random.default_rng(sku)  # every SKU has one size
    is_round = bool(shape.random() < 0.4)
    width = float(shape.uniform(5, 9) if is_round else shape.uniform(5, 14))
    depth = width if is_round else float(shape.uniform(4, 10))
    height = float(shape.uniform(3, 24))
    if not is_round and rng.random() < 0.4:
        depth, height = height, depth  # lying
    x = float(rng.uniform(-COUNTER_CM[0] / 2 + 6, COUNTER_CM[0] / 2 - 6))
    y = float(rng.uniform(-COUNTER_CM[1] / 2 + 6, COUNTER_CM[1] / 2 - 6))
    yaw = float(rng.uniform(0, math.pi))
    return Solid(f"sku-{sku}", x, y, width, depth, height, yaw, is_round)


def _beside(rng: np.random.Generator, other: Solid) -> Solid:
    """The same SKU right beside another one."""
    angle = other.yaw + (0 if rng.random() < 0.5 else math.pi)
    gap = other.width + float(rng.uniform(0.3, 1.0))
    return Solid(
        other.sku_id, other.x + gap * math.cos(angle), other.y + gap * math.sin(angle),
        other.width, other.depth, other.height, other.yaw, other.is_round,
    )  # fmt: skip


def _fits(solid: Solid, others: list[Solid]) -> bool:
    outline = solid.outline()
    if np.abs(outline[:, 0]).max() > COUNTER_CM[0] / 2 + 2:
        return False
    if np.abs(outline[:, 1]).max() > COUNTER_CM[1] / 2 + 2:
        return False
    return not any(_overlap(solid, other) for other in others)


def _overlap(first: Solid, second: Solid) -> bool:
    """Footprints share ground; centres are tried too, as equal outlines defeat the clipping."""
    hulls = [cv2.convexHull(solid.outline().astype(np.float32)) for solid in (first, second)]
    if cv2.pointPolygonTest(hulls[1], (first.x, first.y), measureDist=False) >= 0:
        return True
    area, _ = cv2.intersectConvexConvex(hulls[0], hulls[1])
    return float(area) > 0
