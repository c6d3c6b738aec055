import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.devices.gs1_code import InStorePattern, ScannedCode, parse_code, upc_a
from sync.catalog import check_digit

GS = "\x1d"
GTIN = "09521234543213"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("9521234543213", id="EAN-13"),
        pytest.param("09521234543213", id="GTIN-14"),
        pytest.param("]E09521234543213", id="EAN-13 with symbology"),
        pytest.param("9521234543213\r\n", id="with line end"),
        pytest.param(f"]d201{GTIN}10AB{GS}17261231", id="element string"),
        pytest.param(f"01{GTIN}{GS}", id="element string without symbology"),
        pytest.param(f"(01){GTIN}(10)AB", id="brackets"),
        pytest.param(f"https://id.gs1.org/01/{GTIN}", id="digital link"),
        pytest.param(f"https://shop.example/a/b/01/{GTIN}/10/AB?17=261231", id="own host"),
        pytest.param("HTTPS://ID.GS1.ORG/01/9521234543213", id="upper case, EAN-13"),
        pytest.param(f"https://id.gs1.org/gtin/{GTIN}", id="digital link with a word"),
    ],
)
def test_a_gtin_is_found(text: str) -> None:
    code = parse_code(text)
    assert (code.kind, code.gtin) == ("gtin", GTIN)


def test_batch_expiry_serial_and_weight_are_read() -> None:
    code = parse_code(f"]C101{GTIN}3103000195" + "17261231" + f"10LOT-7{GS}21S1{GS}")
    assert (code.fields["10"], code.expiry, code.serial, code.weight_g) == (
        "LOT-7",
        "261231",
        "S1",
        195,
    )


def test_a_digital_link_carries_weight_in_its_query() -> None:
    code = parse_code(f"https://id.gs1.org/01/{GTIN}/10/A%2FB?3102=000123&17=261231")
    assert (code.fields["10"], code.weight_g, code.expiry) == ("A/B", 1230, "261231")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "0 characters", id="nothing"),
        pytest.param("9521234543214", "check digit", id="wrong check digit"),
        pytest.param(f"https://id.gs1.org/01/{GTIN[:-1]}4", "check digit", id="wrong in a link"),
        pytest.param("]C1019521", "cut off", id="cut off"),
        pytest.param("]C1XYZ", "no GS1 field", id="no field"),
        pytest.param("9" * 501, "501 characters", id="too long"),
    ],
)
def test_a_wrong_code_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_code(text)


@pytest.mark.parametrize("text", ["https://example.com/menu", "HELLO", "(10)AB"])
def test_a_code_without_gtin_is_other(text: str) -> None:
    assert parse_code(text).kind == "other"


def in_store(body: str) -> str:
    return body + str(check_digit(body))


def test_a_weight_in_an_in_store_code_is_read() -> None:
    code = parse_code(in_store("281234500750"), [InStorePattern("28IIIIIWWWWWC")])
    assert (code.kind, code.item_code, code.weight_g) == ("in_store", "12345", 750)


def test_the_first_pattern_that_fits_is_taken() -> None:
    patterns = [InStorePattern("21IIIIIWWWWWC"), InStorePattern("22IIIINPPPPPC")]
    code = parse_code(in_store("221234900299"), patterns)
    assert (code.item_code, code.price_minor, code.weight_g) == ("1234", 299, 0)


def test_an_in_store_code_without_pattern_has_no_price() -> None:
    assert parse_code(in_store("281234500750")) == ScannedCode(in_store("281234500750"), "in_store")


@pytest.mark.parametrize("pattern", ["", "95IIIIIWWWWWC", "28IIIIIWWWWWW", "28WWWWWWWWWWC"])
def test_a_wrong_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="in-store pattern"):
        InStorePattern(pattern)


@pytest.mark.parametrize(
    ("short", "long"),
    [("01234505", "012000003455"), ("04252614", "042100005264"), ("01234565", "012345000065")],
)
def test_upc_e_becomes_upc_a(short: str, long: str) -> None:
    assert upc_a(short) == long


@given(st.text(max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        code = parse_code(text)
    except ValueError:
        return
    assert code.kind in ("gtin", "in_store", "other")
