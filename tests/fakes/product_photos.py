"""Photos of invented products on a plain table, drawn: sides that differ, sharp or blurred."""

import cv2
import numpy as np
from numpy.typing import NDArray

Photo = NDArray[np.uint8]
TABLE = (214, 212, 208)


def photo_of(seed: int, side: int = 0, *, table: tuple[int, int, int] = TABLE) -> Photo:
    """One side of product `seed`: a coloured pack with shapes of its own, uint8 BGR."""
    brand = np.random.default_rng(seed)
    own = np.random.default_rng(1000 * seed + side)
    photo = np.full((900, 900, 3), table, np.uint8)
    colour = tuple(int(v) for v in brand.integers(20, 190, 3))
    accent = tuple(int(v) for v in brand.integers(60, 255, 3))
    x1, y1 = 220 + int(own.integers(-20, 20)), 150 + int(own.integers(-20, 20))
    x2, y2 = x1 + 430, y1 + 580
    cv2.rectangle(photo, (x1, y1), (x2, y2), colour, -1)
    for _ in range(14):
        centre = (int(own.integers(x1 + 50, x2 - 50)), int(own.integers(y1 + 50, y2 - 50)))
        cv2.circle(photo, centre, int(own.integers(15, 60)), accent, -1, cv2.LINE_AA)
    letters = "".join(chr(65 + int(v)) for v in brand.integers(0, 26, 5))
    cv2.putText(photo, letters, (x1 + 40, y1 + 160), cv2.FONT_HERSHEY_DUPLEX, 4, (255, 255, 255), 9)
    noise = own.normal(0, 2, photo.shape)
    return np.clip(photo + noise, 0, 255).astype(np.uint8)


def busy_table(photo: Photo) -> Photo:
    """The same photo before a chequered background."""
    checks = np.indices(photo.shape[:2]).sum(axis=0) // 40 % 2 * 200
    is_table = np.linalg.norm(photo.astype(float) - TABLE, axis=2) < 30
    return np.where(is_table[..., None], checks[..., None], photo).astype(np.uint8)


def jpeg(photo: Photo) -> bytes:
    """The bytes a phone sends."""
    return bytes(cv2.imencode(".jpg", photo)[1].data)
