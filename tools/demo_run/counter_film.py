"""The films of the loop's counters: goods are put down, lie there, are gone; bright and at dusk.

Flow: frames of a shipped clip -> one short film per light, looped by the box; photos of a pack

The clip is `02_put_back`, of which a box sees the third camera; a pack's photos are what the two
other cameras see of it, so no picture is used twice. Draws nothing of its own.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.demo_run.clip_folder import ASSETS

CLIP = ASSETS / "clips" / "02_put_back"
CAMERA = "cam2"  # the one in which no shadow keeps a picture from leaving the box
NEW_SKU, KNOWN_SKU = "crackers_200", "rice_1kg"
BASKET = {NEW_SKU: 1, KNOWN_SKU: 1}  # what lies on the counter at the end of each round
FPS = 5  # every third frame of the clip
DUSK = 0.65  # share of the light that is left when the lamps are switched off
EMPTY, FIRST_PUT, FIRST_LIES = range(0, 18, 3), range(18, 48, 3), range(45, 48)
SECOND_PUT, BOTH_LIE = range(103, 130, 3), range(130, 166, 3)
# Camera, frame, side, quarter turns: goods lie at any angle, so a pack is photographed turned too.
PHOTOS = (("cam0", 50, "front", 0), ("cam1", 50, "back", 0), ("cam0", 60, "left", 1),
          ("cam0", 46, "right", 3))  # fmt: skip
PHOTO_MARGIN = 0.45  # of the pack's longer side, so that the plain counter frames it

Frame = NDArray[np.uint8]


@dataclass(frozen=True)
class Film:
    """A film on disk.

    Attributes:
        seconds: until it begins anew.
        mean_grey: lightest and darkest frame's mean, 0 to 255.
    """

    path: Path
    seconds: float
    mean_grey: tuple[float, float]


def write_film(path: Path, light: float = 1.0) -> Film:
    """Crackers are put down, then rice; both lie there until the counter is empty again."""
    numbers = [*EMPTY, *FIRST_PUT, *FIRST_LIES, *SECOND_PUT, *BOTH_LIE]
    frames = _frames(CLIP / f"{CAMERA}.mp4", set(numbers))
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"mp4v"), float(FPS), (width, height)
    )
    greys = []
    for number in numbers:
        frame = np.asarray(np.clip(frames[number] * light, 0, 255), np.uint8)
        greys.append(float(frame.mean()))
        writer.write(frame)
    writer.release()
    return Film(path, len(numbers) / FPS, (max(greys), min(greys)))


def write_empty_film(path: Path) -> None:
    """The counter before the shop opens: the box learns what it looks like with nothing on it."""
    frames = _frames(CLIP / f"{CAMERA}.mp4", set(EMPTY))
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"mp4v"), float(FPS), (width, height)
    )
    for number in [*EMPTY] * 4:
        writer.write(frames[number])
    writer.release()


def pack_photos() -> list[tuple[str, bytes]]:
    """Side and JPEG of the new pack, cut out of what the other cameras saw."""
    photos = []
    for camera, number, side, turns in PHOTOS:
        picture = _frames(CLIP / f"{camera}.mp4", {number})[number]
        x1, y1, x2, y2 = _place_of_pack(camera, number)
        pad = PHOTO_MARGIN * max(x2 - x1, y2 - y1)
        top, left = max(0, round(y1 - pad)), max(0, round(x1 - pad))
        crop = picture[top : round(y2 + pad), left : round(x2 + pad)]
        turned = np.ascontiguousarray(np.rot90(crop, turns))
        photos.append((side, cv2.imencode(".jpg", turned)[1].tobytes()))
    return photos


def _place_of_pack(camera: str, number: int) -> tuple[float, float, float, float]:
    """Where the first item lies, from the clip's own truth."""
    truth = json.loads((CLIP / f"{camera}.json").read_bytes())
    states = {i["id"] for i in truth["images"] if i["from_frame"] <= number < i["until_frame"]}
    x, y, width, height = next(a["bbox"] for a in truth["annotations"] if a["image_id"] in states)
    return x, y, x + width, y + height


def _frames(path: Path, wanted: set[int]) -> dict[int, Frame]:
    capture = cv2.VideoCapture(str(path))
    found: dict[int, Frame] = {}
    for number in range(max(wanted) + 1):
        is_there, picture = capture.read()
        if is_there and number in wanted:
            found[number] = np.asarray(picture, np.uint8)
    capture.release()
    return found
