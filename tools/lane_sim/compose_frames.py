"""Puts moving goods, the arm and their shadows over rendered plates, frame by frame.

Flow: plates + sprites + timeline -> BGR frames of one camera

A plate is what the camera sees while nothing moves. Moving goods are cut from a picture of the
item alone and carried along its path; what stands nearer to the camera stays in front.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.lane_sim.camera_rig import CameraView
from tools.lane_sim.counter_look import CounterLook
from tools.lane_sim.hand_sprite import Arm, arm_layer, shadow_layer
from tools.lane_sim.motion_path import Moment
from tools.lane_sim.sensor import developed

Linear = NDArray[np.float32]
_SHUTTER = 0.4  # Share of the frame time the sensor is open, for motion blur.
_NUM_GRAINS = 6


@dataclass(frozen=True)
class Sprite:
    """One body alone on the counter, as one camera sees it at its place of rest.

    Attributes:
        colour: linear (H, W, 3).
        coverage: (H, W) in [0, 1].
        centre_cm: of the body at that place.
        vertices_cm: (N, 3), for the shadow.
    """

    colour: Linear
    coverage: Linear
    centre_cm: NDArray[np.float64]
    vertices_cm: NDArray[np.float64]
    faces: NDArray[np.int64]


@dataclass(frozen=True)
class Plate:
    """The counter while nothing moves: linear picture, item map, depth of each map number."""

    linear: Linear
    item_map: NDArray[np.uint8]
    depth_cm: dict[int, float]


@dataclass(frozen=True)
class CameraLayers:
    """Everything one camera needs; `key_share` is how dark a full shadow gets."""

    view: CameraView
    look: CounterLook
    gain: float
    plates: list[Plate]
    sprites: dict[str, Sprite]
    light: NDArray[np.float64]
    key_share: float


def composed_frames(
    layers: CameraLayers, moments: list[Moment], arm: Arm, seed: int
) -> Iterator[NDArray[np.uint8]]:
    """Every frame of one camera, BGR uint8."""
    rng = np.random.default_rng(seed)
    height, width = layers.plates[0].linear.shape[:2]
    grains = [_grain(height, width, rng) for _ in range(_NUM_GRAINS)]
    still: dict[int, NDArray[np.float32]] = {}
    before: Moment | None = None
    for moment in moments:
        if moment.palm_cm is None and moment.body is None:
            if moment.state not in still:
                still[moment.state] = _display(layers, layers.plates[moment.state].linear)
            picture = still[moment.state]
        else:
            picture = _display(layers, _with_bodies(layers, moment, before, arm))
        yield _sensed(picture, layers.look, grains, rng)
        before = moment


def _display(layers: CameraLayers, linear: Linear) -> NDArray[np.float32]:
    picture = developed(linear, layers.look, layers.gain)
    if layers.look.blur_px > 0.15:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), layers.look.blur_px), np.float32)
    return picture


def _with_bodies(layers: CameraLayers, moment: Moment, before: Moment | None, arm: Arm) -> Linear:
    plate = layers.plates[moment.state]
    linear = plate.linear
    view, look = layers.view, layers.look
    shadow = np.zeros(linear.shape[:2], np.float32)
    sprite = layers.sprites[moment.body] if moment.body is not None else None
    if sprite is not None and moment.centre_cm is not None:
        moved = sprite.vertices_cm + (moment.centre_cm - sprite.centre_cm)
        shadow = shadow_layer(moved, sprite.faces, view, look)
    if moment.palm_cm is not None:
        points = arm.mesh.vertices @ arm.turn.T + moment.palm_cm
        shadow = np.maximum(shadow, shadow_layer(points, arm.mesh.faces, view, look))
    linear = linear * (1 - layers.key_share * shadow)[..., None]
    if sprite is not None and moment.centre_cm is not None:
        linear = _over(linear, *_carried(sprite, moment, before, plate, view))
    if moment.palm_cm is not None:
        colour, coverage = arm_layer(arm, moment.palm_cm, view, look, layers.light)
        shift = _shift_px(view, moment.palm_cm, before.palm_cm if before else None)
        linear = _over(linear, _streaked(colour, shift), _streaked(coverage, shift))
    return np.asarray(linear, np.float32)


def _carried(
    sprite: Sprite, moment: Moment, before: Moment | None, plate: Plate, view: CameraView
) -> tuple[Linear, Linear]:
    assert moment.centre_cm is not None
    ends = np.stack([sprite.centre_cm, moment.centre_cm])
    pixels, depth = view.project(ends)
    scale = float(depth[0] / max(depth[1], 5.0))
    matrix = np.array(
        [
            [scale, 0, pixels[1, 0] - scale * pixels[0, 0]],
            [0, scale, pixels[1, 1] - scale * pixels[0, 1]],
        ]
    )
    size = (view.width_px, view.height_px)
    colour = np.asarray(cv2.warpAffine(sprite.colour, matrix, size), np.float32)
    coverage = np.asarray(cv2.warpAffine(sprite.coverage, matrix, size), np.float32)
    shift = _shift_px(view, moment.centre_cm, before.centre_cm if before else None)
    nearer = [n for n, far in plate.depth_cm.items() if far < depth[1] - 1.0]
    if nearer and moment.centre_cm[2] < sprite.centre_cm[2] + 12:
        coverage = coverage * ~np.isin(plate.item_map, nearer)
    return _streaked(colour, shift), _streaked(coverage, shift)


def _over(below: Linear, colour: Linear, coverage: Linear) -> Linear:
    share = coverage[..., None]
    return np.asarray(below * (1 - share) + colour * share, np.float32)


def _shift_px(
    view: CameraView, now: NDArray[np.float64], earlier: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    if earlier is None:
        return np.zeros(2)
    pixels, _ = view.project(np.stack([now, earlier]))
    return np.asarray((pixels[0] - pixels[1]) * _SHUTTER)


def _streaked(layer: Linear, shift: NDArray[np.float64]) -> Linear:
    """Motion blur along `shift` pixels."""
    length = float(np.hypot(*shift))
    if length < 1.5:
        return layer
    reach = min(int(np.ceil(length)), 41)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    half = shift / max(length, 1e-6) * min(length, reach) / 2
    start = (round(reach - half[0]), round(reach - half[1]))
    end = (round(reach + half[0]), round(reach + half[1]))
    cv2.line(kernel, start, end, 1.0, 1)
    rows, columns = np.flatnonzero(kernel.any(axis=1)), np.flatnonzero(kernel.any(axis=0))
    taps = kernel[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.asarray(cv2.filter2D(layer, -1, taps / taps.sum()), np.float32)


def _grain(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    noise = cv2.GaussianBlur(rng.standard_normal((height, width, 3), np.float32), (0, 0), 0.6)
    return np.asarray(noise * 1.7, np.float32)


def _sensed(
    picture: NDArray[np.float32],
    look: CounterLook,
    grains: list[NDArray[np.float32]],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Sensor noise (a few fields, shifted and mirrored anew each frame) and JPEG."""
    field = grains[int(rng.integers(len(grains)))]
    field = field[:: int(rng.choice([-1, 1])), :: int(rng.choice([-1, 1]))]
    field = np.roll(
        field, (int(rng.integers(field.shape[0])), int(rng.integers(field.shape[1]))), (0, 1)
    )
    sigma = look.noise * np.sqrt(0.35 + picture / 196.0)
    noisy = np.clip(picture + field * sigma, 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, look.jpeg_quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
