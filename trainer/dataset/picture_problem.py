"""What is wrong with the bytes of a picture, settled before a pixel is decoded.

Flow: bytes -> "" | empty | damaged | large | small

OpenCV shows a picture that was cut short half grey, and opens a gigapixel; so its end and its size
are looked for here. Of kinds without a header that we read, OpenCV says which when it opens them.
"""

from typing import Literal

from trainer.onboarding.picture_form import MAX_PIXELS, PictureError, read_header

Problem = Literal["", "empty", "damaged", "large", "small"]

JPEG_BEGIN, JPEG_END, PNG_END = b"\xff\xd8", b"\xff\xd9", b"IEND"
TAIL = 1 << 16  # cameras append their own data


def picture_problem(data: bytes, min_side_px: int = 1) -> Problem:
    """The first thing that is wrong; empty text if nothing is."""
    if not data:
        return "empty"
    try:
        header = read_header(data)
    except PictureError:  # of another kind, or damaged
        return "damaged" if data[:2] == JPEG_BEGIN else ""
    if header.width * header.height > MAX_PIXELS:
        return "large"
    if min(header.width, header.height) < min_side_px:
        return "small"
    match header.kind:
        case "jpeg":
            is_whole = JPEG_END in data[-TAIL:]
        case "png":
            is_whole = PNG_END in data[-TAIL:]
        case _:
            is_whole = len(data) >= int.from_bytes(data[4:8], "little") + 8  # as RIFF says
    return "" if is_whole else "damaged"
