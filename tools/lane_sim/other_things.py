"""Things that lie or move on a counter and are no items: phone, wallet, keys, hand with forearm.

Flow: a random source -> OtherThing with its mesh and texture in a working folder

Never part of a basket's truth; the truth file lists them apart.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.lane_sim.mitsuba_scene import OtherThing
from tools.lane_sim.placement import PlacedItem, is_clear
from tools.lane_sim.product_mesh import (
    CartonNet,
    ProductMesh,
    blob_mesh,
    carton_mesh,
    joined,
    write_obj,
)

Floats = NDArray[np.float64]
_MAX_TRIES = 30
THINGS = ("phone", "wallet", "keys", "hand")
_SKINS = ((236, 196, 168), (214, 166, 132), (168, 118, 84), (112, 74, 52), (78, 52, 40))


def make_thing(
    name: str, folder: Path, rng: np.random.Generator, items: list[PlacedItem]
) -> OtherThing | None:
    """A thing lying on the counter (a hand reaches in from the shopper's side).

    Args:
        name: one of THINGS.
        folder: where its mesh and texture are written.
        rng: colours, size and place.
        items: what already lies there; a thing that finds no free place gives None.

    Raises:
        ValueError: no such thing.
    """
    if name not in THINGS:
        raise ValueError(f"thing {name!r}; there are {', '.join(THINGS)}")
    mesh, texture = {"phone": _phone, "wallet": _wallet, "keys": _keys, "hand": _hand}[name](rng)
    place = folder / f"{name}{int(rng.integers(1 << 30))}"
    place.mkdir(parents=True)
    write_obj(mesh, place)
    Image.fromarray(texture).save(place / "texture.jpg", quality=92)
    for _ in range(_MAX_TRIES):
        rotation, at = _place(name, mesh, rng)
        if is_clear(mesh.vertices @ rotation.T + at, items):
            break
    else:
        return None
    finish = "metal" if name == "keys" else "matte"
    return OtherThing(name, place / "mesh.obj", place / "texture.jpg", rotation, at, finish)


def _place(name: str, mesh: ProductMesh, rng: np.random.Generator) -> tuple[Floats, Floats]:
    turn = rng.uniform(0, 2 * np.pi)
    at = np.array([rng.uniform(-27, 27), rng.uniform(-18, 18), -float(mesh.vertices[:, 2].min())])
    if name == "hand":
        turn = rng.uniform(-0.5, 0.5)
        at = np.array([rng.uniform(-24, 24), rng.uniform(-20, 8), rng.uniform(5, 14)])
    c, s = np.cos(turn), np.sin(turn)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]), at


def hand_mesh() -> ProductMesh:
    """A right hand, palm down, fingers towards +y, with a forearm; the palm's centre is the origin.

    The left half of the texture is the sleeve, the right half the skin.
    """
    skin, sleeve = (0.55, 0.95), (0.05, 0.45)
    palm = blob_mesh((8.4, 9.6, 3.0), square=2.6)
    parts = [ProductMesh(palm.vertices, palm.uvs * [0.4, 1] + [0.55, 0], palm.faces)]
    for k, (x, length) in enumerate(((-3.1, 6.2), (-1.05, 7.4), (1.0, 7.0), (3.0, 5.4))):
        knuckle = np.array([x, 4.2, 0.2])
        middle = knuckle + [0.15 * (k - 1.5), length * 0.55, 0.3]
        tip = middle + [0.1 * (k - 1.5), length * 0.38, -1.6]
        parts += [_limb(knuckle, middle, 0.95, 0.88, skin), _limb(middle, tip, 0.86, 0.7, skin)]
    thumb = np.array([-3.6, -1.0, -0.3])
    parts += [
        _limb(thumb, thumb + [-2.6, 2.6, -0.6], 1.2, 1.0, skin),
        _limb(thumb + [-2.6, 2.6, -0.6], thumb + [-2.7, 5.3, -1.6], 0.98, 0.75, skin),
        _limb(np.array([0, -3.5, 0]), np.array([0.4, -12.0, 1.2]), 2.7, 2.9, skin),
        _limb(np.array([0.4, -11.0, 1.2]), np.array([2.0, -62.0, 9.0]), 3.9, 5.6, sleeve),
    ]
    return joined(parts)


def arm_texture(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Sleeve left, skin right, RGB uint8 (64, 128, 3)."""
    skin = np.array(_SKINS[int(rng.integers(len(_SKINS)))], float)
    sleeve = rng.uniform(20, 220, 3) if rng.random() < 0.75 else skin
    picture = np.empty((64, 128, 3))
    picture[:, :64] = sleeve
    picture[:, 64:] = skin
    soft = cv2.resize(rng.normal(0, 1, (8, 16)).astype(np.float32), (128, 64))
    return np.clip(picture + 3 * soft[..., None], 0, 255).astype(np.uint8)


def _hand(rng: np.random.Generator) -> tuple[ProductMesh, NDArray[np.uint8]]:
    mesh = hand_mesh()
    mirror = np.array([1.0 if rng.random() < 0.6 else -1.0, 1.0, 1.0])
    return ProductMesh(mesh.vertices * mirror, mesh.uvs, mesh.faces), arm_texture(rng)


def _phone(rng: np.random.Generator) -> tuple[ProductMesh, NDArray[np.uint8]]:
    net = CartonNet(7.2, 0.9, 15.0)
    sheet = _sheet(net, rng.uniform(8, 60, 3))
    if rng.random() < 0.6:
        x, y, w, h = (int(v * 20) for v in net.face_cm("back"))
        screen = cv2.resize(rng.uniform(20, 255, (7, 4, 3)).astype(np.float32), (w - 12, h - 16))
        sheet[y + 8 : y + 8 + screen.shape[0], x + 6 : x + 6 + screen.shape[1]] = screen
    return _lying(carton_mesh(net)), sheet


def _wallet(rng: np.random.Generator) -> tuple[ProductMesh, NDArray[np.uint8]]:
    net = CartonNet(rng.uniform(10, 19), rng.uniform(1.6, 2.6), rng.uniform(8.5, 10))
    leather = np.array(
        [(92, 56, 34), (34, 30, 30), (128, 40, 44), (60, 70, 90)][int(rng.integers(4))], float
    )
    sheet = _sheet(net, leather).astype(np.float32)
    sheet += cv2.GaussianBlur(rng.normal(0, 22, sheet.shape[:2]).astype(np.float32), (0, 0), 1.2)[
        ..., None
    ]
    return _lying(carton_mesh(net)), np.clip(sheet, 0, 255).astype(np.uint8)


def _keys(rng: np.random.Generator) -> tuple[ProductMesh, NDArray[np.uint8]]:
    metal = (0.1, 0.9)
    parts = []
    angles = np.linspace(0, 2 * np.pi, 13)
    ring = [np.array([1.5 * np.cos(a), 1.5 * np.sin(a), 0.2]) for a in angles]
    parts += [_limb(ring[i], ring[i + 1], 0.14, 0.14, metal, 6) for i in range(12)]
    for _ in range(int(rng.integers(2, 4))):
        a = rng.uniform(0, 2 * np.pi)
        start = np.array([1.8 * np.cos(a), 1.8 * np.sin(a), 0.3])
        parts.append(
            _limb(start, start + 5.0 * np.array([np.cos(a), np.sin(a), 0.0]), 0.45, 0.3, metal, 8)
        )
        bow = blob_mesh((2.4, 2.4, 0.5))
        parts.append(
            ProductMesh(
                bow.vertices + start + [0.6 * np.cos(a), 0.6 * np.sin(a), 0],
                bow.uvs * 0.5,
                bow.faces,
            )
        )
    grey = np.clip(rng.normal(168, 10, (32, 32, 1)) + np.array([6, 2, -6]), 0, 255)
    return joined(parts), grey.astype(np.uint8)


def _sheet(net: CartonNet, colour: Floats) -> NDArray[np.uint8]:
    width, height = (int(v * 20) for v in net.sheet_cm)
    return np.broadcast_to(colour.astype(np.uint8), (height, width, 3)).copy()


def _lying(mesh: ProductMesh) -> ProductMesh:
    """The back face up."""
    return ProductMesh(
        mesh.vertices @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]).T @ np.diag([1, -1, -1]),
        mesh.uvs,
        mesh.faces,
    )


def _limb(
    start: Floats, end: Floats, r0: float, r1: float, u_range: tuple[float, float], around: int = 14
) -> ProductMesh:
    """A tapered capsule; u stays within `u_range`, so that parts share one texture."""
    axis = end - start
    length = float(np.linalg.norm(axis))
    axis = axis / length
    side = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    up = np.cross(axis, side)
    cap = np.linspace(0, np.pi / 2, 4)
    rings = [(-r0 * np.cos(a), r0 * np.sin(a)) for a in cap] + [
        (length + r1 * np.sin(a), r1 * np.cos(a)) for a in cap
    ]
    turn = np.linspace(0, 2 * np.pi, around + 1)
    vertices, uvs, faces = [], [], []
    for i, (along, radius) in enumerate(rings):
        for j, angle in enumerate(turn):
            vertices.append(
                start + axis * along + radius * (side * np.cos(angle) + up * np.sin(angle))
            )
            uvs.append((u_range[0] + (u_range[1] - u_range[0]) * j / around, i / (len(rings) - 1)))
            if i and j:
                a, b = (i - 1) * (around + 1) + j - 1, i * (around + 1) + j - 1
                faces += [(a, a + 1, b + 1), (a, b + 1, b)]
    return ProductMesh(np.array(vertices), np.array(uvs), np.array(faces, np.int64))
