"""Barcodes in a camera picture: extra evidence for an item, and a free label.

Flow: pixels -> zxing-cpp -> ScannedCodes with their corners

Reads what stands on packs: EAN/UPC, DataBar, Code 128 and ITF-14, QR and DataMatrix (GS1 Digital
Link, GS1 element strings). Decides nothing about the basket.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from edge.devices.gs1_code import InStorePattern, ScannedCode, parse_code

logger = logging.getLogger(__name__)

_F = zxingcpp.BarcodeFormat
FORMATS = [
    _F.EAN13, _F.EAN8, _F.UPCA, _F.UPCE, _F.Code128, _F.ITF14, _F.DataBarOmni, _F.DataBarExp,
    _F.DataBarExpStk, _F.DataBarStk, _F.QRCode, _F.DataMatrix,
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SeenCode:
    """A code and where it is.

    Attributes:
        corners: four (x, y) in pixels of the picture, clockwise from the top left of the code.
    """

    code: ScannedCode
    symbology: str
    corners: tuple[tuple[int, int], ...]


def read_codes(
    picture: NDArray[np.uint8], patterns: Sequence[InStorePattern] = ()
) -> list[SeenCode]:
    """All codes of a picture that can be read; a wrong check digit is no code.

    Args:
        picture: uint8 (H, W) grey or (H, W, 3) BGR.
        patterns: of the store, for in-store EAN-13.
    """
    seen: list[SeenCode] = []
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(picture),
        formats=FORMATS,  # type: ignore[arg-type]  # a list is right, its stub says otherwise
        text_mode=zxingcpp.TextMode.Plain,
    )
    for barcode in found:
        text = barcode.text
        if barcode.content_type == zxingcpp.ContentType.GS1 and not text.startswith("]"):
            text = "]C1" + text
        try:
            code = parse_code(text, patterns)
        except ValueError as err:
            logger.debug("barcode not usable reason=%s", err)
            continue
        place = barcode.position
        corners = tuple(
            (int(p.x), int(p.y))
            for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        )
        seen.append(SeenCode(code, str(barcode.format), corners))
    return seen
