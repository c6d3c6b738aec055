"""Things on a counter that are no products: arms, hands, phones, cards. Never labelled.

Flow: generator -> colours (H, W, 3) and mask (H, W)
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.float32]
Mask = NDArray[np.uint8]

SKIN_BGR = (125.0, 160.0, 215.0)


def draw_arm(width: int, height: int, random: np.random.Generator) -> tuple[Colours, Mask]:
    """A hand that reaches in from the border, mostly with a sleeve."""
    start = _border_point(width, height, random)
    hand = np.asarray([random.uniform(0.15, 0.85) * width, random.uniform(0.15, 0.85) * height])
    thickness = height * random.uniform(0.08, 0.24)
    direction = (hand - start) / max(float(np.linalg.norm(hand - start)), 1.0)
    skin = np.asarray(SKIN_BGR) * random.uniform(0.3, 1.15) * random.uniform(0.92, 1.08, 3)
    arm, fingers = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    wrist = hand - direction * thickness * 0.2
    _tapered(
        arm,
        start - direction * thickness,
        wrist,
        thickness * random.uniform(0.9, 1.4),
        thickness * 0.55,
    )
    _draw_hand(fingers, hand, direction, thickness, random)
    colours = np.empty((height, width, 3), np.float32)
    colours[:] = skin
    if random.random() < 0.75:  # the sleeve ends somewhere between elbow and wrist
        cuff = start + (wrist - start) * random.uniform(0.5, 1.0)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        along = (x - cuff[0]) * direction[0] + (y - cuff[1]) * direction[1]
        is_sleeve = (along < 0) & (fingers == 0)
        colours[is_sleeve] = random.uniform(10, 245, 3)
    mask = np.maximum(arm, fingers)
    return colours * _rounded_shade(mask, thickness, random)[..., None], mask


def draw_flat_thing(width: int, height: int, random: np.random.Generator) -> tuple[Colours, Mask]:
    """A phone, wallet or card: a plain rectangle, sometimes with a lit screen."""
    mask = np.zeros((height, width), dtype=np.uint8)
    size = (random.uniform(0.1, 0.2) * height, random.uniform(0.18, 0.35) * height)
    middle = (float(random.integers(width)), float(random.integers(height)))
    angle = random.uniform(0, 180)
    points = cv2.boxPoints((middle, size, angle))
    cv2.fillConvexPoly(mask, points.astype(np.int32), 255)
    colours = np.empty((height, width, 3), np.float32)
    colours[:] = random.uniform(5, 120) * random.uniform(0.8, 1.2, 3)
    if random.random() < 0.3:
        screen = cv2.boxPoints((middle, (size[0] * 0.85, size[1] * 0.9), angle))
        lit = np.zeros((height, width), dtype=np.uint8)
        cv2.fillConvexPoly(lit, screen.astype(np.int32), 1)
        colours[lit > 0] = random.uniform(60, 250, 3)
    shade = 1.0 + 0.15 * smooth_noise(width, height, (20, 20), random)
    return colours * shade[..., None], mask


def smooth_noise(
    width: int, height: int, scale_px: tuple[int, int], random: np.random.Generator
) -> NDArray[np.float32]:
    """Noise in about [-1, 1] whose blobs are `scale_px` wide and high."""
    columns = max(width // max(scale_px[0], 1), 2)
    rows = max(height // max(scale_px[1], 1), 2)
    coarse = random.uniform(-1, 1, (rows, columns)).astype(np.float32)
    size = (width, height)
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.float32)


def _border_point(width: int, height: int, random: np.random.Generator) -> NDArray[np.float64]:
    side = int(random.integers(4))
    if side < 2:
        return np.asarray([random.uniform(0, width), 0.0 if side == 0 else float(height)])
    return np.asarray([0.0 if side == 2 else float(width), random.uniform(0, height)])


def _tapered(
    mask: Mask,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    start_px: float,
    end_px: float,
) -> None:
    """A limb: a quadrilateral that narrows from `start_px` to `end_px`."""
    along = (end - start) / max(float(np.linalg.norm(end - start)), 1.0)
    across = np.asarray([-along[1], along[0]])
    corners = [
        start + across * start_px / 2, end + across * end_px / 2,
        end - across * end_px / 2, start - across * start_px / 2,
    ]  # fmt: skip
    cv2.fillConvexPoly(mask, np.stack(corners).astype(np.int32), 255)


def _draw_hand(
    mask: Mask,
    hand: NDArray[np.float64],
    direction: NDArray[np.float64],
    thickness: float,
    random: np.random.Generator,
) -> None:
    """A palm and five fingers, spread or closed."""
    heading = np.arctan2(direction[1], direction[0])
    palm = (int(thickness * 0.6), int(thickness * 0.5))
    middle = (int(hand[0]), int(hand[1]))
    cv2.ellipse(mask, middle, palm, float(np.degrees(heading)), 0, 360, 255, -1)
    spread = random.uniform(0.1, 0.32)
    reach = thickness * random.uniform(0.6, 1.25)
    for finger in range(5):
        angle = heading + (finger - 2) * spread * (1.8 if finger == 0 else 1.0)
        length = reach * (0.75 if finger in (0, 4) else 1.0)
        tip = hand + length * np.asarray([np.cos(angle), np.sin(angle)])
        cv2.line(mask, middle, (int(tip[0]), int(tip[1])), 255, max(int(thickness * 0.2), 2))


def _rounded_shade(
    mask: Mask, thickness: float, random: np.random.Generator
) -> NDArray[np.float32]:
    """Darker towards the outline, as round limbs are, with folds."""
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3) / max(thickness * 0.5, 1.0)
    height, width = mask.shape
    folds = smooth_noise(width, height, (int(thickness), int(thickness / 2) + 1), random)
    rounded = 0.55 + 0.5 * np.sqrt(np.clip(inside, 0, 1)) + random.uniform(0, 0.15) * folds
    return np.asarray(rounded, dtype=np.float32)
