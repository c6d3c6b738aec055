"""EAN-13 numbers and the bars drawn for them."""

import numpy as np
import pytest

from tools.lane_sim.barcode_art import barcode_picture, demo_ean, ean_modules

zxingcpp = pytest.importorskip("zxingcpp", reason="zxing-cpp reads the drawn bars")


def test_a_demo_number_has_the_demonstration_prefix_and_a_right_check_digit() -> None:
    assert demo_ean(1001) == "9520000010010"


@pytest.mark.parametrize("number", [1, 1001, 1070, 987654321])
def test_the_drawn_bars_decode_to_the_number(number: int) -> None:
    bars = barcode_picture(demo_ean(number), module_px=2, height_px=60)
    page = np.full((120, 320), 255, np.uint8)
    page[20:80, 30 : 30 + bars.shape[1]] = bars
    assert [found.text for found in zxingcpp.read_barcodes(page)] == [demo_ean(number)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("9520000010011", id="wrong check digit"),
        pytest.param("952000001001", id="one digit short"),
        pytest.param("95200000100x0", id="a letter"),
    ],
)
def test_bars_of_no_ean_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an EAN-13"):
        ean_modules(text)
