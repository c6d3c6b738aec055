"""The arm that puts, takes and points: drawn over a rendered plate, the same in every camera.

Flow: palm position + camera -> colour and coverage of the arm, and its shadow

A textured mesh in flat triangles, lit like the counter; it is no item. Physically based hands in
stills are other_things.py's.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.lane_sim.camera_rig import CameraView
from tools.lane_sim.counter_look import CounterLook
from tools.lane_sim.other_things import arm_texture, hand_mesh
from tools.lane_sim.product_mesh import ProductMesh

Floats = NDArray[np.float64]
Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class Arm:
    """One person's arm for one clip.

    Attributes:
        albedo: linear RGB per triangle (F, 3).
        normals: per triangle (F, 3), outward.
        turn: rotation about z, the direction the forearm comes from.
    """

    mesh: ProductMesh
    albedo: Floats
    normals: Floats
    turn: Floats


def drawn_arm(rng: np.random.Generator) -> Arm:
    """An arm with random skin, sleeve, side and direction."""
    mesh = hand_mesh()
    if rng.random() < 0.4:
        mesh = ProductMesh(mesh.vertices * [-1.0, 1.0, 1.0], mesh.uvs, mesh.faces)
    texture = (arm_texture(rng).astype(float) / 255) ** 2.2
    middle = mesh.uvs[mesh.faces].mean(axis=1)
    column = np.clip((middle[:, 0] * 128).astype(int), 0, 127)
    row = np.clip((middle[:, 1] * 64).astype(int), 0, 63)
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    angle = rng.uniform(-0.3, 0.3)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
    return Arm(mesh, texture[row, column], np.asarray(normals @ turn.T), turn)


def arm_layer(
    arm: Arm, palm_cm: Floats, view: CameraView, look: CounterLook, light: Floats
) -> Layer:
    """Linear colour (H, W, 3) and coverage (H, W) of the arm in one camera.

    Args:
        arm: whose.
        palm_cm: where the palm's centre is.
        view: the camera.
        look: for the key light's direction.
        light: linear light that falls on the counter, RGB (3,).
    """
    points = arm.mesh.vertices @ arm.turn.T + palm_cm
    pixels, depth = view.project(points)
    faces = arm.mesh.faces
    middle = points[faces].mean(axis=1)
    towards = view.position_cm - middle
    facing = np.sign((arm.normals * towards).sum(axis=1))
    outward = arm.normals * facing[:, None]
    key = np.clip(outward @ np.array(look.key_from), 0, 1)
    sky = 0.5 + 0.5 * outward[:, 2]
    shade = 0.25 + 0.35 * sky + 0.45 * key
    colours = 0.75 * arm.albedo * light * shade[:, None]
    colour = np.zeros((view.height_px, view.width_px, 3), np.float32)
    coverage = np.zeros((view.height_px, view.width_px), np.float32)
    order = np.argsort(-depth[faces].mean(axis=1))
    fixed = np.clip(np.round(pixels[faces] * 16), -(2**20), 2**20).astype(np.int32)
    seen = np.asarray((depth[faces] > 4.0).all(axis=1))
    for f in order:
        if seen[f]:
            r, g, b = colours[f]
            cv2.fillConvexPoly(colour, fixed[f], (float(r), float(g), float(b)), cv2.LINE_8, 4)
            cv2.fillConvexPoly(coverage, fixed[f], 1.0, cv2.LINE_8, 4)
    soft = cv2.GaussianBlur(coverage, (0, 0), 0.8)
    smooth = cv2.GaussianBlur(colour, (0, 0), 1.6)
    spread = cv2.GaussianBlur(coverage, (0, 0), 1.6)
    return np.asarray(smooth / np.maximum(spread, 0.05)[..., None], np.float32), np.asarray(
        soft, np.float32
    )


def shadow_layer(
    points_cm: Floats, faces: NDArray[np.int64], view: CameraView, look: CounterLook
) -> NDArray[np.float32]:
    """How much of the key light a body takes from the counter, float32 (H, W) in [0, 1].

    Args:
        points_cm: the body's vertices in the world (N, 3).
        faces: its triangles.
        view: the camera.
        look: for the key light's direction.
    """
    key = np.array(look.key_from)
    height = np.maximum(points_cm[:, 2:], 0.0)
    fallen = points_cm - key * (height / max(key[2], 0.2))
    fallen[:, 2] = 0.0
    small = view.width_px // 4, view.height_px // 4
    pixels, depth = view.project(fallen)
    mask = np.zeros((small[1], small[0]), np.float32)
    ok = (depth[faces] > 4.0).all(axis=1)
    fixed = np.clip(np.round(pixels[faces[ok]] * 4), -(2**20), 2**20).astype(np.int32)
    for triangle in fixed:
        cv2.fillConvexPoly(mask, triangle, 1.0, cv2.LINE_8, 4)
    # The higher the body, the softer its shadow.
    sigma = 1.2 + 0.1 * float(np.clip(height.mean(), 0, 40))
    soft = cv2.GaussianBlur(mask, (0, 0), sigma * view.width_px / 1280)
    return np.asarray(cv2.resize(soft, (view.width_px, view.height_px)), np.float32)
