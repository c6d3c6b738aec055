"""EAN-13 numbers and bars, with the GS1 demonstration prefix 952.

No reading here: the tests decode the drawn bars with zxing-cpp.
"""

import numpy as np
from numpy.typing import NDArray

from sync.catalog import check_digit

DEMO_PREFIX = "952"  # GS1's prefix for demonstrations; no shop can hold a real product with it.
QUIET_MODULES = 11  # Left quiet zone of EAN-13 (GS1 General Specifications 5.2.3.4).
_L = ("0001101", "0011001", "0010011", "0111101", "0100011",
      "0110001", "0101111", "0111011", "0110111", "0001011")  # fmt: skip
_PARITY = ("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG",
           "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL")  # fmt: skip


def demo_ean(number: int) -> str:
    """The EAN-13 of our product `number`, with prefix 952."""
    body = f"{DEMO_PREFIX}{number:09d}"
    return body + str(check_digit(body))


def ean_modules(ean13: str) -> str:
    """95 modules as text, 1 for a bar.

    Raises:
        ValueError: 13 digits with a right check digit were not given.
    """
    if not ean13.isdigit() or len(ean13) != 13 or check_digit(ean13[:-1]) != int(ean13[-1]):
        raise ValueError(f"not an EAN-13: {ean13!r}")
    left = ""
    for digit, parity in zip(ean13[1:7], _PARITY[int(ean13[0])], strict=True):
        code = _L[int(digit)]
        left += code if parity == "L" else _inverted(code)[::-1]
    right = "".join(_inverted(_L[int(digit)]) for digit in ean13[7:])
    return "101" + left + "01010" + right + "101"


def barcode_picture(ean13: str, module_px: int, height_px: int) -> NDArray[np.uint8]:
    """Bars on white with quiet zones, grey uint8 (height_px, (95 + 2 * 11) * module_px)."""
    bars = np.array([int(m) for m in ean_modules(ean13)], np.uint8)
    row = np.pad(bars, QUIET_MODULES)
    line = np.repeat(np.where(row == 1, 12, 250).astype(np.uint8), module_px)
    picture = np.repeat(line[None], height_px, axis=0)
    picture[: module_px * 2] = 250
    picture[-module_px * 2 :] = 250
    return picture


def _inverted(code: str) -> str:
    return code.translate(str.maketrans("01", "10"))
