"""A frame as the screen gets it: cut to the counter, scaled down, JPEG, boxes as fractions.

Flow: Frame pixels + TrackObservations of the same frame -> CounterPicture

Knows no camera and no ring. Encoded once per frame for every browser; the caller keeps the result.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.kiosk.live_feed import CounterPicture, Picture, PictureBox
from edge.messages.perception_messages import TrackObservation

MAX_EDGE_PX = 960  # a 1080p screen shows the counter at about this width
JPEG_QUALITY = 78  # at 960x540 about 45 kB; edges of labels stay clean
CROP_EDGE_PX = 360
CROP_MARGIN = 0.12  # of the box's size, so that the pack's edge is visible

Region = tuple[int, int, int, int]


def encode_counter_picture(
    pixels: NDArray[np.uint8],
    camera_id: str,
    sequence: int,
    captured_at_ns: int,
    tracks: Sequence[TrackObservation] = (),
    region: Region | None = None,
) -> CounterPicture:
    """Cut, scale and encode one frame.

    Args:
        pixels: uint8 (H, W, 3), BGR.
        tracks: what perception claimed in exactly this frame.
        region: xyxy pixels of the counter; None shows the whole frame.
    """
    x1, y1, x2, y2 = _inside(region, pixels)
    counter = _shrunk(pixels[y1:y2, x1:x2], MAX_EDGE_PX)
    height, width = counter.shape[:2]
    size = np.array([x2 - x1, y2 - y1, x2 - x1, y2 - y1], dtype=np.float64)
    origin = np.array([x1, y1, x1, y1], dtype=np.float64)
    boxes = []
    for track in tracks:
        share = np.clip((np.array(track.xyxy, dtype=np.float64) - origin) / size, 0.0, 1.0)
        if share[2] > share[0] and share[3] > share[1]:
            left, top, right, bottom = (float(v) for v in share)
            boxes.append(
                PictureBox(
                    track.track_id,
                    (left, top, right, bottom),
                    is_resting=track.is_resting,
                    is_occluded=track.is_occluded,
                )
            )
    return CounterPicture(
        camera_id, sequence, captured_at_ns, width, height, _jpeg(counter), tuple(boxes)
    )


def encode_item_crop(
    pixels: NDArray[np.uint8], xyxy: tuple[float, float, float, float]
) -> Picture | None:
    """The picture of one item with a little of the counter round it; None for an empty box."""
    x1, y1, x2, y2 = xyxy
    dx, dy = (x2 - x1) * CROP_MARGIN, (y2 - y1) * CROP_MARGIN
    wanted = (int(x1 - dx), int(y1 - dy), int(x2 + dx), int(y2 + dy))
    left, top, right, bottom = _inside(wanted, pixels)
    if right - left < 2 or bottom - top < 2:
        return None
    crop = _shrunk(pixels[top:bottom, left:right], CROP_EDGE_PX)
    return Picture(_jpeg(crop), "image/jpeg")


def _inside(region: Region | None, pixels: NDArray[np.uint8]) -> Region:
    height, width = pixels.shape[:2]
    if region is None:
        return 0, 0, width, height
    x1, y1, x2, y2 = region
    return max(0, x1), max(0, y1), min(width, x2), min(height, y2)


def _shrunk(pixels: NDArray[np.uint8], max_edge_px: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    scale = max_edge_px / max(height, width)
    if scale >= 1.0:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    is_done, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert is_done, "OpenCV always encodes a uint8 BGR picture"
    return bytes(encoded.data)
