"""People are removed before anything is written or sent: only goods on the empty counter remain.

Flow: frame + item boxes + picture of the empty counter -> RedactedPicture, or a reason to drop it

The result begins as the empty counter; the pixels of item boxes are copied over it, nothing else.
So whatever is not in a box is gone by construction. Inside a box an arm may still reach: if
anything that differs from the empty counter enters a box from outside, or skin shows at a box's
edge, the picture is dropped. When unsure, it is dropped.
"""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

BOX_MARGIN = 0.02  # of a box's longer side: the item's own shadow, no neighbour
DIFFERENCE = 28  # grey levels against the empty counter; light changes stay below
MAX_STRAY_SHARE = 0.012  # of the picture: a phone's edge; a hand covers 2 % or more
SHADOW_DARKEST = 0.45  # of the counter's light; darker is a sleeve
SHADOW_SPREAD = 0.08  # between colours; skin differs from a counter by 0.3 and more
SHADOW_REACH = 0.35  # of a box's longer side
MIN_TOUCH_PX = 6  # a stray region this long at a box's border reaches into it
MAX_SKIN_SHARE = 0.22  # of a box's rim: cardboard is skin-coloured too, so the limit is not lower
MAX_LIGHT_SHIFT = 40.0  # mean grey levels: beyond it the picture of the empty counter is stale
WORK_WIDTH_PX = 480
JPEG_QUALITY = 88
MAX_BYTES = 200_000  # DESIGN section 3

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]


class DropReason(StrEnum):
    """Why a picture may not leave."""

    NO_REFERENCE = "no_reference"
    OTHER_SIZE = "other_size"
    STALE_REFERENCE = "stale_reference"
    HAND_PRESENT = "hand_present"
    STRAY = "stray"
    REACHES_IN = "reaches_in"
    SKIN = "skin"
    NO_ITEMS = "no_items"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class RedactedPicture:
    """What may be stored: pixels of goods on the empty counter."""

    jpeg: bytes
    boxes: tuple[tuple[int, int, int, int], ...]


def redact(
    frame: Picture,
    boxes: NDArray[np.float32],
    reference: Picture | None,
    *,
    is_hand_present: bool,
) -> RedactedPicture | DropReason:
    """The picture without people, or why it is dropped.

    Args:
        frame: uint8 BGR (H, W, 3), the counter region.
        boxes: float32 (N, 4), xyxy pixels of the items in it.
        reference: the empty counter through the same camera, or None where none was learned.
        is_hand_present: perception saw something large move.
    """
    reason = _reason_to_drop(frame, boxes, reference, is_hand_present)
    if reason is not None:
        return reason
    assert reference is not None
    kept = _grown(boxes, frame.shape[1], frame.shape[0])
    picture = reference.copy()
    for x1, y1, x2, y2 in kept:
        picture[y1:y2, x1:x2] = frame[y1:y2, x1:x2]
    return _encoded(picture, tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in kept))


def empty_counter(reference: Picture) -> RedactedPicture | DropReason:
    """The learned picture of the empty counter itself, for whoever needs the moment before."""
    return _encoded(reference, ())


def _encoded(
    picture: Picture, boxes: tuple[tuple[int, int, int, int], ...]
) -> RedactedPicture | DropReason:
    for quality in (JPEG_QUALITY, 75, 60, 45):
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(data) <= MAX_BYTES:
            return RedactedPicture(data, boxes)
    return DropReason.TOO_LARGE


def _reason_to_drop(
    frame: Picture,
    boxes: NDArray[np.float32],
    reference: Picture | None,
    is_hand_present: bool,
) -> DropReason | None:
    if is_hand_present:
        return DropReason.HAND_PRESENT
    if reference is None:
        return DropReason.NO_REFERENCE
    if reference.shape != frame.shape:
        return DropReason.OTHER_SIZE
    if len(boxes) == 0:
        return DropReason.NO_ITEMS
    scale = min(1.0, WORK_WIDTH_PX / frame.shape[1])
    small, empty = _small(frame, scale), _small(reference, scale)
    kept = _grown(boxes * np.float32(scale), small.shape[1], small.shape[0])
    inside = np.zeros(small.shape[:2], dtype=bool)
    for x1, y1, x2, y2 in kept:
        inside[y1:y2, x1:x2] = True
    changed = _changed(small, empty, inside)
    if changed is None:
        return DropReason.STALE_REFERENCE
    outside = changed & ~inside
    own_shadow = _is_shadow(small, empty) & _beside(kept, inside)
    stray = outside & ~(own_shadow & ~_from_border(outside))
    if stray.mean() > MAX_STRAY_SHARE:
        return DropReason.STRAY
    if any(_reaches_in(outside, box) or _comes_from_border(changed, box) for box in kept):
        return DropReason.REACHES_IN
    if any(_rim_is_skin(small, changed, box) for box in kept):
        return DropReason.SKIN
    return None


def _small(picture: Picture, scale: float) -> Picture:
    resized = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, dtype=np.uint8)


def _changed(frame: Picture, empty: Picture, inside: Mask) -> Mask | None:
    """Where the frame differs from the empty counter, the light's own change taken out.

    None when the light has changed so much that nothing can be said.
    """
    difference = frame.astype(np.int16) - empty.astype(np.int16)
    around = difference[~inside]
    shift = np.median(around, axis=0) if len(around) else np.zeros(3)
    if np.abs(shift).max() > MAX_LIGHT_SHIFT:
        return None
    residual = np.abs(difference - shift).max(axis=2)
    smooth = cv2.blur(residual.astype(np.float32), (3, 3))
    return np.asarray(smooth > DIFFERENCE, dtype=bool)


def _is_shadow(frame: Picture, empty: Picture) -> Mask:
    """Where the frame is the empty counter, only darker: the same colour, and not black.

    Source: brightness and chromaticity distortion, Horprasert, Harwood and Davis 1999.
    """
    ratio = (frame.astype(np.float32) + 4.0) / (empty.astype(np.float32) + 4.0)
    darkest, lightest = ratio.min(axis=2), ratio.max(axis=2)
    is_darker = (darkest > SHADOW_DARKEST) & (lightest < 1.0)
    return np.asarray(is_darker & (lightest - darkest < SHADOW_SPREAD), dtype=bool)


def _from_border(outside: Mask) -> Mask:
    """What goes on to the border of the picture: an arm does, an item's shadow does not."""
    _, labels = cv2.connectedComponents(outside.astype(np.uint8))
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.asarray(np.isin(labels, np.unique(border[border > 0])), dtype=bool)


def _beside(boxes: NDArray[np.int64], like: Mask) -> Mask:
    """Round the items, where their own shadows fall; a sleeve elsewhere is no shadow."""
    near = np.zeros_like(like)
    for x1, y1, x2, y2 in boxes:
        reach = round(SHADOW_REACH * max(x2 - x1, y2 - y1))
        near[max(y1 - reach, 0) : y2 + reach, max(x1 - reach, 0) : x2 + reach] = True
    return near


def _reaches_in(outside: Mask, box: NDArray[np.int64]) -> bool:
    """Whether something beyond an item's own shadow touches its box from outside."""
    x1, y1, x2, y2 = box
    height, width = outside.shape
    rim = np.zeros_like(outside)
    rim[max(y1 - 2, 0) : min(y2 + 2, height), max(x1 - 2, 0) : min(x2 + 2, width)] = True
    rim[y1:y2, x1:x2] = False
    count, labels = cv2.connectedComponents(outside.astype(np.uint8))
    for label in range(1, count):
        region = labels == label
        touch = int((region & rim).sum())
        # A shadow hugs its item; an arm goes on to the border of the picture.
        leaves = bool(region[0].any() | region[-1].any() | region[:, 0].any() | region[:, -1].any())
        if touch >= MIN_TOUCH_PX and leaves:
            return True
    return False


def _comes_from_border(changed: Mask, box: NDArray[np.int64]) -> bool:
    """Whether a box holds something that goes on beyond the picture: it may be a hand, whole."""
    x1, y1, x2, y2 = box
    height, width = changed.shape
    sides = (
        (y1 <= 1, changed[0, x1:x2]),
        (y2 >= height - 1, changed[-1, x1:x2]),
        (x1 <= 1, changed[y1:y2, 0]),
        (x2 >= width - 1, changed[y1:y2, -1]),
    )
    return any(touches and int(side.sum()) >= MIN_TOUCH_PX for touches, side in sides)


def _rim_is_skin(frame: Picture, changed: Mask, box: NDArray[np.int64]) -> bool:
    """Whether changed, skin-coloured pixels take a share of the box's rim.

    Source: Cr 135 to 175 and Cb 80 to 130 of YCrCb, Chai and Ngan 1999, widened for dim light.
    """
    x1, y1, x2, y2 = box
    depth = max(2, round(0.06 * max(x2 - x1, y2 - y1)))
    rim = np.zeros(frame.shape[:2], dtype=bool)
    rim[y1:y2, x1:x2] = True
    rim[y1 + depth : y2 - depth, x1 + depth : x2 - depth] = False
    rim &= changed
    if not rim.any():
        return False
    colours = cv2.cvtColor(frame, cv2.COLOR_BGR2YCrCb)
    red, blue = colours[..., 1], colours[..., 2]
    skin = (red >= 135) & (red <= 178) & (blue >= 80) & (blue <= 130)
    area = (x2 - x1) * (y2 - y1) - max(0, x2 - x1 - 2 * depth) * max(0, y2 - y1 - 2 * depth)
    return bool(float((skin & rim).sum()) / max(int(area), 1) > MAX_SKIN_SHARE)


def _grown(boxes: NDArray[np.float32], width: int, height: int) -> NDArray[np.int64]:
    """Boxes with their margin, whole pixels inside the picture, int64 (N, 4)."""
    side = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])[:, None] * BOX_MARGIN
    grown = np.concatenate([boxes[:, :2] - side, boxes[:, 2:] + side], axis=1)
    limits = np.asarray([width, height, width, height])
    return np.asarray(np.clip(np.rint(grown), 0, limits), dtype=np.int64)
