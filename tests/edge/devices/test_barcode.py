import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from edge.devices.barcode import read_codes


def picture_of(
    content: str, symbology: zxingcpp.BarcodeFormat, scale: int = 3
) -> NDArray[np.uint8]:
    """A code on a larger white ground, as a BGR picture."""
    drawn = np.array(
        zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(content, symbology), scale)
    )
    ground = np.full((drawn.shape[0] + 80, drawn.shape[1] + 120), 255, np.uint8)
    ground[40:-40, 60:-60] = drawn
    return np.repeat(ground[..., None], 3, axis=2)


def test_an_ean_in_a_picture_is_read_where_it_is() -> None:
    found = read_codes(picture_of("9521234543213", zxingcpp.BarcodeFormat.EAN13))
    assert [seen.code.gtin for seen in found] == ["09521234543213"]
    assert all(x >= 60 for x, _ in found[0].corners)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_code_is_read(turns: int) -> None:
    picture = np.rot90(picture_of("9521234543213", zxingcpp.BarcodeFormat.EAN13), turns)
    assert [seen.code.gtin for seen in read_codes(picture)] == ["09521234543213"]


def test_a_digital_link_in_a_qr_code_gives_gtin_and_batch() -> None:
    link = "https://id.gs1.org/01/09521234543213/10/AB"
    found = read_codes(picture_of(link, zxingcpp.BarcodeFormat.QRCode))
    assert (found[0].code.gtin, found[0].code.fields["10"]) == ("09521234543213", "AB")


def test_two_packs_in_one_picture_are_two_codes() -> None:
    pictures = [
        picture_of(c, zxingcpp.BarcodeFormat.EAN13) for c in ("9521234543213", "9520123456788")
    ]
    both = read_codes(np.concatenate(pictures))
    assert {seen.code.gtin for seen in both} == {"09521234543213", "09520123456788"}


def test_an_empty_picture_holds_no_code() -> None:
    assert read_codes(np.zeros((480, 640, 3), np.uint8)) == []
