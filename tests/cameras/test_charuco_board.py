import re
import struct
import zlib

import cv2
import numpy as np
import pytest

from cameras.charuco_board import BoardSpec, board_pdf, board_picture, board_png, detect_board
from cameras.errors import CalibrationError


def test_the_sheet_is_the_board_that_opencv_looks_for() -> None:
    spec = BoardSpec(columns=6, rows=4, square_mm=12, marker_mm=6)
    board = cv2.aruco.CharucoBoard(
        (6, 4), 12, 6, cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    )
    assert np.array_equal(board_picture(spec, 1.0), board.generateImage((72, 48)))


def test_every_corner_of_the_sheet_is_where_the_board_says() -> None:
    spec = BoardSpec()
    found = detect_board(board_picture(spec, 4.0, margin_mm=10.0), spec)
    assert found is not None
    assert len(found.ids) == spec.num_corners
    height_cm = spec.size_mm[1] / 10
    xy_cm = spec.corner_xy_cm(found.ids)
    expected = np.stack([xy_cm[:, 0] + 1.0, height_cm - xy_cm[:, 1] + 1.0], axis=1) * 40.0 - 0.5
    assert np.abs(found.xy_px - expected).max() < 0.3


def test_a_picture_without_a_board_has_none() -> None:
    assert detect_board(np.full((240, 320, 3), 90, np.uint8), BoardSpec()) is None


def test_the_png_carries_its_resolution() -> None:
    png = board_png(BoardSpec(), dpi=150)
    at = png.index(b"pHYs")
    across, down, unit = struct.unpack(">IIB", png[at + 4 : at + 13])
    assert (across, down, unit) == (5906, 5906, 1)
    assert struct.unpack(">I", png[at + 13 : at + 17])[0] == zlib.crc32(png[at : at + 13])
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture.shape[1] == round((7 * 36 + 20) * 150 / 25.4)


def test_the_pdf_page_is_exact_in_millimetres_and_fits_a4() -> None:
    pdf = board_pdf(BoardSpec())
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert box is not None
    width_mm, height_mm = (float(side) * 25.4 / 72 for side in box.groups())
    assert (width_mm, height_mm) == pytest.approx((272, 220), abs=0.01)
    assert pdf.startswith(b"%PDF-1.4")
    offset = int(re.findall(rb"startxref\n(\d+)", pdf)[0])
    assert pdf[offset : offset + 4] == b"xref"
    assert b"36.0000 36.0000 re" in pdf


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"columns": 2}, "3 to 30 squares"),
        ({"marker_mm": 36.0}, "40 to 90 %"),
        ({"dictionary": "DICT_9X9"}, "one of DICT_4X4_50"),
    ],
)
def test_an_impossible_board_is_refused(values: dict[str, object], why: str) -> None:
    with pytest.raises(CalibrationError, match=why):
        BoardSpec(**values)  # type: ignore[arg-type]
