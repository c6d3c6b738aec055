"""Is this really a picture, and small enough to open? Settled from its first bytes.

Flow: bytes -> format and size from the header -> decoded -> uint8 BGR ; BGR -> JPEG

What is kept is always encoded anew, so no metadata, place or hidden archive of an upload survives.
"""

import struct
from dataclasses import dataclass

import cv2
import numpy as np

from sync.preprocess import Picture
from trainer.errors import DegradedError

MAX_PIXELS = 50_000_000  # a 48-megapixel phone; 150 MB decoded
MIN_SIDE_PX = 64
JPEG_QUALITY = 90
_JPEG_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # start-of-frame markers


class PictureError(DegradedError):
    """An upload that is no picture we open."""

    code = "picture.refused"


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What the first bytes say."""

    kind: str
    width: int
    height: int


def open_picture(data: bytes) -> Picture:
    """Decode an upload, turned as its EXIF says, uint8 BGR (H, W, 3).

    Raises:
        PictureError: no JPEG, PNG or WebP, too large, too small, or damaged.
    """
    header = read_header(data)
    if header.width * header.height > MAX_PIXELS:
        raise PictureError(
            f"{header.width} x {header.height} pixels",
            hint=f"at most {MAX_PIXELS // 10**6} million",
        )
    if min(header.width, header.height) < MIN_SIDE_PX:
        raise PictureError(
            f"{header.width} x {header.height} pixels", hint=f"at least {MIN_SIDE_PX} on each side"
        )
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as err:
        raise PictureError("the picture is damaged", hint="take it again") from err
    if picture is None or {*picture.shape[:2]} != {header.width, header.height}:
        raise PictureError("the picture is damaged", hint="take it again")
    return np.asarray(picture, dtype=np.uint8)


def to_jpeg(picture: Picture, max_side_px: int) -> bytes:
    """A JPEG whose longer side is at most `max_side_px`."""
    scale = max_side_px / max(picture.shape[:2])
    if scale < 1:
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].data)


def read_header(data: bytes) -> PictureHeader:
    """Format and size, without decoding a pixel.

    Raises:
        PictureError: of none of the three formats, or cut short.
    """
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR":
            return PictureHeader("png", *struct.unpack(">II", data[16:24]))
        if data[:3] == b"\xff\xd8\xff":
            return _jpeg_header(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp_header(data)
    except (struct.error, IndexError) as err:
        raise PictureError("the picture is cut short", hint="send it again") from err
    raise PictureError("no JPEG, PNG or WebP", hint="convert it to one of these")


def _jpeg_header(data: bytes) -> PictureHeader:
    """Walk the segments to the start of the frame; ITU T.81, B.2."""
    place = 2
    while True:
        while data[place] == 0xFF and data[place + 1] == 0xFF:
            place += 1
        if data[place] != 0xFF:
            raise PictureError("the JPEG is damaged", hint="take it again")
        marker, length = data[place + 1], struct.unpack(">H", data[place + 2 : place + 4])[0]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return PictureHeader("jpeg", width, height)
        if length < 2 or marker == 0xDA:
            raise PictureError("the JPEG is damaged", hint="take it again")
        place += 2 + length


def _webp_header(data: bytes) -> PictureHeader:
    """The three kinds of WebP; developers.google.com/speed/webp/docs/riff_container."""
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[i : i + 3], "little") + 1 for i in (24, 27))
    elif kind == b"VP8L":
        bits = struct.unpack("<I", data[21:25])[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (v & 0x3FFF for v in struct.unpack("<HH", data[26:30]))
    else:
        raise PictureError("an unknown kind of WebP", hint="send a JPEG")
    return PictureHeader("webp", width, height)
