"""A 1080p H.264 film of one counter: a given clip made larger once, or one scripted from a bundle.

Flow: clip, or golden picture of the bundle -> film.mp4

The script needs nothing but a bundle: the goods of a golden picture are painted out, an arm brings
them back one by one, and noise lies over everything. What share of the time something moves is
chosen and stated: speed on a film means nothing without it.
"""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sync.bundle import Bundle
from tools.benchmarks.errors import BenchInputError
from tools.benchmarks.network_rows import golden_pictures

WIDTH, HEIGHT, FPS = 1920, 1080, 15.0
NOISE_LEVELS = 2.0  # grey levels, a small sensor at counter light
NUM_NOISES = 8
SKIN, SLEEVE = (120, 150, 200), (90, 60, 50)
ENTRY_SHARE, EXIT_SHARE = 0.45, 0.55  # of an arm's visit: on its way in, on its way out

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Film:
    """A film on disk.

    Attributes:
        codec: H.264, or what OpenCV could write without ffmpeg.
        origin: in words, for the report.
    """

    path: Path
    num_frames: int
    codec: str
    origin: str


def make_film(bundle: Bundle, clip: Path | None, folder: Path, activity: float) -> Film:
    """The film that every camera of a benchmark shows.

    Args:
        clip: a video to make larger; None scripts one.
        activity: share of the frames in which an arm moves, of a scripted one.

    Raises:
        BenchInputError: the clip cannot be read.
    """
    frames = _enlarged(clip) if clip is not None else _scripted(bundle, activity)
    path, codec, count = _write(frames, folder)
    if count == 0:
        raise BenchInputError(f"{clip} holds no pictures", hint="give another clip")
    origin = f"{clip.parent.name}/{clip.name}" if clip else f"script, arm in {activity:.0%}"
    return Film(path, count, codec, f"{origin}, {WIDTH} x {HEIGHT}, {codec}, {FPS:g} fps")


def _enlarged(clip: Path) -> Iterator[Picture]:
    capture = cv2.VideoCapture(str(clip))
    while True:
        is_read, picture = capture.read()
        if not is_read:
            break
        yield np.asarray(cv2.resize(picture, (WIDTH, HEIGHT)), dtype=np.uint8)
    capture.release()


def _scripted(bundle: Bundle, activity: float, seconds: float = 12.0) -> Iterator[Picture]:
    frame, picture = max(golden_pictures(bundle), key=lambda pair: len(pair[0].items))
    boxes = [item.xyxy for item in frame.items]
    full = np.asarray(cv2.resize(picture, (WIDTH, HEIGHT)), dtype=np.uint8)
    empty = np.asarray(cv2.resize(_painted_out(picture, boxes), (WIDTH, HEIGHT)), dtype=np.uint8)
    zoom = WIDTH / picture.shape[1]
    places = [tuple(round(v * zoom) for v in box) for box in boxes]
    noises = _noises()
    period = round(seconds * FPS) // len(places)
    visit = max(4, round(period * activity))
    state = empty.copy()
    for number in range(period * len(places)):
        item, moment = divmod(number, period)
        x1, y1, x2, y2 = places[item]
        share = (moment - (period - visit) // 2) / visit
        if moment == (period - visit) // 2 + visit // 2:
            state[y1:y2, x1:x2] = full[y1:y2, x1:x2]
        shown = state.copy()
        if 0 <= share < 1:
            _draw_arm(shown, ((x1 + x2) // 2, (y1 + y2) // 2), share)
        yield cv2.add(shown, noises[number % NUM_NOISES], dtype=cv2.CV_8U).astype(np.uint8)


def _painted_out(picture: Picture, boxes: list[tuple[int, int, int, int]]) -> Picture:
    mask = np.zeros(picture.shape[:2], np.uint8)
    for x1, y1, x2, y2 in boxes:
        mask[max(0, y1 - 6) : y2 + 6, max(0, x1 - 6) : x2 + 6] = 255
    return np.asarray(cv2.inpaint(picture, mask, 5, cv2.INPAINT_TELEA), dtype=np.uint8)


def _draw_arm(picture: Picture, target: tuple[int, int], share: float) -> None:
    """From the lower edge to the item, then back."""
    reach = min(share / ENTRY_SHARE, 1.0, (1.0 - share) / (1.0 - EXIT_SHARE))
    shoulder = np.array([WIDTH * 0.5, HEIGHT * 1.15])
    hand = shoulder + reach * (np.array(target, dtype=np.float64) - shoulder)
    wrist = shoulder + 0.75 * (hand - shoulder)
    start, middle, end = (tuple(int(v) for v in point) for point in (shoulder, wrist, hand))
    cv2.line(picture, start, middle, SLEEVE, 130)
    cv2.line(picture, middle, end, SKIN, 80)
    cv2.circle(picture, end, 75, SKIN, -1)


def _noises() -> list[NDArray[np.int16]]:
    random = np.random.default_rng(0)
    shape = (HEIGHT, WIDTH, 3)
    return [
        np.round(random.normal(0, NOISE_LEVELS, shape)).astype(np.int16) for _ in range(NUM_NOISES)
    ]


def _write(frames: Iterator[Picture], folder: Path) -> tuple[Path, str, int]:
    program = shutil.which("ffmpeg")
    if program is None:
        return _write_by_opencv(frames, folder)
    path = folder / "film.mp4"
    command = [
        program, "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24",
        "-s", f"{WIDTH}x{HEIGHT}", "-r", f"{FPS:g}", "-i", "-", "-c:v", "libx264",
        "-preset", "veryfast", "-crf", "23", "-g", "30", "-pix_fmt", "yuv420p", str(path),
    ]  # fmt: skip
    count = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for frame in frames:
            encoder.stdin.write(frame.tobytes())
            count += 1
        encoder.stdin.close()
    if encoder.returncode != 0:
        raise BenchInputError("ffmpeg could not write H.264", hint="install one with libx264")
    return path, "H.264", count


def _write_by_opencv(frames: Iterator[Picture], folder: Path) -> tuple[Path, str, int]:
    path = folder / "film.mp4"
    four = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), four, FPS, (WIDTH, HEIGHT))
    count = 0
    for frame in frames:
        writer.write(frame)
        count += 1
    writer.release()
    return path, "MPEG-4 (no ffmpeg here)", count
