"""Meshes of the product shapes in our own catalogue: carton, lathe, pouch, tube, blob.

Flow: sizes in centimetres -> ProductMesh

z is up, the front faces -y, the origin is the centre of the bounding box. Every shape is
closed enough to be opaque from all sides. Drawing the texture is label_art.py's work.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ProductMesh:
    """Triangles with one texture.

    Attributes:
        vertices: float64 (N, 3), centimetres.
        uvs: float64 (N, 2), in [0, 1], v upward as in OBJ.
        faces: int64 (F, 3), indices into both.
    """

    vertices: Floats
    uvs: Floats
    faces: NDArray[np.int64]

    def size_cm(self) -> Floats:
        """Edge lengths of the bounding box, (3,)."""
        return np.asarray(self.vertices.max(axis=0) - self.vertices.min(axis=0))


@dataclass(frozen=True)
class CartonNet:
    """Where the six faces of a carton lie in its texture, in centimetres from the top left."""

    width_cm: float
    depth_cm: float
    height_cm: float

    @property
    def sheet_cm(self) -> tuple[float, float]:
        """Width and height of the whole sheet."""
        return 2 * (self.width_cm + self.depth_cm), self.height_cm + self.depth_cm

    def face_cm(self, face: str) -> tuple[float, float, float, float]:
        """x, y, width, height of `face`: front, right, back, left, top or bottom."""
        w, d, h = self.width_cm, self.depth_cm, self.height_cm
        return {
            "front": (0.0, d, w, h),
            "right": (w, d, d, h),
            "back": (w + d, d, w, h),
            "left": (2 * w + d, d, d, h),
            "top": (0.0, 0.0, w, d),
            "bottom": (w + d, 0.0, w, d),
        }[face]


def centred(mesh: ProductMesh) -> ProductMesh:
    """The same mesh with the centre of its bounding box at the origin."""
    middle = (mesh.vertices.max(axis=0) + mesh.vertices.min(axis=0)) / 2
    return ProductMesh(mesh.vertices - middle, mesh.uvs, mesh.faces)


def carton_mesh(net: CartonNet, roof_cm: float = 0.0) -> ProductMesh:
    """A box, or a gable-top carton where `roof_cm` is above zero (the roof uses the top face)."""
    w, d, h = net.width_cm / 2, net.depth_cm / 2, net.height_cm
    quads: list[tuple[str, list[tuple[float, float, float]]]] = [
        ("front", [(-w, -d, 0), (w, -d, 0), (w, -d, h), (-w, -d, h)]),
        ("right", [(w, -d, 0), (w, d, 0), (w, d, h), (w, -d, h)]),
        ("back", [(w, d, 0), (-w, d, 0), (-w, d, h), (w, d, h)]),
        ("left", [(-w, d, 0), (-w, -d, 0), (-w, -d, h), (-w, d, h)]),
        ("bottom", [(-w, d, 0), (w, d, 0), (w, -d, 0), (-w, -d, 0)]),
    ]
    if roof_cm > 0:
        top, fin = h + roof_cm, h + roof_cm * 1.35
        quads += [
            ("top", [(-w, -d, h), (w, -d, h), (w, 0, top), (-w, 0, top)]),
            ("top", [(w, d, h), (-w, d, h), (-w, 0, top), (w, 0, top)]),
            ("top", [(-w, -0.05, top), (w, -0.05, top), (w, -0.05, fin), (-w, -0.05, fin)]),
            ("top", [(w, 0.05, top), (-w, 0.05, top), (-w, 0.05, fin), (w, 0.05, fin)]),
            ("bottom", [(w, -d, h), (w, d, h), (w, 0, top), (w, 0, top)]),
            ("bottom", [(-w, d, h), (-w, -d, h), (-w, 0, top), (-w, 0, top)]),
        ]
    else:
        quads.append(("top", [(-w, -d, h), (w, -d, h), (w, d, h), (-w, d, h)]))
    sheet_w, sheet_h = net.sheet_cm
    vertices: list[tuple[float, float, float]] = []
    uvs: list[tuple[float, float]] = []
    faces: list[tuple[int, int, int]] = []
    for face, corners in quads:
        x, y, fw, fh = net.face_cm(face)
        box = [(x, y + fh), (x + fw, y + fh), (x + fw, y), (x, y)]
        first = len(vertices)
        vertices += corners
        uvs += [(px / sheet_w, 1 - py / sheet_h) for px, py in box]
        faces += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    return centred(
        ProductMesh(np.array(vertices, float), np.array(uvs, float), np.array(faces, np.int64))
    )


def lathe_mesh(profile: list[tuple[float, float]], segments: int = 40) -> ProductMesh:
    """A body of revolution about z; v runs along the profile's length, u once around.

    Args:
        profile: (radius, z) from the bottom centre to the top centre; a point given twice makes
            a hard edge there.
        segments: how many faces around.
    """
    points = np.array(profile, float)
    step = np.hypot(*np.diff(points, axis=0).T)
    v = np.concatenate([[0.0], np.cumsum(step)])
    v /= v[-1]
    turn = np.linspace(0, 2 * np.pi, segments + 1)
    # u = 0.5 is the front (-y), so that a label drawn in the middle of the sheet looks forward.
    angle = turn - 1.5 * np.pi
    x = points[:, :1] * np.cos(angle)
    y = points[:, :1] * np.sin(angle)
    z = np.repeat(points[:, 1:], segments + 1, axis=1)
    uvs = np.stack(np.broadcast_arrays(turn / (2 * np.pi), v[:, None]), axis=-1)
    return centred(_grid(np.stack([x, y, z], axis=-1), uvs, skip_rows=step < 1e-9))


def profile_v(profile: list[tuple[float, float]]) -> Floats:
    """The v coordinate of every point of a lathe profile, (N,)."""
    step = np.hypot(*np.diff(np.array(profile, float), axis=0).T)
    v = np.concatenate([[0.0], np.cumsum(step)])
    return np.asarray(v / v[-1])


def pouch_mesh(width_cm: float, depth_cm: float, height_cm: float, seed: int) -> ProductMesh:
    """A filled bag: front in the left half of the texture, back in the right half."""
    n = 20
    s = np.linspace(-1, 1, n + 1)
    gx, gz = np.meshgrid(s, s)
    rng = np.random.default_rng(seed)
    wrinkle = np.zeros_like(gx)
    for _ in range(6):
        kx, kz, phase = rng.uniform(2, 6), rng.uniform(1, 5), rng.uniform(0, 6.3)
        wrinkle += np.sin(kx * gx + kz * gz + phase) / 6
    belly = (
        np.clip(1 - np.abs(gx) ** 2.6, 0, 1) ** 0.55 * np.clip(1 - np.abs(gz) ** 3.5, 0, 1) ** 0.6
    )
    bulge = depth_cm / 2 * belly * (0.9 + 0.14 * wrinkle)
    narrow = 1 - 0.05 * (1 - gz**2)
    x, z = gx * width_cm / 2 * narrow, gz * height_cm / 2
    u = (gx + 1) / 4
    v = (gz + 1) / 2
    front = _grid(np.stack([x, -bulge - 0.03, z], -1), np.stack([u, v], -1))
    back = _grid(np.stack([-x, bulge + 0.03, z], -1), np.stack([u + 0.5, v], -1))
    return centred(joined([front, back]))


def tube_mesh(length_cm: float, radius_cm: float, bend: float, taper: float) -> ProductMesh:
    """A round, tapered, bent tube along x (banana, cucumber): u along, v around."""
    rows, around = 28, 20
    t = np.linspace(-1, 1, rows + 1)
    radius = radius_cm * np.clip(1 - np.abs(t) ** taper, 0, 1) ** 0.5
    half = bend / 2
    arc = length_cm / bend if bend > 1e-6 else 0.0
    if arc:
        cx, cy = arc * np.sin(t * half), arc * (1 - np.cos(t * half))
        nx, ny = -np.sin(t * half), np.cos(t * half)
    else:
        cx, cy = t * length_cm / 2, np.zeros_like(t)
        nx, ny = np.zeros_like(t), np.ones_like(t)
    angle = np.linspace(0, 2 * np.pi, around + 1)
    rc = radius[:, None] * np.cos(angle)
    x, y = cx[:, None] + nx[:, None] * rc, cy[:, None] + ny[:, None] * rc
    z = radius[:, None] * np.sin(angle)
    u = np.broadcast_to((t[:, None] + 1) / 2, z.shape)
    v = np.broadcast_to(angle / (2 * np.pi), z.shape)
    return centred(_grid(np.stack([x, y, z], -1), np.stack([u, v], -1)))


def blob_mesh(
    size_cm: tuple[float, float, float], *, dent: float = 0.0, lobes: int = 0, square: float = 2.0
) -> ProductMesh:
    """A fruit or loaf: an ellipsoid with a dented top, `lobes` ribs, or squared-off sides.

    Args:
        size_cm: bounding box before dents.
        dent: 0 for none, about 0.3 for an apple.
        lobes: ribs around the vertical axis (pepper, pumpkin tomato).
        square: exponent of the superellipse; 2 is round, 4 is a loaf.
    """
    rows, around = 22, 32
    polar = np.linspace(-np.pi / 2, np.pi / 2, rows + 1)[:, None]
    angle = np.linspace(0, 2 * np.pi, around + 1)[None, :]

    def rounded(value: Floats) -> Floats:
        return np.asarray(np.sign(value) * np.abs(value) ** (2 / square))

    rib = 1 + (0.07 * np.cos(lobes * angle) if lobes else 0.0)
    radial = rounded(np.cos(polar)) * rib
    x, y = radial * rounded(np.cos(angle)), radial * rounded(np.sin(angle))
    z = np.broadcast_to(rounded(np.sin(polar)), x.shape)
    z = z - dent * np.sign(z) * np.exp(-((radial / 0.35) ** 2))
    u = np.broadcast_to(angle / (2 * np.pi), x.shape)
    v = np.broadcast_to((polar + np.pi / 2) / np.pi, x.shape)
    xyz = np.stack([x * size_cm[0] / 2, y * size_cm[1] / 2, z * size_cm[2] / 2], -1)
    return centred(_grid(xyz, np.stack([u, v], -1)))


def joined(parts: list[ProductMesh]) -> ProductMesh:
    """Several meshes that share one texture as one."""
    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    return ProductMesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.uvs for part in parts]),
        np.concatenate([part.faces + at for part, at in zip(parts, offsets, strict=True)]),
    )


def write_obj(mesh: ProductMesh, folder: Path) -> None:
    """Write mesh.obj and mesh.mtl in the form every packs folder has."""
    lines = ["mtllib mesh.mtl", "usemtl m"]
    lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in mesh.vertices]
    lines += [f"vt {u:.5f} {v:.5f}" for u, v in mesh.uvs]
    lines += [f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in (mesh.faces + 1)]
    (folder / "mesh.obj").write_text("\n".join(lines) + "\n", encoding="ascii")
    (folder / "mesh.mtl").write_text("newmtl m\nmap_Kd texture.jpg\n", encoding="ascii")


def _grid(xyz: Floats, uvs: Floats, skip_rows: NDArray[np.bool_] | None = None) -> ProductMesh:
    rows, columns = xyz.shape[0], xyz.shape[1]
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b = index[:-1, :-1], index[:-1, 1:]
    c, d = index[1:, 1:], index[1:, :-1]
    if skip_rows is not None:
        keep = ~skip_rows
        a, b, c, d = a[keep], b[keep], c[keep], d[keep]
    faces = np.concatenate(
        [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    )
    return ProductMesh(xyz.reshape(-1, 3), np.asarray(uvs, float).reshape(-1, 2), faces)
