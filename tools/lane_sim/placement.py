"""Where items lie on the counter: stable poses, no interpenetration, some on top of others.

Flow: packs and a random source -> list[PlacedItem]

No physics engine: an item rests on the plane or on the flat top of a carton, its footprint (convex
hull seen from above) free of every other footprint at that height.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.lane_sim.pack_folder import Pack, load_mesh

Floats = NDArray[np.float64]

REGION_CM = (56.0, 38.0)  # Centres stay inside the tray, so that goods do not hang over its edge.
STAND_RATIO = 0.24  # A body narrower than this share of its height falls over.
MAX_TRIES = 60
_GAP_CM = 0.15
_ROUND = {"can", "bottle", "wine", "jar"}


@dataclass(frozen=True)
class PlacedItem:
    """One item at rest.

    Attributes:
        item_id: stable over the events of one clip.
        rotation: model to world, float64 (3, 3).
        translation: float64 (3,), centimetres.
        pose: standing, lying, side, upside_down or loose.
        on: item_id of what it lies on, empty for the counter.
    """

    item_id: str
    pack: Pack
    rotation: Floats
    translation: Floats
    pose: str
    on: str = ""

    def vertices(self) -> Floats:
        """World coordinates (N, 3)."""
        return np.asarray(
            load_mesh(self.pack.mesh_path).vertices @ self.rotation.T + self.translation
        )

    def centre_cm(self) -> Floats:
        """Middle of the bounding box in the world, (3,)."""
        points = self.vertices()
        return np.asarray((points.min(axis=0) + points.max(axis=0)) / 2)

    def moved_to(self, x: float, y: float) -> "PlacedItem":
        """The same pose somewhere else on the plane."""
        return replace(self, translation=np.array([x, y, self.translation[2]]))


@dataclass(frozen=True)
class _Footprint:
    hull: NDArray[np.float32]
    low: float
    high: float


def placed_items(
    packs: list[Pack],
    rng: np.random.Generator,
    *,
    crowd: float = 0.5,
    stack: float = 0.15,
    already: list[PlacedItem] | None = None,
    first_id: int = 1,
    region_cm: tuple[float, float] = REGION_CM,
) -> list[PlacedItem]:
    """Put `packs` on the counter one after the other; what does not fit is left out.

    Args:
        packs: one entry per item, repeats allowed.
        rng: source of every choice.
        crowd: probability that an item is put close to one that is there.
        stack: probability of trying to lay an item on a flat top.
        already: items that stay where they are.
        first_id: number of the first new item id.
        region_cm: width and depth in which centres may lie.
    """
    items = list(already or [])
    prints = [_footprint(item) for item in items]
    for offset, pack in enumerate(packs):
        for _ in range(MAX_TRIES):
            item = _posed(f"item{first_id + offset}", pack, rng)
            stacked = _stacked(item, items, prints, rng) if rng.random() < stack else None
            item = stacked or _scattered(item, items, rng, crowd, region_cm)
            footprint = _footprint(item)
            if _is_free(footprint, prints):
                items.append(item)
                prints.append(footprint)
                break
    return items[len(already or []) :]


def rests_without_overlap(items: list[PlacedItem]) -> bool:
    """True when no two items share space and none sinks into the counter."""
    prints = [_footprint(item) for item in items]
    for i in range(len(items)):
        if prints[i].low < -1e-6 or not _is_free(prints[i], prints[:i]):
            return False
    return True


def is_clear(points: Floats, items: list[PlacedItem]) -> bool:
    """True when a body with these world points (N, 3) touches none of `items`."""
    return _is_free(_print_of(points), [_footprint(item) for item in items])


def _posed(item_id: str, pack: Pack, rng: np.random.Generator) -> PlacedItem:
    rotation, pose = _stable_rotation(pack, rng)
    rotation = _about(2, rng.uniform(0, 2 * np.pi)) @ rotation
    vertices = load_mesh(pack.mesh_path).vertices @ rotation.T
    return PlacedItem(item_id, pack, rotation, np.array([0.0, 0.0, -vertices[:, 2].min()]), pose)


def _stable_rotation(pack: Pack, rng: np.random.Generator) -> tuple[Floats, str]:
    x, y, z = pack.size_cm
    if pack.shape == "blob":
        return _about(0, rng.normal(0, 0.25)) @ _about(1, rng.normal(0, 0.25)), "loose"
    if pack.shape == "tube":
        return _about(0, rng.uniform(0, 2 * np.pi)) if pack.category == "bakery" else np.eye(
            3
        ), "loose"
    can_stand = min(x, y) / z > STAND_RATIO
    draw = rng.random()
    if pack.shape == "pouch":
        if draw < 0.12 and can_stand:
            return np.eye(3), "standing"
        return _about(0, np.pi / 2 * (-1 if rng.random() < 0.75 else 1)), "lying"
    if pack.shape in _ROUND:
        if can_stand and draw < 0.8:
            return np.eye(3), "standing"
        return _about(0, -np.pi / 2) @ _about(2, rng.uniform(0, 2 * np.pi)), "lying"
    if can_stand and draw < 0.55:
        return np.eye(3), "standing"
    if draw < 0.8:
        return _about(0, -np.pi / 2), "lying"
    if draw < 0.9 or y / x < STAND_RATIO:
        return _about(0, np.pi / 2), "lying"
    return _about(1, np.pi / 2 * (1 if rng.random() < 0.5 else -1)), "side"


def _scattered(
    item: PlacedItem,
    items: list[PlacedItem],
    rng: np.random.Generator,
    crowd: float,
    region_cm: tuple[float, float],
) -> PlacedItem:
    half = np.array(region_cm) / 2
    centre = rng.uniform(-half, half)
    if items and rng.random() < crowd:
        near = items[int(rng.integers(len(items)))].centre_cm()[:2]
        turn = rng.uniform(0, 2 * np.pi)
        centre = np.clip(
            near + rng.uniform(4, 15) * np.array([np.cos(turn), np.sin(turn)]), -half, half
        )
    points = item.vertices()
    middle = (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    # Keep the whole body over the tray where it fits.
    reach = (points[:, :2].max(axis=0) - points[:, :2].min(axis=0)) / 2
    limit = np.maximum(np.array([half[0] + 4, half[1] + 3]) - reach, 0)
    centre = np.clip(centre, -limit, limit) - middle
    return item.moved_to(float(centre[0]), float(centre[1]))


def _stacked(
    item: PlacedItem, items: list[PlacedItem], prints: list[_Footprint], rng: np.random.Generator
) -> PlacedItem | None:
    """`item` on the flat top of a carton that is there and large enough, or None."""
    tops = [
        (other, footprint)
        for other, footprint in zip(items, prints, strict=True)
        if other.pack.shape == "carton" and not other.on and footprint.high < 13
    ]
    if not tops or item.pack.shape in ("blob", "tube"):
        return None
    other, support = tops[int(rng.integers(len(tops)))]
    mine = cv2.contourArea(_footprint(item).hull)
    if mine > 1.15 * cv2.contourArea(support.hull):
        return None
    spot = other.centre_cm()[:2] + rng.normal(0, 0.8, 2)
    points = item.vertices()
    middle = (points.min(axis=0) + points.max(axis=0))[:2] / 2
    shift = spot - middle
    lift = support.high + 0.02
    moved = item.translation + np.array([shift[0], shift[1], lift])
    return replace(item, translation=moved, on=other.item_id)


def _footprint(item: PlacedItem) -> _Footprint:
    return _print_of(item.vertices())


def _print_of(points: Floats) -> _Footprint:
    hull = np.asarray(cv2.convexHull(points[:, :2].astype(np.float32)), np.float32).reshape(-1, 2)
    return _Footprint(hull, float(points[:, 2].min()), float(points[:, 2].max()))


def _is_free(mine: _Footprint, others: list[_Footprint]) -> bool:
    for other in others:
        if mine.low >= other.high - 1e-6 or other.low >= mine.high - 1e-6:
            continue
        low = np.maximum(mine.hull.min(axis=0), other.hull.min(axis=0)) - _GAP_CM
        high = np.minimum(mine.hull.max(axis=0), other.hull.max(axis=0)) + _GAP_CM
        if (low >= high).any():
            continue
        shared, _ = cv2.intersectConvexConvex(mine.hull, other.hull)
        if shared > 0.01:
            return False
    return True


def _about(axis: int, angle: float) -> Floats:
    """Rotation about x (0), y (1) or z (2)."""
    c, s = np.cos(angle), np.sin(angle)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix
