"""A small software rasteriser: catalogue pictures and full silhouettes without a renderer.

Flow: mesh + camera -> mask, or a softly lit picture on white

Light that bounces, shadows and glass are mitsuba_scene.py's work.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def silhouette(
    uv_px: Floats, depth_cm: Floats, faces: NDArray[np.int64], height: int, width: int
) -> NDArray[np.uint8]:
    """Where a mesh would be seen with nothing in front of it, uint8 (height, width) of 0 and 1.

    Args:
        uv_px: projected vertices (N, 2).
        depth_cm: distance along the optical axis (N,); triangles behind the camera are dropped.
        faces: (F, 3).
        height: of the picture.
        width: of the picture.
    """
    mask = np.zeros((height, width), np.uint8)
    front = (depth_cm[faces] > 1.0).all(axis=1)
    corners = uv_px[faces[front]]
    # Sub-pixel corners: cv2 takes fixed point with 4 fractional bits.
    fixed = np.clip(np.round(corners * 16), -(2**20), 2**20).astype(np.int32)
    for triangle in fixed:
        cv2.fillConvexPoly(mask, triangle, 1, lineType=cv2.LINE_8, shift=4)
    return mask


def studio_picture(
    vertices: Floats,
    uvs: Floats,
    faces: NDArray[np.int64],
    texture: NDArray[np.uint8],
    size_px: int,
) -> NDArray[np.uint8]:
    """The product from slightly above and to the right, on white, RGB uint8 (size, size, 3).

    Args:
        vertices: (N, 3) centimetres, z up, front facing -y.
        uvs: (N, 2).
        faces: (F, 3).
        texture: RGB uint8.
        size_px: edge length of the picture; it is drawn at twice the size and reduced.
    """
    turned = vertices @ _turn(yaw=np.radians(-24), pitch=np.radians(16)).T
    canvas = size_px * 2
    low, high = turned.min(axis=0), turned.max(axis=0)
    scale = canvas * 0.9 / max(high[0] - low[0], high[2] - low[2])
    x = (turned[:, 0] - (low[0] + high[0]) / 2) * scale + canvas / 2
    y = -(turned[:, 2] - (low[2] + high[2]) / 2) * scale + canvas / 2
    points = np.stack([x, y, turned[:, 1]], axis=1)
    normals = _vertex_shade(turned, faces)
    picture = np.full((canvas, canvas, 3), 255, np.float32)
    nearest = np.full((canvas, canvas), np.inf, np.float32)
    blurred = _reduced(texture, scale, vertices, uvs, faces)
    for index, face in enumerate(faces):
        _draw(picture, nearest, points[face], uvs[face], normals[index], blurred)
    small = cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return np.clip(small, 0, 255).astype(np.uint8)


def _turn(yaw: float, pitch: float) -> Floats:
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    around_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    around_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    return np.asarray(around_x @ around_z)


def _vertex_shade(vertices: Floats, faces: NDArray[np.int64]) -> Floats:
    """Brightness per triangle, (F,), from a light at the upper left front."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    normal *= np.where(normal[:, 1:2] > 0, -1.0, 1.0)
    light = np.array([-0.45, -0.65, 0.61])
    return np.asarray(0.62 + 0.42 * np.clip(normal @ light, 0, 1))


def _reduced(
    texture: NDArray[np.uint8],
    px_per_cm: float,
    vertices: Floats,
    uvs: Floats,
    faces: NDArray[np.int64],
) -> NDArray[np.float32]:
    """The texture with about as many pixels as the picture shows."""
    height, width = texture.shape[:2]
    density = texel_density(vertices, uvs, faces, width, height)
    share = min(1.0, 1.2 * px_per_cm / max(density, 1e-6))
    size = (max(int(width * share), 8), max(int(height * share), 8))
    return cv2.resize(texture, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def texel_density(
    vertices: Floats, uvs: Floats, faces: NDArray[np.int64], width: int, height: int
) -> float:
    """Texture pixels per centimetre of surface, on average."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    p, q, r = (uvs[faces[:, i]] * [width, height] for i in range(3))
    e, f = q - p, r - p
    texels = np.abs(e[:, 0] * f[:, 1] - e[:, 1] * f[:, 0]).sum() / 2
    return float(np.sqrt(texels / max(area, 1e-9)))


def _draw(
    picture: NDArray[np.float32],
    nearest: NDArray[np.float32],
    corners: Floats,
    uvs: Floats,
    shade: float,
    texture: NDArray[np.float32],
) -> None:
    low = np.floor(corners[:, :2].min(axis=0)).astype(int)
    high = np.ceil(corners[:, :2].max(axis=0)).astype(int) + 1
    low = np.maximum(low, 0)
    high = np.minimum(high, picture.shape[0])
    e, f = corners[1] - corners[0], corners[2] - corners[0]
    area = e[0] * f[1] - e[1] * f[0]
    if abs(area) < 1e-9 or (high <= low).any():
        return
    gx, gy = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
    dx, dy = gx - corners[0, 0], gy - corners[0, 1]
    s = (dx * f[1] - dy * f[0]) / area
    t = (e[0] * dy - e[1] * dx) / area
    inside = (s >= -1e-6) & (t >= -1e-6) & (s + t <= 1 + 1e-6)
    depth = corners[0, 2] + s * e[2] + t * f[2]
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    wins = inside & (depth < nearest[window])
    if not wins.any():
        return
    uv = uvs[0] + s[wins][:, None] * (uvs[1] - uvs[0]) + t[wins][:, None] * (uvs[2] - uvs[0])
    height, width = texture.shape[:2]
    column = np.clip((uv[:, 0] % 1.000001) * width, 0, width - 1).astype(int)
    row = np.clip((1 - uv[:, 1] % 1.000001) * height, 0, height - 1).astype(int)
    nearest[window][wins] = depth[wins]
    picture[window][wins] = texture[row, column] * shade
