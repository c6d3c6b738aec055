"""Views of a product from its mesh, quickly: coloured surface points, splatted with depth.

Flow: mesh.obj + texture.jpg -> SurfaceCloud -> Sprite (BGRA)

About 15 ms a view on one core, so training never waits for a renderer. Light is direct and
simple; real light transport comes from rendered scenes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sync.preprocess import Picture
from trainer.dataset.compose import Sprite
from trainer.errors import DatasetError

NUM_POINTS = 120_000  # about 3 per visible pixel of a 200 px sprite
TEXELS_PER_PIXEL = 1.5  # the texture is reduced to this, against aliasing
DEPTH_TOLERANCE = 0.02  # of the product's size: points this close behind the nearest still count

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Dress = Callable[[Picture], Picture]

# Quarter turns that put each face of the bounding box up; the first is as modelled, z up.
POSES: tuple[NDArray[np.float64], ...] = (
    np.eye(3),
    np.asarray([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    np.asarray([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    np.asarray([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]]),
    np.asarray([[0, 0, -1.0], [0, 1, 0], [1, 0, 0]]),
    np.asarray([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]]),
)
STABILITY_POWER = (
    0.4  # a pose's chance is (base area / height) to this: bags lie, bottles may stand
)


@dataclass(frozen=True, slots=True)
class SurfaceCloud:
    """Points on a product's surface.

    Attributes:
        points: float32 (P, 3), centimetres, centred on the bounding box.
        normals: float32 (P, 3), unit length, outward.
        colours: float32 (P, 3), BGR, 0 to 255.
        extent_cm: float64 (3,), sides of the bounding box.
    """

    points: Floats
    normals: Floats
    colours: Floats
    extent_cm: NDArray[np.float64]

    @property
    def size_cm(self) -> float:
        """Longest side of the bounding box."""
        return float(self.extent_cm.max())


def load_surface(
    folder: Path, sprite_px: int = 200, seed: int = 0, dress: Dress | None = None
) -> SurfaceCloud:
    """Sample the surface of `folder`/mesh.obj with the colours of texture.jpg.

    `dress` may change the texture, so that one mesh serves for many products.

    Raises:
        DatasetError: mesh or texture is missing or cannot be read.
    """
    vertices, uvs, faces, uv_faces = _read_obj(folder / "mesh.obj")
    texture = cv2.imread(str(folder / "texture.jpg"), cv2.IMREAD_COLOR)
    if texture is None:
        raise DatasetError(f"{folder.name} has no readable texture.jpg")
    if dress is not None:
        texture = dress(np.asarray(texture, np.uint8))
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    centred = vertices - (low + high) / 2
    corners = centred[faces]  # (F, 3 corners, 3)
    crossed = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    twice_area = np.linalg.norm(crossed, axis=1)
    texture = _reduced(
        np.asarray(texture, np.uint8), corners, uvs[uv_faces], sprite_px / float((high - low).max())
    )
    random = np.random.default_rng(seed)
    chosen = random.choice(len(faces), NUM_POINTS, p=twice_area / twice_area.sum())
    a, b = random.random((2, NUM_POINTS))
    is_outside = a + b > 1
    a, b = np.where(is_outside, 1 - a, a), np.where(is_outside, 1 - b, b)
    weights = np.stack([1 - a - b, a, b], axis=1)[..., None]  # barycentric
    points = (corners[chosen] * weights).sum(axis=1)
    place = (uvs[uv_faces[chosen]] * weights).sum(axis=1)
    columns = (place[:, 0] % 1.0 * (texture.shape[1] - 1)).astype(np.int64)
    rows = ((1 - place[:, 1]) % 1.0 * (texture.shape[0] - 1)).astype(np.int64)
    normals = (crossed / np.maximum(twice_area[:, None], 1e-12))[chosen]
    outward = 1.0 if float((points * normals).sum()) >= 0 else -1.0  # some files wind the other way
    return SurfaceCloud(
        points.astype(np.float32),
        (normals * outward).astype(np.float32),
        texture[rows, columns].astype(np.float32),
        high - low,
    )


def render_view(cloud: SurfaceCloud, random: np.random.Generator, sprite_px: int = 200) -> Sprite:
    """The product as a counter camera might see it, on a transparent square."""
    turn = _counter_rotation(cloud.extent_cm, random)
    distance = cloud.size_cm * random.uniform(2.0, 6.0)
    points = cloud.points @ turn.T.astype(np.float32)  # camera looks along -z
    depth = distance - points[:, 2]
    # Facing is judged towards the lens, not along the axis: perspective shows less of the sides.
    normals = cloud.normals @ turn.T.astype(np.float32)
    towards = np.asarray([0, 0, distance], dtype=np.float32) - points
    seen = (normals * towards).sum(axis=1) > 0
    scale = sprite_px * 0.92 * distance / (cloud.size_cm * 1.15)
    x = points[seen, 0] / depth[seen] * scale + sprite_px / 2
    y = -points[seen, 1] / depth[seen] * scale + sprite_px / 2
    colours = shaded(cloud.colours[seen], normals[seen], random_lamp(random))
    slack = cloud.size_cm * DEPTH_TOLERANCE
    square = (sprite_px, sprite_px)
    picture, is_whole, _ = splat(x, y, depth[seen], colours, square, slack)
    return np.dstack([picture, np.where(is_whole, np.uint8(255), np.uint8(0))])


def splat(
    x: Floats, y: Floats, depth: Floats, colours: Floats, size: tuple[int, int], slack: float
) -> tuple[Picture, NDArray[np.bool_], Floats]:
    """Average of the nearest points of each pixel; pinholes are closed.

    Args:
        x, y: pixels; points outside are dropped.
        depth: distance from the lens, the unit of `slack`.
        size: height and width of the result.
        slack: points this far behind the nearest still count.

    Returns:
        uint8 BGR, where the surface is, and its depth (infinite elsewhere).
    """
    height, width = size
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    pixel = y[inside].astype(np.int64) * width + x[inside].astype(np.int64)
    depth, colours = depth[inside], colours[inside]
    nearest = np.full(height * width, np.inf, dtype=np.float32)
    np.minimum.at(nearest, pixel, depth)
    front = depth <= nearest[pixel] + slack
    pixel, colours = pixel[front], colours[front]
    count = np.bincount(pixel, minlength=height * width).astype(np.float32)
    sums = [np.bincount(pixel, colours[:, c], minlength=height * width) for c in range(3)]
    mean = np.stack(sums, axis=1) / np.maximum(count, 1)[:, None]
    picture = np.clip(mean, 0, 255).astype(np.float32).reshape(height, width, 3)
    return _closed(picture, (count > 0).reshape(size), nearest.reshape(size))


def _closed(
    picture: Floats, hit: NDArray[np.bool_], depth: Floats
) -> tuple[Picture, NDArray[np.bool_], Floats]:
    """Fill gaps between points with the mean of their neighbours."""
    share = cv2.blur(hit.astype(np.float32), (3, 3))
    spread = cv2.blur(picture * hit[..., None], (3, 3))
    # A gap has points on several sides; a pixel outside the outline has few.
    is_whole = hit | (share > 0.5)
    closed = cv2.morphologyEx(is_whole.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    is_whole = closed > 0
    holes = is_whole & ~hit
    filled = spread / np.maximum(share, 1e-3)[..., None]
    colours = np.where(holes[..., None], filled, picture)
    near = cv2.erode(np.where(hit, depth, 1e6).astype(np.float32), np.ones((3, 3), np.uint8))
    depths = np.where(holes, near, depth)
    return np.clip(colours, 0, 255).astype(np.uint8), is_whole, depths.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Lamp:
    """Light of one picture: direction to the lamp (3,), ambient share, gloss of the surfaces."""

    direction: Floats
    ambient: float
    gloss: float
    sharpness: float


def random_lamp(random: np.random.Generator) -> Lamp:
    """Soft light from above, in camera axes."""
    towards = np.asarray([random.uniform(-1, 1), random.uniform(-0.2, 1), random.uniform(0.4, 1)])
    return Lamp(
        (towards / np.linalg.norm(towards)).astype(np.float32),
        random.uniform(0.35, 0.75),
        random.uniform(0, 90),
        random.uniform(8, 60),
    )


def shaded(colours: Floats, normals: Floats, lamp: Lamp) -> Floats:
    """Ambient, diffuse and a highlight; normals and lamp in camera axes."""
    lambert = np.abs(normals @ lamp.direction)
    halfway = lamp.direction + np.asarray([0, 0, 1], dtype=np.float32)
    halfway /= np.linalg.norm(halfway)
    highlight = lamp.gloss * np.abs(normals @ halfway) ** lamp.sharpness
    lit = colours * (lamp.ambient + (1.1 - lamp.ambient) * lambert)[:, None] + highlight[:, None]
    return np.asarray(lit, dtype=np.float32)


def resting_rotation(
    extent_cm: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    """Product axes to counter axes (z up): a pose in which goods rest, and any yaw."""
    turned = np.stack([np.abs(pose @ extent_cm) for pose in POSES])  # (6, x y z)
    weights = (turned[:, 0] * turned[:, 1] / turned[:, 2]) ** STABILITY_POWER
    weights[-1] *= 0.1  # hardly anything stands on its head
    pose = POSES[int(random.choice(len(POSES), p=weights / weights.sum()))]
    yaw = random.uniform(0, 2 * np.pi)
    spin = np.asarray([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    return np.asarray(spin @ pose, dtype=np.float64)


def _counter_rotation(
    extent_cm: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    """Product axes to camera axes: a resting pose, any yaw, the camera 25 to 90 degrees up."""
    resting = resting_rotation(extent_cm, random)
    elevation = np.deg2rad(random.uniform(25, 90))
    tilt = np.pi / 2 - elevation  # camera z is towards the lens
    lean = np.asarray(
        [[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]]
    )
    return np.asarray(lean.T @ resting, dtype=np.float64)


def _reduced(texture: Picture, corners: Doubles, uvs: Doubles, pixels_per_cm: float) -> Picture:
    """The texture at TEXELS_PER_PIXEL of the sprites to come."""
    area_cm2 = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    ).sum()
    edges = uvs[:, 1:] - uvs[:, :1]
    share = np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]).sum()
    texels_per_cm = np.sqrt(share * texture.shape[0] * texture.shape[1] / max(area_cm2, 1e-9))
    factor = pixels_per_cm * TEXELS_PER_PIXEL / max(float(texels_per_cm), 1e-9)
    if factor >= 1:
        return texture
    size = (max(8, round(texture.shape[1] * factor)), max(8, round(texture.shape[0] * factor)))
    return np.asarray(cv2.resize(texture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _read_obj(
    path: Path,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Vertices, texture places, and triangles as indices into both; polygons become fans."""
    vertices, uvs, faces, uv_faces = [], [], [], []
    try:
        lines = path.read_text().splitlines()
    except OSError as err:
        raise DatasetError(f"{path.parent.name} has no readable mesh.obj") from err
    for line in lines:
        kind, *values = line.split() or [""]
        if kind == "v":
            vertices.append([float(v) for v in values[:3]])
        elif kind == "vt":
            uvs.append([float(v) for v in values[:2]])
        elif kind == "f":
            corners = [[int(n) - 1 for n in value.split("/")[:2]] for value in values]
            for second, third in zip(corners[1:], corners[2:], strict=False):
                faces.append([corners[0][0], second[0], third[0]])
                uv_faces.append([corners[0][1], second[1], third[1]])
    if not faces or not uvs:
        raise DatasetError(f"{path.parent.name}/mesh.obj has no textured triangles")
    return np.asarray(vertices), np.asarray(uvs), np.asarray(faces), np.asarray(uv_faces)
