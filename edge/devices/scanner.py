"""Hand scanners: characters or key presses in, one line per scan out.

Flow: bytes of a serial scanner, or input events of a keyboard scanner -> lines -> ScannedCode

A pack may carry a linear and a 2D code: `DuplicateFilter` counts both as one scan. Opens nothing:
the caller hands bytes in.
"""

import struct
from dataclasses import dataclass

from edge.devices.gs1_code import MAX_CODE_CHARS, ScannedCode

LINE_TIMEOUT_NS = 500_000_000  # a scanner types a code in under 200 ms; a person does not
SAME_PACK_NS = 1_500_000_000
EVENT = struct.Struct("llHHi")  # struct input_event on 64-bit Linux: time, type, code, value
EVENT_KEY, KEY_DOWN = 1, 1
KEY_ENTER, KEY_KEYPAD_ENTER, KEYS_SHIFT = 28, 96, (42, 54)

_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
    (71, "789", "789"),
    (75, "456", "456"),
    (79, "1230", "1230"),
)
PLAIN = {first + i: c for first, plain, _ in _ROWS for i, c in enumerate(plain)}
SHIFTED = {first + i: c for first, _, shifted in _ROWS for i, c in enumerate(shifted)}


class LineReader:
    """Lines out of characters; a line that stops half-way is dropped, not glued to the next."""

    def __init__(self) -> None:
        self._line = ""
        self._last_ns = 0

    def feed(self, text: str, now_ns: int) -> list[str]:
        """Take in characters; the lines they complete."""
        if self._line and now_ns - self._last_ns > LINE_TIMEOUT_NS:
            self._line = ""
        self._last_ns = now_ns
        lines: list[str] = []
        for character in text:
            if character in "\r\n\t\x03":
                if self._line:
                    lines.append(self._line)
                self._line = ""
            elif character != "\x02" and len(self._line) < MAX_CODE_CHARS:
                self._line += character
        return lines


class KeyboardReader:
    """Lines out of the input events of a scanner that plays keyboard (US layout)."""

    def __init__(self) -> None:
        self._lines = LineReader()
        self._rest = b""
        self._is_shifted = False

    def feed(self, data: bytes, now_ns: int) -> list[str]:
        """Take in bytes read from /dev/input/event*; the lines they complete."""
        self._rest += data
        lines: list[str] = []
        while len(self._rest) >= EVENT.size:
            _, _, kind, key, value = EVENT.unpack(self._rest[: EVENT.size])
            self._rest = self._rest[EVENT.size :]
            if kind == EVENT_KEY:
                lines += self._lines.feed(self._character(key, value), now_ns)
        return lines

    def _character(self, key: int, value: int) -> str:
        if key in KEYS_SHIFT:
            self._is_shifted = value != 0
            return ""
        if value != KEY_DOWN:
            return ""
        if key in (KEY_ENTER, KEY_KEYPAD_ENTER):
            return "\n"
        return (SHIFTED if self._is_shifted else PLAIN).get(key, "")


@dataclass
class DuplicateFilter:
    """One pack scanned through two of its codes counts once; scanned twice it counts twice."""

    last: ScannedCode | None = None
    last_ns: int = 0

    def is_new(self, code: ScannedCode, now_ns: int) -> bool:
        """False for another code of the pack that was just scanned."""
        is_other_code_of_pack = (
            self.last is not None
            and bool(code.gtin)
            and code.gtin == self.last.gtin
            and code.text != self.last.text
            and now_ns - self.last_ns <= SAME_PACK_NS
        )
        self.last, self.last_ns = (None, 0) if is_other_code_of_pack else (code, now_ns)
        return not is_other_code_of_pack
