"""How a counter looks: its material, the room's light, the camera's exposure and sensor.

Flow: a world's name and a seed -> CounterLook

Three worlds share no material and no kind of light, so that what is learned in `train` can be
measured in `test`. Drawing only: the renderer is mitsuba_scene.py.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
WORLDS = ("train", "val", "test")

# material: base colour, second colour, pattern, roughness
_MATERIALS: dict[str, tuple[tuple[str, str, str, str, float], ...]] = {
    "train": (
        ("white laminate", "E6E4DE", "D8D6D0", "plain", 0.35),
        ("grey laminate", "8E9092", "7E8082", "plain", 0.4),
        ("oak", "B98D5A", "8A6236", "wood", 0.45),
        ("walnut", "6B4A32", "452D1C", "wood", 0.4),
        ("granite", "6E6A68", "2A2828", "speckle", 0.25),
        ("steel", "A4A8AC", "8C9094", "brushed", 0.25),
        ("black belt", "26272A", "333438", "ribbed", 0.7),
        ("green mat", "4A6A54", "3C5A46", "plain", 0.8),
        ("beige stone", "CDBFA6", "A8977A", "speckle", 0.35),
        ("blue laminate", "4C6A92", "42608A", "plain", 0.35),
    ),
    "val": (
        ("birch", "D9BE92", "C2A272", "wood", 0.4),
        ("dark grey belt", "3E4044", "4C4E52", "ribbed", 0.65),
        ("terrazzo", "D2CEC6", "7A726A", "speckle", 0.3),
    ),
    "test": (
        ("cherry", "9A5A3C", "6E3A24", "wood", 0.35),
        ("slate", "4A5056", "3A4046", "plain", 0.5),
        ("cream laminate", "EFE7D2", "E2D8C0", "plain", 0.3),
        ("terracotta tile", "B0694A", "8E5238", "speckle", 0.5),
        ("bamboo", "C9B172", "A88F50", "brushed", 0.4),
    ),
}
# colour temperature range in kelvin, key share of all light, number of ceiling panels
_LIGHTS: dict[str, tuple[tuple[int, int, float, int], ...]] = {
    "train": (
        (2900, 3600, 0.5, 3),
        (3800, 4600, 0.35, 4),
        (5000, 6600, 0.25, 6),
        (4200, 5600, 0.65, 1),
    ),
    "val": ((3200, 3900, 0.45, 2), (5200, 7200, 0.4, 5)),
    "test": ((2700, 3300, 0.6, 2), (4600, 5200, 0.2, 8), (6200, 7600, 0.5, 1)),
}


@dataclass(frozen=True)
class CounterLook:
    """Everything about a scene that is not a product.

    Attributes:
        counter: linear-light material picture, uint8 sRGB RGB (H, W, 3).
        room: environment radiance, float32 (32, 64, 3), longitude-latitude.
        key_from: direction towards the key light, unit (3,).
        key_radiance: linear RGB.
        exposure: multiplies the normalised picture; 1 is a well-exposed one.
        white_balance: gains the camera applies, RGB.
        noise: standard deviation at mid grey, in 8-bit steps.
    """

    material: str
    counter: NDArray[np.uint8]
    roughness: float
    floor: tuple[float, float, float]
    room: Floats
    key_from: tuple[float, float, float]
    key_radiance: tuple[float, float, float]
    kelvin: int
    exposure: float
    white_balance: tuple[float, float, float]
    noise: float
    blur_px: float
    jpeg_quality: int

    def summary(self) -> dict[str, object]:
        """What goes into the truth file."""
        return {
            "counter": self.material,
            "kelvin": self.kelvin,
            "exposure": round(self.exposure, 3),
            "noise": round(self.noise, 2),
        }


def drawn_look(world: str, rng: np.random.Generator) -> CounterLook:
    """A random look of one world; `any` takes from all of them.

    Raises:
        ValueError: no such world.
    """
    if world == "any":
        world = str(rng.choice(WORLDS))
    if world not in WORLDS:
        raise ValueError(f"world {world!r}; there are any, {', '.join(WORLDS)}")
    name, first, second, pattern, roughness = _MATERIALS[world][
        int(rng.integers(len(_MATERIALS[world])))
    ]
    low, high, key_share, panels = _LIGHTS[world][int(rng.integers(len(_LIGHTS[world])))]
    kelvin = int(rng.integers(low, high))
    tint = kelvin_rgb(kelvin)
    turn, height = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(40, 75))
    key = (
        float(np.cos(turn) * np.cos(height)),
        float(np.sin(turn) * np.cos(height)),
        float(np.sin(height)),
    )
    share = float(np.clip(key_share + rng.uniform(-0.15, 0.15), 0.05, 0.85))
    # Auto white balance takes most of the light's colour away, never all of it.
    awb = (1 / tint) ** rng.uniform(0.7, 1.05) * rng.uniform(0.96, 1.04, 3)
    radiance = tint * 60.0 * share
    floor = rng.uniform(0.08, 0.4) * np.array([1, rng.uniform(0.85, 1), rng.uniform(0.7, 1)])
    return CounterLook(
        name,
        _surface(first, second, pattern, rng),
        float(np.clip(roughness + rng.uniform(-0.08, 0.08), 0.12, 0.9)),
        (float(floor[0]), float(floor[1]), float(floor[2])),
        _room(tint * (1 - share), panels, rng),
        key,
        (float(radiance[0]), float(radiance[1]), float(radiance[2])),
        kelvin,
        float(np.exp(rng.normal(0, 0.14))),
        (float(awb[0]), float(awb[1]), float(awb[2])),
        float(rng.uniform(0.8, 3.2)),
        float(rng.uniform(0.0, 0.7)),
        int(rng.integers(82, 96)),
    )


def kelvin_rgb(kelvin: float) -> NDArray[np.float64]:
    """Linear RGB of a black body, green = 1 (a fit after Tanner Helland's table)."""
    t = kelvin / 100
    red = 1.0 if t <= 66 else 1.292936 * (t - 60) ** -0.1332047592
    green = (
        0.390081579 * np.log(t) - 0.631841444
        if t <= 66
        else 1.129890861 * (t - 60) ** -0.0755148492
    )
    blue = 1.0 if t >= 66 else 0.543206789 * np.log(t - 10) - 1.196254089
    srgb = np.clip(np.array([red, green, blue]), 0.05, 1.0)
    linear = srgb**2.2
    return np.asarray(linear / linear[1])


def _hex(text: str) -> NDArray[np.float64]:
    return np.array([int(text[i : i + 2], 16) for i in (0, 2, 4)], float)


def _surface(first: str, second: str, pattern: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    height, width = 512, 768
    a, b = _hex(first), _hex(second)
    if pattern == "wood":
        rows = cv2.resize(
            rng.normal(0, 1, (48, 5)).astype(np.float32),
            (width, height),
            interpolation=cv2.INTER_CUBIC,
        )
        fine = cv2.resize(
            rng.normal(0, 1, (256, 12)).astype(np.float32),
            (width, height),
            interpolation=cv2.INTER_CUBIC,
        )
        share = 0.45 + 0.25 * np.sin(6 * rows) + 0.12 * fine
    elif pattern == "speckle":
        grains = cv2.resize(
            rng.random((height // 2, width // 2)).astype(np.float32), (width, height)
        )
        share = (grains > 0.72) * 0.8 + 0.15 * rng.random((height, width))
    elif pattern == "brushed":
        lines = np.repeat(rng.normal(0, 1, (height, 1)), width, axis=1)
        share = 0.5 + 0.3 * cv2.blur(lines, (1, 3))
    elif pattern == "ribbed":
        share = np.repeat(
            0.5 + 0.5 * np.sin(np.linspace(0, 260 + rng.uniform(0, 60), width))[None],
            height,
            axis=0,
        )
    else:
        soft = cv2.resize(
            rng.normal(0, 1, (6, 9)).astype(np.float32),
            (width, height),
            interpolation=cv2.INTER_CUBIC,
        )
        share = 0.4 + 0.2 * soft
    picture = a + (b - a) * np.clip(share, 0, 1)[..., None]
    picture += rng.normal(0, 1.6, picture.shape)
    if rng.random() < 0.5:
        picture = np.rot90(picture)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _room(tint: NDArray[np.float64], panels: int, rng: np.random.Generator) -> Floats:
    """Dim walls and floor, bright panels on the ceiling; mean radiance about that of the key."""
    height, width = 32, 64
    room = np.zeros((height, width, 3), np.float32)
    room[: height // 2] = tint * rng.uniform(0.35, 0.7)
    room[height // 2 :] = tint * rng.uniform(0.12, 0.3) * rng.uniform(0.7, 1.0, 3)
    for _ in range(panels):
        row, column = int(rng.integers(1, 9)), int(rng.integers(0, width))
        tall, wide = int(rng.integers(2, 4)), int(rng.integers(3, 9))
        patch = np.arange(column, column + wide) % width
        room[row : row + tall, patch] = tint * rng.uniform(5, 11)
    return room
