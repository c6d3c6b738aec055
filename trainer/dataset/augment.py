"""What light, lens, sensor and codec do to a picture, and where boxes go when it is cropped.

Flow: picture (+ boxes) -> picture (+ boxes)

Pictures are uint8 BGR. Only detectors may see mirrored pictures: mirrored text would teach a
recogniser labels that do not exist. Every function draws from the generator it is given and
nothing else.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sync.boxes import FloatArray
from sync.preprocess import PAD_VALUE, Picture

GREY = (PAD_VALUE, PAD_VALUE, PAD_VALUE)


@dataclass(frozen=True, slots=True)
class PhotoPolicy:
    """Strength of what camera and light do; 0 switches a step off.

    Attributes:
        exposure_stops: brightness is scaled by up to 2 ** this, both ways.
        gamma, contrast, saturation: largest relative change, both ways.
        cast: largest relative change of one colour channel against the others.
        blur_probability, motion_px: of defocus or motion blur, and its longest path.
        noise_sigma: largest sensor noise in grey levels.
        jpeg_probability, jpeg_min_quality: of a round trip through the codec.
    """

    exposure_stops: float = 0.5
    gamma: float = 0.25
    contrast: float = 0.2
    saturation: float = 0.35
    cast: float = 0.12
    blur_probability: float = 0.3
    motion_px: int = 7
    noise_sigma: float = 8.0
    jpeg_probability: float = 0.5
    jpeg_min_quality: int = 35


@dataclass(frozen=True, slots=True)
class BoxPolicy:
    """How far crops may wander when a recogniser is trained.

    Attributes:
        edge_jitter: each edge of the box moves by up to this share of its side.
        max_rotation_deg: in-plane rotation before the crop.
        perspective: corners move by up to this share of the side.
        occlusion_probability: of a rectangle that hides a part.
    """

    edge_jitter: float = 0.08
    max_rotation_deg: float = 180.0
    perspective: float = 0.12
    occlusion_probability: float = 0.3


def photograph(picture: Picture, policy: PhotoPolicy, random: np.random.Generator) -> Picture:
    """Light, colour, blur, noise and codec, in the order in which a camera applies them."""
    lit = _lit(picture, policy, random)
    if random.random() < policy.blur_probability:
        lit = _blurred(lit, policy.motion_px, random)
    sigma = random.uniform(0.0, policy.noise_sigma)
    if sigma > 1.0:
        noise = random.normal(0.0, sigma, lit.shape[:2] + (1,)).astype(np.float32)
        lit = np.clip(lit.astype(np.float32) + noise, 0, 255).astype(np.uint8)
    if random.random() < policy.jpeg_probability:
        quality = int(random.integers(policy.jpeg_min_quality, 95))
        _, encoded = cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, quality])
        lit = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), dtype=np.uint8)
    return lit


def zoom_crop(
    picture: Picture,
    boxes: FloatArray,
    width: int,
    height: int,
    random: np.random.Generator,
    *,
    scale_range: tuple[float, float] = (0.7, 1.5),
    may_mirror: bool = True,
) -> tuple[Picture, FloatArray, float]:
    """A random window of the picture as a network input; boxes follow and are cut at its border.

    Args:
        boxes: float32 (N, 4); the result has N rows too, empty where a box left the window.
        scale_range: 1 fits the whole picture into the input, as the box does when serving.

    Returns:
        The window, its boxes, and input pixels per picture pixel.
    """
    fit = min(width / picture.shape[1], height / picture.shape[0])
    scale = fit * float(np.exp(random.uniform(*np.log(scale_range))))
    free_x = width - scale * picture.shape[1]
    free_y = height - scale * picture.shape[0]
    shift_x = random.uniform(min(free_x, 0.0), max(free_x, 0.0))
    shift_y = random.uniform(min(free_y, 0.0), max(free_y, 0.0))
    transform = np.asarray([[scale, 0, shift_x], [0, scale, shift_y]], dtype=np.float64)
    if may_mirror and random.random() < 0.5:
        transform[0] = [-scale, 0, width - shift_x]
    if may_mirror and random.random() < 0.2:  # a camera may hang the other way round
        transform[1] = [0, -scale, height - shift_y]
    flags = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    window = cv2.warpAffine(picture, transform, (width, height), flags=flags, borderValue=GREY)
    moved = moved_boxes(boxes, transform, width, height)
    return np.asarray(window, dtype=np.uint8), moved, scale


def moved_boxes(
    boxes: FloatArray, transform: NDArray[np.float64], width: int, height: int
) -> FloatArray:
    """Axis-aligned boxes under a scale, mirror and shift, cut at the border."""
    if len(boxes) == 0:
        return boxes.astype(np.float32).reshape(0, 4)
    scale_x, scale_y = transform[0, 0], transform[1, 1]
    x = boxes[:, [0, 2]] * scale_x + transform[0, 2]
    y = boxes[:, [1, 3]] * scale_y + transform[1, 2]
    moved = np.stack([x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1)], axis=1)
    limits = np.asarray([width, height, width, height], dtype=np.float64)
    return np.asarray(np.clip(moved, 0, limits), dtype=np.float32)


def jittered_box(xyxy: FloatArray, policy: BoxPolicy, random: np.random.Generator) -> FloatArray:
    """The box as a detector might have drawn it, float32 (4,)."""
    sides = np.tile(xyxy[2:] - xyxy[:2], 2)
    moved = xyxy + random.uniform(-policy.edge_jitter, policy.edge_jitter, 4) * sides
    return np.asarray(moved, dtype=np.float32)


def turned(picture: Picture, policy: BoxPolicy, random: np.random.Generator) -> Picture:
    """Rotation and perspective about the centre; never mirrored. Grey comes in from outside."""
    side = picture.shape[0]
    corners = np.asarray([[0, 0], [side, 0], [side, side], [0, side]], dtype=np.float32)
    angle = np.deg2rad(random.uniform(-policy.max_rotation_deg, policy.max_rotation_deg))
    turn = np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (corners - side / 2) @ turn.T + side / 2
    moved += random.uniform(-policy.perspective, policy.perspective, (4, 2)) * side * 0.5
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return np.asarray(
        cv2.warpPerspective(picture, matrix, (side, side), borderValue=GREY), np.uint8
    )


def occluded(picture: Picture, policy: BoxPolicy, random: np.random.Generator) -> Picture:
    """Sometimes a rectangle of noise or flat colour covers up to a third of a side.

    Source: random erasing, Zhong et al. 2020, arXiv:1708.04896.
    """
    if random.random() >= policy.occlusion_probability:
        return picture
    height, width = picture.shape[:2]
    rows = int(random.uniform(0.1, 0.4) * height)
    columns = int(random.uniform(0.1, 0.4) * width)
    top = int(random.integers(0, height - rows))
    left = int(random.integers(0, width - columns))
    covered = picture.copy()
    covered[top : top + rows, left : left + columns] = random.integers(0, 256, 3)
    return covered


def _lit(picture: Picture, policy: PhotoPolicy, random: np.random.Generator) -> Picture:
    """Exposure, cast, contrast and gamma as one lookup per channel; then saturation."""
    gain = 2.0 ** random.uniform(-policy.exposure_stops, policy.exposure_stops)
    contrast = 1.0 + random.uniform(-policy.contrast, policy.contrast)
    gamma = 1.0 + random.uniform(-policy.gamma, policy.gamma)
    levels = np.arange(256, dtype=np.float32) / 255.0
    curve = np.clip((levels - 0.5) * contrast + 0.5, 0, 1) ** gamma * gain
    casts = 1.0 + random.uniform(-policy.cast, policy.cast, 3)
    table = np.clip(curve[:, None] * casts[None, :] * 255.0, 0, 255).astype(np.uint8)
    lit = np.asarray(cv2.LUT(picture, table[None]), dtype=np.uint8)
    saturation = 1.0 + random.uniform(-policy.saturation, policy.saturation)
    grey = cv2.cvtColor(cv2.cvtColor(lit, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.addWeighted(lit, saturation, grey, 1.0 - saturation, 0), dtype=np.uint8)


def _blurred(picture: Picture, motion_px: int, random: np.random.Generator) -> Picture:
    if random.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 1.6)), np.uint8)
    length = int(random.integers(3, max(motion_px, 4)))
    kernel = np.zeros((length, length), dtype=np.float32)
    kernel[length // 2] = 1.0 / length
    spin = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), random.uniform(0, 180), 1)
    spun = np.asarray(cv2.warpAffine(kernel, spin, (length, length)), dtype=np.float32)
    return np.asarray(cv2.filter2D(picture, -1, spun / max(spun.sum(), 1e-6)), dtype=np.uint8)
