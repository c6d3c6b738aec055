"""What lies on the counters of the simulated store: goods at rest, cut from the shipped clips.

Flow: clip -> frame between two hands -> redacted as a box does it -> Look with its exact truth

A picture that the box would not let out (a hand reaches in, a phone lies there) is left out here
too. One camera's looks are labelled and trained on, those of the others are the blind baskets.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.hard_cases.redaction import JPEG_QUALITY, DropReason, empty_counter, redact
from sync.boxes import iou_matrix
from tools.demo_run.clip_folder import ClipFolder, read_clips

TRAINING_CAMERA = "cam0"
BLIND_CAMERAS = ("cam1", "cam2")
EVENING = 0.92  # share of the light that is left
SAME_PLACE = 0.3  # intersection over union of a case's box with the truth's

Frame = NDArray[np.uint8]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Item:
    """One piece: where it lies, and what it is."""

    xyxy: tuple[float, float, float, float]
    sku_id: str


@dataclass(frozen=True)
class Look:
    """One camera's redacted picture of goods at rest.

    Attributes:
        day: number of its clip: baskets of one clip resemble each other.
        boxes: whole pixels, as they were copied over the empty counter.
        empty: JPEG of the counter before the first item.
    """

    name: str
    day: int
    camera_id: str
    jpeg: bytes
    boxes: tuple[Box, ...]
    empty: bytes
    size: tuple[int, int]
    calibration: str
    items: tuple[Item, ...]

    @property
    def basket(self) -> dict[str, int]:
        """What lies there."""
        return dict(Counter(item.sku_id for item in self.items))

    def sku_at(self, xyxy: Any) -> str:
        """What a box shows; empty where nothing lies."""
        places = np.asarray([item.xyxy for item in self.items], np.float32)
        overlaps = iou_matrix(np.asarray([xyxy], np.float32), places)[0]
        best = int(overlaps.argmax())
        return self.items[best].sku_id if overlaps[best] >= SAME_PLACE else ""


def looks_of(camera_ids: tuple[str, ...], clips: Sequence[ClipFolder] = ()) -> list[Look]:
    """Every look of these cameras that may leave a box, clip by clip; of all shipped clips."""
    return [
        look
        for day, clip in enumerate(clips or read_clips())
        for camera_id in camera_ids
        for look in _looks(clip, day, camera_id)
    ]


def in_evening_light(looks: Iterable[Look]) -> list[Look]:
    """The same goods with less light on them: baskets of another hour."""
    return [
        replace(look, name=f"{look.name}-evening", jpeg=_dimmed(look.jpeg),
                empty=_dimmed(look.empty))
        for look in looks
    ]  # fmt: skip


def _dimmed(jpeg: bytes) -> bytes:
    picture = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    darker = np.asarray(np.rint(picture * EVENING), np.uint8)
    return bytes(cv2.imencode(".jpg", darker, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].data)


def quiet_frames(told: dict[str, Any]) -> dict[int, int]:
    """State -> a frame of it in which no hand is over the counter."""
    found = {}
    events, states = told["events"], told["states"]
    for number, state in enumerate(states):
        if not state["items"]:
            continue
        first, until = int(state["from_frame"]), int(state["until_frame"])
        entered = [e["enter_frame"] for e in events if first < e["enter_frame"] < until]
        left = [e["leave_frame"] for e in events if first <= e["leave_frame"] < until]
        end = min([until, *entered])
        begin = max([first, *[frame for frame in left if frame < end]])
        found[number] = (begin + end) // 2
    return found


def _looks(clip: ClipFolder, day: int, camera_id: str) -> Iterator[Look]:
    folder = clip.videos[camera_id].parent
    states = quiet_frames(json.loads((folder / "events.json").read_bytes()))
    items = _items_by_state(folder / f"{camera_id}.json")
    frames = _frames(clip.videos[camera_id], set(states.values()))
    empty = np.asarray(cv2.imread(str(folder / f"{camera_id}_empty.jpg")), np.uint8)
    before = empty_counter(empty)
    for state, number in states.items():
        there = items.get(state, ())
        boxes = np.asarray([item.xyxy for item in there], np.float32).reshape(-1, 4)
        seen = redact(frames[number], boxes, empty, is_hand_present=False)
        if isinstance(seen, DropReason) or isinstance(before, DropReason):
            continue
        yield Look(
            name=f"{clip.name}-{state}-{camera_id}", day=day, camera_id=camera_id, jpeg=seen.jpeg,
            boxes=seen.boxes, empty=before.jpeg, size=(empty.shape[1], empty.shape[0]),
            calibration=clip.calibrations[camera_id].read_text(), items=there,
        )  # fmt: skip


def _items_by_state(path: Path) -> dict[int, tuple[Item, ...]]:
    told = json.loads(path.read_bytes())
    state_of = {image["id"]: int(image["state"]) for image in told["images"]}
    found: dict[int, list[Item]] = {}
    for note in told["annotations"]:
        x, y, width, height = note["bbox"]
        item = Item((x, y, x + width, y + height), str(note.get("sku", "")))
        found.setdefault(state_of[note["image_id"]], []).append(item)
    return {state: tuple(items) for state, items in found.items() if all(i.sku_id for i in items)}


def _frames(path: Path, wanted: set[int]) -> dict[int, Frame]:
    capture = cv2.VideoCapture(str(path))
    found: dict[int, Frame] = {}
    for number in range(max(wanted) + 1):
        if not capture.grab():
            break
        if number in wanted:
            found[number] = np.asarray(capture.retrieve()[1], np.uint8)
    capture.release()
    return found
