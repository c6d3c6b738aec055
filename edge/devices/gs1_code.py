"""What a scanned code says: GTIN, weight, price, batch, dates, serial number.

Flow: text of a scan -> ScannedCode

Reads EAN-8/13, UPC-A, UPC-E, GTIN-14, GS1 element strings, GS1 Digital Link addresses, and
in-store EAN-13 with a weight or price by the store's own patterns. Looks nothing up.
Source: GS1 General Specifications; GS1 Digital Link Standard: URI Syntax 1.4.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from sync.catalog import check_digit, gtin14, is_gtin14

GROUP_SEPARATOR = "\x1d"
MAX_CODE_CHARS = 500
FIXED_LENGTH = {"01": 14, "02": 14, "00": 18, "11": 6, "13": 6, "15": 6, "17": 6, "20": 2}
_AIM_PREFIX = re.compile(r"^\](C1|d2|Q3|e0|J1)")
_AIM_ANY = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
_BRACKETED = re.compile(r"\((\d{2,4})\)([^(]*)")
_WEIGHT_AI = re.compile(r"^310\d$")
_IN_STORE = re.compile(r"^(02|2\d)\d{11}$")

Kind = Literal["gtin", "in_store", "other"]


@dataclass(frozen=True, slots=True)
class ScannedCode:
    """One code.

    Attributes:
        kind: `gtin`; `in_store` for a store's own EAN-13 (item_code); else `other`.
        gtin: GTIN-14 text, empty for in-store and other codes.
        item_code: the store's item number (PLU) of an in-store code.
        fields: GS1 application identifier -> value, as printed.
    """

    text: str
    kind: Kind
    gtin: str = ""
    item_code: str = ""
    weight_g: int = 0
    price_minor: int = 0
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def expiry(self) -> str:
        """YYMMDD of AI 17, else empty."""
        return self.fields.get("17", "")

    @property
    def serial(self) -> str:
        """AI 21, else empty."""
        return self.fields.get("21", "")


@dataclass(frozen=True, slots=True)
class InStorePattern:
    """How a store writes weight or price into an EAN-13.

    Attributes:
        pattern: 13 characters: digits stand for themselves, I item code, W grams, P price in minor
            units, N ignored, C the check digit. Example: "28IIIIIWWWWWC".
    """

    pattern: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(02|2\d)[0-9IWPN]{10}C", self.pattern) or "I" not in self.pattern:
            raise ValueError(
                f"in-store pattern {self.pattern!r}: 13 characters, begins 02 or 20-29, holds I,"
                " then W, P or N, ends in C"
            )

    def read(self, code: str) -> ScannedCode | None:
        """The code by this pattern, or None if it is another one."""
        for expected, digit in zip(self.pattern, code, strict=True):
            if expected.isdigit() and expected != digit:
                return None
        return ScannedCode(
            text=code,
            kind="in_store",
            item_code=self._digits("I", code),
            weight_g=int(self._digits("W", code) or 0),
            price_minor=int(self._digits("P", code) or 0),
        )

    def _digits(self, letter: str, code: str) -> str:
        return "".join(d for p, d in zip(self.pattern, code, strict=True) if p == letter)


def parse_code(text: str, patterns: Sequence[InStorePattern] = ()) -> ScannedCode:
    """Read the text of one scan.

    Args:
        patterns: of the store, tried in order for EAN-13 that begin 02 or 20 to 29.

    Raises:
        ValueError: empty, too long, or a check digit is wrong.
    """
    code = text.strip("\r\n\t ")
    if not code or len(code) > MAX_CODE_CHARS:
        raise ValueError(f"a code of {len(code)} characters")
    if re.match(r"^https?://", code, re.IGNORECASE):
        return _digital_link(code)
    if _AIM_PREFIX.match(code) or GROUP_SEPARATOR in code:
        return _from_fields(text, _element_string(_AIM_PREFIX.sub("", code)))
    code = _AIM_ANY.sub("", code)
    if code.startswith("("):
        return _from_fields(text, dict(_BRACKETED.findall(code)))
    if code.isdigit() and _IN_STORE.match(code):
        return _in_store(code, patterns)
    if code.isdigit() and len(code) in (8, 12, 13, 14):
        return ScannedCode(code, "gtin", gtin14(_longer(code)))
    return ScannedCode(code, "other")


def upc_a(upc_e: str) -> str:
    """UPC-E (8 digits with number system and check digit) as UPC-A.

    Raises:
        ValueError: no UPC-E, or its check digit is wrong.
    """
    if len(upc_e) != 8 or not upc_e.isdigit() or upc_e[0] not in "01":
        raise ValueError(f"{upc_e!r} is no UPC-E")
    system, body, check = upc_e[0], upc_e[1:7], upc_e[7]
    last = body[5]
    if last in "012":
        long = body[:2] + last + "0000" + body[2:5]
    elif last == "3":
        long = body[:3] + "00000" + body[3:5]
    elif last == "4":
        long = body[:4] + "00000" + body[4]
    else:
        long = body[:5] + "0000" + last
    digits = system + long
    if check_digit(digits) != int(check):
        raise ValueError(f"{upc_e!r} has a wrong check digit")
    return digits + check


def _longer(code: str) -> str:
    """Eight digits are an EAN-8 where its check digit fits, else a UPC-E."""
    if len(code) == 8 and not is_gtin14(code.zfill(14)):
        return upc_a(code)
    return code


def _in_store(code: str, patterns: Sequence[InStorePattern]) -> ScannedCode:
    gtin14(code)
    for pattern in patterns:
        found = pattern.read(code)
        if found is not None:
            return found
    return ScannedCode(code, "in_store")


def _digital_link(address: str) -> ScannedCode:
    """`https://host/any/01/{gtin}/10/{batch}?17=...`; the host says nothing about the item."""
    parts = urlsplit(address)
    steps = [unquote(step) for step in parts.path.split("/") if step]
    steps = ["01" if step == "gtin" else step for step in steps]
    if "01" not in steps[:-1]:
        return ScannedCode(address, "other")
    first = steps.index("01")
    pairs = zip(steps[first::2], steps[first + 1 :: 2], strict=False)
    fields = {ai: value for ai, value in pairs if ai.isdigit()}
    fields.update({ai: value for ai, value in parse_qsl(parts.query) if ai.isdigit()})
    return _from_fields(address, fields)


def _element_string(code: str) -> dict[str, str]:
    """GS1 element string with group separators behind fields of variable length.

    Raises:
        ValueError: a field is cut off.
    """
    fields: dict[str, str] = {}
    rest = code
    while rest:
        ai, length = _next_identifier(rest)
        rest = rest[len(ai) :]
        if length:
            value, rest = rest[:length], rest[length:]
            if len(value) < length:
                raise ValueError(f"field ({ai}) is cut off")
            rest = rest.removeprefix(GROUP_SEPARATOR)
        else:
            value, _, rest = rest.partition(GROUP_SEPARATOR)
        fields[ai] = value
    return fields


def _next_identifier(rest: str) -> tuple[str, int]:
    """Identifier at the start and the fixed length of its value; 0 up to the next separator."""
    if rest[:2] in FIXED_LENGTH:
        return rest[:2], FIXED_LENGTH[rest[:2]]
    if re.match(r"^3[1-6]\d\d", rest):
        return rest[:4], 6
    if re.match(r"^(39\d\d|70\d\d|80\d\d|43\d\d|72\d\d)", rest):
        return rest[:4], 0
    if re.match(r"^(4\d\d|2[345]\d)", rest):
        return rest[:3], 0
    if rest[:2].isdigit():
        return rest[:2], 0
    raise ValueError(f"no GS1 field begins with {rest[:4]!r}")


def _from_fields(text: str, fields: dict[str, str]) -> ScannedCode:
    """A GTIN with what else was printed.

    Raises:
        ValueError: the GTIN's check digit is wrong, or a weight is no number.
    """
    if "01" not in fields:
        return ScannedCode(text, "other", fields=fields)
    gtin = gtin14(fields["01"])
    weight_g = 0
    for ai, value in fields.items():
        if _WEIGHT_AI.match(ai):
            if not re.fullmatch(r"\d{6}", value):
                raise ValueError(f"weight ({ai}) {value!r} is not six digits")
            weight_g = (int(value) * 2000 + 10 ** int(ai[3])) // (2 * 10 ** int(ai[3]))
    return ScannedCode(text, "gtin", gtin, weight_g=weight_g, fields=fields)
