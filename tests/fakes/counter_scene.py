"""A painted counter: coloured packs, a hand, sensor noise, light; and networks that read it.

The networks implement the real InferenceBackend on real pixels: they find saturated blobs in the
prepared input and describe their hue, so that everything around them is the box's own code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import InferenceError
from edge.perception.backend import TensorSpec
from edge.perception.detector import Detector, cell_centres
from edge.perception.embedder import Embedder
from edge.perception.gallery_matcher import GalleryMatcher
from edge.perception.models import Models
from sync.bundle import Preprocess
from sync.decision import DecisionParameters
from sync.gallery import Gallery, Whitening, unit_rows

WIDTH, HEIGHT = 640, 360
MS = 1_000_000
FRAME_NS = 66_666_667

NUM_HUES = 18
HUES = {"red": 0, "orange": 20, "green": 60, "cyan": 90, "blue": 120, "violet": 150}
HAND_BGR = (140, 150, 165)  # hardly saturated: the networks take it for no product
PREPROCESS = Preprocess(detector_px=320, detector_height_px=192, detector_strides=(8,), crop_px=64)
FINE = PREPROCESS.model_copy(update={"detector_fine_px": 640, "detector_fine_height_px": 384})

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Pack:
    """A coloured pack at a place, xyxy in pixels."""

    colour: str
    x: int
    y: int
    width: int = 60
    height: int = 80

    def at(self, x: int, y: int) -> "Pack":
        return replace(self, x=x, y=y)


@dataclass(frozen=True)
class Scene:
    """What one frame shows."""

    packs: tuple[Pack, ...] = ()
    hand: tuple[int, int, int, int] | None = None
    brightness: int = 0


def paint(scene: Scene, *, noise_seed: int | None = None, noise: float = 2.0) -> Picture:
    """The scene as a camera delivers it, uint8 BGR; packs in order, the hand on top."""
    picture = _counter().copy()
    for pack in scene.packs:
        x2, y2 = pack.x + pack.width, pack.y + pack.height
        colour = np.uint8([[[HUES[pack.colour], 220, 200]]])
        bgr = tuple(int(v) for v in cv2.cvtColor(colour, cv2.COLOR_HSV2BGR)[0, 0])
        cv2.rectangle(picture, (pack.x, pack.y), (x2 - 1, y2 - 1), (20, 20, 20), -1)
        cv2.rectangle(picture, (pack.x + 3, pack.y + 3), (x2 - 4, y2 - 4), bgr, -1)
    if scene.hand is not None:
        x1, y1, x2, y2 = scene.hand
        cv2.rectangle(picture, (x1, y1), (x2, y2), HAND_BGR, -1)
        for y in range(y1, y2, 12):  # a plain sleeve would not show that it moves
            cv2.line(picture, (x1, y), (x2, y), (100, 105, 110), 3)
    floats = picture.astype(np.float32) + scene.brightness
    if noise_seed is not None:
        floats += noise * _noise(noise_seed % 16)
    frame = np.clip(floats, 0, 255).astype(np.uint8)
    frame.setflags(write=False)
    return frame


@dataclass
class BlobDetector:
    """Finds saturated blobs; `fault` is called first and may raise or delay.

    Poisoned, it answers with numbers that are none; blind, it finds nothing.
    """

    provider: str = "CPUExecutionProvider"
    fault: Callable[[], None] = lambda: None
    is_poisoned: bool = False
    is_blind: bool = False
    num_runs: int = 0
    widths: list[int] = field(default_factory=list)  # of the inputs it was given
    inputs: tuple[TensorSpec, ...] = (TensorSpec("images", (None, 3, None, None)),)
    outputs: tuple[TensorSpec, ...] = (TensorSpec("heads", (None, None, 5)),)

    def run(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        self.num_runs += 1
        self.fault()
        images = inputs["images"]
        self.widths.append(images.shape[3])
        centres = cell_centres(images.shape[3], images.shape[2], (8,))
        heads = np.zeros((1, len(centres), 5), dtype=np.float32)
        for box in _blobs(_as_picture(images[0])):
            middle = (box[:2] + box[2:]) / 2
            cell = int(np.argmin(np.abs(centres - middle).sum(axis=1)))
            heads[0, cell] = [*(centres[cell] - box[:2]), *(box[2:] - centres[cell]), 0.9]
        if self.is_poisoned:
            heads[:] = np.nan
        if self.is_blind:
            heads[..., 4] = 0
        return {"heads": heads}


@dataclass
class HueEmbedder:
    """Describes a crop by its saturated hues."""

    provider: str = "CPUExecutionProvider"
    fault: Callable[[], None] = lambda: None
    dim: int = NUM_HUES
    num_crops: int = 0
    inputs: tuple[TensorSpec, ...] = (TensorSpec("crops", (None, 3, None, None)),)
    outputs: tuple[TensorSpec, ...] = (TensorSpec("embedding", (None, NUM_HUES)),)

    def run(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        self.fault()
        crops = inputs["crops"]
        self.num_crops += len(crops)
        rows = np.stack([hue_vector(_as_picture(crop)) for crop in crops])
        return {"embedding": np.pad(rows, ((0, 0), (0, self.dim - NUM_HUES)))}


@dataclass
class Parts:
    """Models made of the networks above, within reach of a test."""

    detector: BlobDetector = field(default_factory=BlobDetector)
    embedder: HueEmbedder = field(default_factory=HueEmbedder)
    preprocess: Preprocess = PREPROCESS

    def models(self, colours: tuple[str, ...] = tuple(HUES), bundle_id: str = "b" * 64) -> Models:
        whitening = Whitening(np.zeros(NUM_HUES, np.float32), np.eye(NUM_HUES, dtype=np.float32))
        parameters = DecisionParameters(
            temperature=0.1, accept_margin=2.0, family_margin=4.0,
            accept_similarity=0.5, unknown_similarity=0.3,
        )  # fmt: skip
        return Models(
            bundle_id=bundle_id,
            bundle_name="painted 1",
            embedder_id="hue-embedder",
            detector=Detector(self.detector, self.preprocess, parameters.nms_iou),
            embedder=Embedder(self.embedder, self.preprocess, whitening),
            matcher=GalleryMatcher(hue_gallery(colours), parameters.temperature),
            parameters=parameters,
        )


def hue_gallery(colours: tuple[str, ...], embedder_id: str = "hue-embedder") -> Gallery:
    """One prototype per colour."""
    rows = [hue_vector(paint(Scene((Pack(c, 290, 140),)))[140:220, 290:350]) for c in colours]
    return Gallery(
        embedder_id, colours, unit_rows(np.stack(rows)), np.arange(len(colours), dtype=np.int64)
    )


def hue_vector(picture: Picture) -> NDArray[np.float32]:
    """Soft histogram of saturated hues, float32 (NUM_HUES,)."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    hue = hsv[..., 0][(hsv[..., 1] > 120) & (hsv[..., 2] > 80)]
    counts = np.bincount(hue // (180 // NUM_HUES), minlength=NUM_HUES)[:NUM_HUES]
    return (counts / max(counts.sum(), 1) + 1e-3).astype(np.float32)


def raise_error(error: InferenceError) -> Callable[[], None]:
    """A fault that always strikes."""

    def strike() -> None:
        raise error

    return strike


@cache
def _noise(seed: int) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    return random.standard_normal((HEIGHT, WIDTH, 3), dtype=np.float32)


@cache
def _counter() -> Picture:
    """A grey counter with a coarse, fixed texture."""
    coarse = np.random.default_rng(7).integers(165, 195, (HEIGHT // 8, WIDTH // 8), np.uint8)
    grey = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def _as_picture(image: NDArray[np.float32]) -> Picture:
    """Undo the preparation: RGB planes to uint8 BGR."""
    floats = image.transpose(1, 2, 0)[..., ::-1] * 128 + 127
    return np.ascontiguousarray(np.clip(np.round(floats), 0, 255).astype(np.uint8))


def _blobs(picture: Picture) -> list[NDArray[np.float32]]:
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    mask = ((hsv[..., 1] > 120) & (hsv[..., 2] > 80)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    boxes = []
    for i in range(1, count):
        x, y, width, height, area = (float(v) for v in stats[i])
        if area >= 30:
            boxes.append(np.asarray([x - 1, y - 1, x + width + 1, y + height + 1], np.float32))
    return boxes
