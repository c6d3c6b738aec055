"""Bytes of pictures as they come: whole but unusual, and damaged in every way the issue names."""

import base64

import cv2
import numpy as np

from sync.preprocess import Picture

# 20 x 24 pixels, cyan 0, magenta 200, yellow 200, black 0, as Photoshop writes them
CMYK_JPEG = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNbXY"
    "W1hpCeo6utq2eAvMm6pseZqKuk/8AAFAgAGAAUBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgME"
    "BQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJCh"
    "YXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqi"
    "o6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASw"
    "AAPwDpqyaya6aiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiv/9k="
)
# Exif with one entry: orientation 6, turn a quarter clockwise to see it upright
TURNED = (
    b"\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01"
    b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
)


def noise(width: int = 60, height: int = 40) -> Picture:
    """A picture that says nothing."""
    random = np.random.default_rng(0)
    return random.integers(0, 256, (height, width, 3), dtype=np.uint8)


def jpeg(picture: Picture) -> bytes:
    """Encoded."""
    return bytes(cv2.imencode(".jpg", picture)[1].data)


def deep_png(picture: Picture) -> bytes:
    """With 16 bits a channel."""
    return bytes(cv2.imencode(".png", picture.astype(np.uint16) * 257)[1].data)


def turned(data: bytes) -> bytes:
    """A JPEG whose EXIF says that it must be turned."""
    return data[:2] + TURNED + data[2:]


def cut_short(data: bytes) -> bytes:
    """Half of it."""
    return data[: len(data) // 2]


def of_100_megapixels(data: bytes) -> bytes:
    """A JPEG whose header asks for 300 MB of memory."""
    changed = bytearray(data)
    place = changed.index(b"\xff\xc0") + 5
    changed[place : place + 4] = (10_000).to_bytes(2, "big") * 2
    return bytes(changed)
