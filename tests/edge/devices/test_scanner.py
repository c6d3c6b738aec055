from edge.devices.gs1_code import ScannedCode, parse_code
from edge.devices.scanner import (
    EVENT,
    KEY_ENTER,
    PLAIN,
    SHIFTED,
    DuplicateFilter,
    KeyboardReader,
    LineReader,
)

MS = 1_000_000
CODE = "9521234543213"
LINK = "https://id.gs1.org/01/09521234543213?17=261231"


def keys(text: str) -> bytes:
    """Input events of a scanner that types `text` and Enter."""
    key_of = {c: (k, False) for k, c in reversed(PLAIN.items())}
    key_of |= {c: (k, True) for k, c in SHIFTED.items() if c not in key_of}
    presses = [key_of[c] for c in text] + [(KEY_ENTER, False)]
    return b"".join(press(key, is_shifted) for key, is_shifted in presses)


def press(key: int, is_shifted: bool) -> bytes:
    shift = ((42, 1),), ((42, 0),)
    before, after = shift if is_shifted else ((), ())
    events = (*before, (key, 1), (key, 0), *after)
    return b"".join(EVENT.pack(1, 2, 1, k, v) + EVENT.pack(1, 2, 0, 0, 0) for k, v in events)


def test_two_scans_in_one_chunk_are_two_lines() -> None:
    assert LineReader().feed(f"{CODE}\r\n{CODE}\r\n", 0) == [CODE, CODE]


def test_a_scan_may_come_in_pieces() -> None:
    reader = LineReader()
    assert reader.feed("95212345", 0) == []
    assert reader.feed("43213\r", 50 * MS) == [CODE]


def test_half_a_scan_is_not_glued_to_the_next() -> None:
    reader = LineReader()
    reader.feed("952123", 0)
    assert reader.feed(f"{CODE}\r", 2_000 * MS) == [CODE]


def test_a_keyboard_scanner_types_a_digital_link() -> None:
    assert KeyboardReader().feed(keys(LINK), 0) == [LINK]


def test_events_may_be_cut_anywhere() -> None:
    data, reader = keys(CODE), KeyboardReader()
    lines = [line for i in range(0, len(data), 7) for line in reader.feed(data[i : i + 7], i)]
    assert lines == [CODE]


def test_a_held_key_does_not_repeat() -> None:
    held = EVENT.pack(0, 0, 1, 2, 1) + EVENT.pack(0, 0, 1, 2, 2) * 5 + press(KEY_ENTER, False)
    assert KeyboardReader().feed(held, 0) == ["1"]


def scan(text: str) -> ScannedCode:
    return parse_code(text)


def test_both_codes_of_one_pack_are_one_scan() -> None:
    scans = DuplicateFilter()
    assert [scans.is_new(scan(CODE), 0), scans.is_new(scan(LINK), 300 * MS)] == [True, False]


def test_the_same_code_twice_is_two_packs() -> None:
    scans = DuplicateFilter()
    assert [scans.is_new(scan(CODE), 0), scans.is_new(scan(CODE), 300 * MS)] == [True, True]


def test_the_other_code_much_later_is_another_pack() -> None:
    scans = DuplicateFilter()
    assert [scans.is_new(scan(CODE), 0), scans.is_new(scan(LINK), 5_000 * MS)] == [True, True]
