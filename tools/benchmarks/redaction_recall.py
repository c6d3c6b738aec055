"""How much of people is gone from the pictures that may leave a box: recall in pixels.

Flow: goods on counters + arms, hands, faces -> detector -> redact -> removed pixels / all of them

The worst case is measured: perception noticed no hand (`is_hand_present` False), and boxes are what
the bundle's own detector says, so a box may well hold a hand. A dropped picture removes everything.
Clean counters are put in too, for a redaction that drops all has a recall of 1.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.hard_cases.redaction import DropReason, redact
from edge.perception.detector import Detector
from edge.perception.models import Models
from tools.benchmarks.errors import BenchError
from tools.benchmarks.report import Figure
from trainer.dataset.distractors import draw_arm

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Colours = NDArray[np.float32]
Person = Callable[[int, int, np.random.Generator], tuple[Colours, Mask]]
Boxes = Callable[[Picture], NDArray[np.float32]]

MIN_RECALL = 0.99  # below, the picture path of hard cases is not fit to be used
MIN_PERSON_SHARE = 0.002  # of the picture; a smaller piece at the border shows nobody
FACE_CENTRE, FACE_AXES = (224, 120), (58, 80)  # of scikit-image's astronaut, by eye, chin to hair
CLIP_BURST = 20  # frames round a moment at which the clip's hand takes or puts a bottle
# Frames at which the hand of intel-iot-devkit's bottle-detection.mp4 takes and puts, +-15.
CLIP_MOMENTS = (201, 361, 501, 519, 688, 832, 943, 1087)


@dataclass(slots=True)
class Tally:
    """Counts over pictures of one kind; without a bar it is told and judged by nobody."""

    name: str
    has_bar: bool = True
    num_pictures: int = 0
    num_kept: int = 0
    num_leaking: int = 0
    person_px: int = 0
    removed_px: int = 0
    drops: dict[str, int] = field(default_factory=dict)

    @property
    def recall(self) -> float:
        """Share of the person's pixels that are gone; 1 where there were none."""
        return self.removed_px / self.person_px if self.person_px else 1.0

    def figures(self) -> list[Figure]:
        """Rows of the report."""
        note = ", ".join(f"{name} {count}" for name, count in sorted(self.drops.items()))
        kept = f"{self.num_kept} of {self.num_pictures} kept; {note}"
        if not self.person_px:
            return [
                Figure(f"{self.name}: kept", self.num_kept / max(self.num_pictures, 1), "", kept)
            ]
        return [
            Figure(f"{self.name}: recall", self.recall, "", kept),
            Figure(f"{self.name}: pictures that show any of it", self.num_leaking, "",
                   f"of {self.num_pictures}"),
        ]  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """Goods at rest on a counter, and the same counter empty."""

    frame: Picture
    empty: Picture


def measure_all(models: Models, clips: Path, hand_clip: Path | None, num: int) -> list[Tally]:
    """Every kind there is something to measure with.

    Raises:
        BenchError: no scenes, or scikit-image is missing.
    """
    boxes = boxes_of(models.detector, models.parameters.detector_score)
    scenes = demo_scenes(clips)
    faces = scikit_faces()
    leaning = photographed_faces(faces, is_leaning_in=True)
    alone = measure(
        "faces alone", scenes, photographed_faces(faces, is_leaning_in=False), boxes, num
    )
    alone.has_bar = False  # a photograph is a thing: it is what a box may well hold
    tallies = [
        measure("clean counters", scenes, None, boxes, len(scenes)),
        measure("drawn arms", scenes, drawn_arms(), boxes, num),
        measure("faces, leaning in", scenes, leaning, boxes, num),
        alone,
    ]
    return tallies if hand_clip is None else [*tallies, clip_hand(hand_clip, boxes)]


def boxes_of(detector: Detector, min_score: float) -> Boxes:
    """What the bundle's detector would draw, as perception uses it."""

    def found(frame: Picture) -> NDArray[np.float32]:
        return np.asarray(detector.detect(frame, min_score).xyxy, dtype=np.float32)

    return found


def demo_scenes(clips: Path) -> list[Scene]:
    """The last frame of every demo clip in every camera, beside its empty counter.

    Raises:
        BenchError: there are none.
    """
    scenes = []
    for empty_path in sorted(clips.glob("*/*_empty.jpg")):
        film = empty_path.with_name(empty_path.name.replace("_empty.jpg", ".mp4"))
        frames = list(_frames(film))
        empty = cv2.imread(str(empty_path))
        if frames and empty is not None:
            height, width = frames[-1].shape[:2]
            # The film's own first frames went through the same codec as its last.
            first = np.median(np.stack(frames[:9]), axis=0).astype(np.uint8)
            is_alike = empty.shape[:2] == (height, width)
            scenes.append(
                Scene(frames[-1], first if is_alike else cv2.resize(empty, (width, height)))
            )  # type: ignore[arg-type]
    if not scenes:
        raise BenchError(f"no clips with an empty counter in {clips}", hint="give --clips DIR")
    return scenes


def measure(
    name: str, scenes: list[Scene], person: Person | None, boxes: Boxes, num: int, seed: int = 7
) -> Tally:
    """Compose a person onto scenes and redact.

    Args:
        person: colours float32 (H, W, 3) and where they cover; None for clean counters.
    """
    tally, random = Tally(name), np.random.default_rng(seed)
    for number in range(num):
        scene = scenes[number % len(scenes)]
        frame, mask = scene.frame, np.zeros(scene.frame.shape[:2], dtype=bool)
        if person is not None:
            frame, mask = _composed(scene.frame, person, random)
        take(tally, frame, scene.empty, mask, boxes)
    return tally


def take(tally: Tally, frame: Picture, empty: Picture, mask: Mask, boxes: Boxes) -> None:
    """Redact one picture and count what is left of the person."""
    found = redact(frame, boxes(frame), empty, is_hand_present=False)
    tally.num_pictures += 1
    person_px = int(mask.sum())
    tally.person_px += person_px
    if isinstance(found, DropReason):
        tally.drops[found.value] = tally.drops.get(found.value, 0) + 1
        tally.removed_px += person_px
        return
    tally.num_kept += 1
    left = np.zeros_like(mask)
    for x1, y1, x2, y2 in found.boxes:
        left[y1:y2, x1:x2] = True
    num_left = int((mask & left).sum())
    tally.removed_px += person_px - num_left
    tally.num_leaking += num_left > 0


def drawn_arms() -> Person:
    """Arms and hands with drawn fingers, sleeves, every skin, from every border."""

    def person(width: int, height: int, random: np.random.Generator) -> tuple[Colours, Mask]:
        colours, mask = draw_arm(width, height, random)
        return colours, mask > 127

    return person


def photographed_faces(faces: list[tuple[Picture, Mask]], *, is_leaning_in: bool) -> Person:
    """A face over the counter.

    Args:
        is_leaning_in: with neck and shoulders to the nearest border, as people have them; else
            alone, as on a photograph that lies there.
    """

    def person(width: int, height: int, random: np.random.Generator) -> tuple[Colours, Mask]:
        face, mask = faces[int(random.integers(len(faces)))]
        scale = random.uniform(0.15, 0.6) * height / face.shape[0]
        size = (max(8, round(face.shape[1] * scale)), max(8, round(face.shape[0] * scale)))
        x, y = (
            int(random.integers(0, max(1, a - b)))
            for a, b in zip((width, height), size, strict=True)
        )
        colours = np.zeros((height, width, 3), np.float32)
        covered = np.zeros((height, width), np.uint8)
        if is_leaning_in:
            _draw_shoulders(covered, colours, (x + size[0] // 2, y + size[1] // 2), size[0], random)
        small = cv2.resize(mask.astype(np.uint8), size) > 0
        pixels = cv2.resize(face, size, interpolation=cv2.INTER_AREA)
        colours[y : y + size[1], x : x + size[0]][small] = pixels[small]
        covered[y : y + size[1], x : x + size[0]][small] = 1
        return colours, covered > 0

    return person


def _draw_shoulders(
    covered: NDArray[np.uint8],
    colours: Colours,
    face: tuple[int, int],
    face_px: int,
    random: np.random.Generator,
) -> None:
    """A band of one garment from the face to the border that is nearest."""
    height, width = covered.shape
    borders = [(0, face[1]), (width, face[1]), (face[0], 0), (face[0], height)]
    nearest = min(borders, key=lambda b: abs(b[0] - face[0]) + abs(b[1] - face[1]))
    cv2.line(covered, face, nearest, 1, max(4, round(face_px * 0.8)))
    colours[covered > 0] = random.uniform(10, 245, 3)


def scikit_faces() -> list[tuple[Picture, Mask]]:
    """The astronaut (NASA, public domain) and 100 small grey faces that scikit-image ships (BSD-3).

    Raises:
        BenchError: scikit-image is not installed.
    """
    try:
        from skimage import data
    except ImportError as err:
        raise BenchError("scikit-image is missing", hint="pip install tillsight[bench]") from err
    astronaut = np.ascontiguousarray(data.astronaut()[..., ::-1])
    (x, y), (half_x, half_y) = FACE_CENTRE, FACE_AXES
    head = astronaut[y - half_y : y + half_y, x - half_x : x + half_x]
    found = [(head, _ellipse(*head.shape[:2]))]
    for small in data.lfw_subset()[:100]:  # the first hundred are faces
        grey = cv2.resize(np.uint8(np.clip(small, 0, 1) * 255), (100, 100))
        face = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
        found.append((face, _ellipse(100, 100)))
    return found + [found[0]] * 25  # a quarter of the pictures show the one in colour


def clip_hand(clip: Path, boxes: Boxes) -> Tally:
    """A filmed hand at work among bottles; what moves against the quiet table counts as person.

    Raises:
        BenchError: the film cannot be read.
    """
    frames = list(_frames(clip))
    if len(frames) < max(CLIP_MOMENTS) + CLIP_BURST:
        raise BenchError(f"{clip} has {len(frames)} frames", hint="bottle-detection.mp4 has 1,189")
    empty = np.median(np.stack(frames[::37]), axis=0).astype(np.uint8)
    tally = Tally("hand of the clip")
    for moment in CLIP_MOMENTS:
        for frame in frames[moment - CLIP_BURST : moment + CLIP_BURST : 4]:
            mask = _moving(frame, empty)
            if mask.mean() >= MIN_PERSON_SHARE * 5:
                take(tally, frame, empty, mask, boxes)
    return tally


def _composed(frame: Picture, person: Person, random: np.random.Generator) -> tuple[Picture, Mask]:
    height, width = frame.shape[:2]
    while True:
        colours, mask = person(width, height, random)
        if mask.mean() >= MIN_PERSON_SHARE:
            break
    light = random.uniform(0.6, 1.1)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8)[..., None]
    mixed = frame.astype(np.float32) * (1 - soft) + np.clip(colours * light, 0, 255) * soft
    mixed += random.normal(0, 1.5, mixed.shape)
    return np.clip(mixed, 0, 255).astype(np.uint8), mask


def _moving(frame: Picture, empty: Picture) -> Mask:
    """The largest thing that differs from the quiet table and reaches in from a border."""
    difference = np.abs(frame.astype(np.int16) - empty.astype(np.int16)).max(axis=2)
    changed = cv2.morphologyEx((difference > 35).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(changed)
    if count < 2:
        return np.zeros(changed.shape, dtype=bool)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    reaching = [label for label in np.unique(border) if label > 0]
    if not reaching:
        return np.zeros(changed.shape, dtype=bool)
    return np.asarray(labels == max(reaching, key=lambda k: int(stats[k, cv2.CC_STAT_AREA])))


def _ellipse(height: int, width: int) -> Mask:
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(
        mask, (width // 2, height // 2), (width // 2 - 1, height // 2 - 1), 0, 0, 360, 1, -1
    )
    return mask > 0


def _frames(path: Path) -> Iterator[Picture]:
    capture = cv2.VideoCapture(str(path))
    try:
        while True:
            is_read, frame = capture.read()
            if not is_read:
                return
            yield np.asarray(frame, dtype=np.uint8)
    finally:
        capture.release()
