"""The calibration board: what is printed, and where its corners are in a picture.

Flow: picture -> BoardCorners

The sheet is drawn at exact millimetres as PDF (vector) or PNG (with its resolution inside). A ruler
line of 100 mm on the PDF tells whether the printer scaled. Calibrating itself is calibration.py.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.errors import CalibrationError

_PT_PER_MM = 72.0 / 25.4
PAGE_MARGIN_MM = 10.0
RULER_MM = 100
_MARKER_BITS = 4


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """A ChArUco board. The default fits A4 and is seen whole from 30 to 80 cm.

    Attributes:
        columns, rows: chess squares across and down.
        square_mm: side of a chess square; measure it on the print.
        marker_mm: side of a marker.
        dictionary: name in cv2.aruco; markers of 4 x 4 bits are read from farthest.
    """

    columns: int = 7
    rows: int = 5
    square_mm: float = 36.0
    marker_mm: float = 27.0
    dictionary: str = "DICT_4X4_50"

    def __post_init__(self) -> None:
        if not (3 <= self.columns <= 30 and 3 <= self.rows <= 30):
            raise CalibrationError(f"board of {self.columns} x {self.rows}: 3 to 30 squares a side")
        if not 0.4 * self.square_mm <= self.marker_mm <= 0.9 * self.square_mm:
            raise CalibrationError(
                f"marker_mm {self.marker_mm:g}: 40 to 90 % of square_mm {self.square_mm:g}"
            )
        if not self.dictionary.startswith("DICT_4X4_") or not hasattr(cv2.aruco, self.dictionary):
            raise CalibrationError(
                f"dictionary {self.dictionary!r}: one of DICT_4X4_50, _100, _250 or _1000"
            )

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the chess field."""
        return self.columns * self.square_mm, self.rows * self.square_mm

    @property
    def num_corners(self) -> int:
        """Inner chess corners."""
        return (self.columns - 1) * (self.rows - 1)

    def corner_xy_cm(self, ids: NDArray[np.int32]) -> NDArray[np.float64]:
        """Corners on the sheet: float64 (N, 2), cm right of and above its bottom left corner."""
        across = ids % (self.columns - 1) + 1
        down = ids // (self.columns - 1) + 1
        square_cm = self.square_mm / 10.0
        return np.stack([across * square_cm, (self.rows - down) * square_cm], axis=1).astype(
            np.float64
        )


@dataclass(frozen=True, slots=True, eq=False)
class BoardCorners:
    """Corners found in one picture.

    Attributes:
        ids: int32 (N,), corner numbers of the board.
        xy_px: float32 (N, 2).
        size_px: width and height of the picture.
    """

    ids: NDArray[np.int32]
    xy_px: NDArray[np.float32]
    size_px: tuple[int, int]


def detect_board(picture: NDArray[np.uint8], spec: BoardSpec) -> BoardCorners | None:
    """The board's corners, or None if fewer than 4 are seen."""
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    corners, ids, _, _ = cv2.aruco.CharucoDetector(_board(spec)).detectBoard(grey)
    if ids is None or len(ids) < 4:
        return None
    return BoardCorners(
        np.asarray(ids, np.int32).reshape(-1),
        np.asarray(corners, np.float32).reshape(-1, 2),
        (grey.shape[1], grey.shape[0]),
    )


def board_picture(spec: BoardSpec, px_per_mm: float, margin_mm: float = 0.0) -> NDArray[np.uint8]:
    """The sheet as uint8 (H, W) grey, exact in scale."""
    width, height = (round((side + 2 * margin_mm) * px_per_mm) for side in spec.size_mm)
    sheet = np.full((height, width), 255, np.uint8)
    for x, y, w, h in _black_rectangles(spec):
        left, top = round((x + margin_mm) * px_per_mm), round((y + margin_mm) * px_per_mm)
        right = round((x + w + margin_mm) * px_per_mm)
        bottom = round((y + h + margin_mm) * px_per_mm)
        sheet[top:bottom, left:right] = 0
    return sheet


def board_png(spec: BoardSpec, dpi: int = 300) -> bytes:
    """The sheet as PNG whose pHYs chunk makes it print at exact size."""
    picture = board_picture(spec, dpi / 25.4, PAGE_MARGIN_MM)
    is_encoded, data = cv2.imencode(".png", picture)
    assert is_encoded
    png = data.tobytes()
    per_metre = round(dpi / 0.0254)
    body = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
    end_of_header = 8 + 25
    return png[:end_of_header] + chunk + png[end_of_header:]


def board_pdf(spec: BoardSpec) -> bytes:
    """The sheet as a one-page vector PDF; print at 100 %, then measure the ruler line."""
    width_mm, height_mm = (side + 2 * PAGE_MARGIN_MM for side in spec.size_mm)
    height_mm += 2 * PAGE_MARGIN_MM
    drawing = [f"{_PT_PER_MM:.6f} 0 0 {_PT_PER_MM:.6f} 0 0 cm", "0 g"]
    for x, y, w, h in _black_rectangles(spec):
        bottom = height_mm - PAGE_MARGIN_MM - y - h
        drawing.append(f"{x + PAGE_MARGIN_MM:.4f} {bottom:.4f} {w:.4f} {h:.4f} re")
    drawing.append("f")
    drawing.append(f"{PAGE_MARGIN_MM:.4f} {PAGE_MARGIN_MM:.4f} {RULER_MM} 0.5 re f")
    text = (
        f"this line is {RULER_MM} mm; squares are {spec.square_mm:g} mm; "
        f"{spec.columns} x {spec.rows} {spec.dictionary}"
    )
    drawing.append(f"BT /F1 3.5 Tf {PAGE_MARGIN_MM:.2f} {PAGE_MARGIN_MM + 2:.2f} Td ({text}) Tj ET")
    return _one_page_pdf("\n".join(drawing).encode(), width_mm, height_mm)


def _board(spec: BoardSpec) -> Any:
    return cv2.aruco.CharucoBoard(
        (spec.columns, spec.rows), spec.square_mm, spec.marker_mm, _dictionary(spec)
    )


def _dictionary(spec: BoardSpec) -> Any:
    return cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, spec.dictionary))


def _black_rectangles(spec: BoardSpec) -> list[tuple[float, float, float, float]]:
    """x, y, width, height in mm from the top left: chess squares, then marker cells."""
    dictionary = _dictionary(spec)
    gap = (spec.square_mm - spec.marker_mm) / 2
    num_cells = _MARKER_BITS + 2
    cell = spec.marker_mm / num_cells
    rectangles: list[tuple[float, float, float, float]] = []
    marker_id = 0
    for row in range(spec.rows):
        for column in range(spec.columns):
            x, y = column * spec.square_mm, row * spec.square_mm
            if (row + column) % 2 == 0:
                rectangles.append((x, y, spec.square_mm, spec.square_mm))
                continue
            bits = cv2.aruco.generateImageMarker(dictionary, marker_id, num_cells)
            marker_id += 1
            rectangles += [
                (x + gap + j * cell, y + gap + i * cell, cell, cell)
                for i, j in np.argwhere(bits == 0).tolist()
            ]
    return rectangles


def _one_page_pdf(drawing: bytes, width_mm: float, height_mm: float) -> bytes:
    box = f"[0 0 {width_mm * _PT_PER_MM:.4f} {height_mm * _PT_PER_MM:.4f}]"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    pdf = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(pdf)
    pdf += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    pdf += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    pdf += b"trailer << /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return pdf + b"startxref\n%d\n%%%%EOF\n" % table
