import os
import pty
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.devices.scale import (
    CasPdii,
    Reading,
    Scale,
    ScaleError,
    ScaleProtocol,
    Toledo8217,
    WeightState,
    grams,
)
from edge.devices.serial_port import open_serial_port

MS = 1_000_000


class ScriptedPort:
    """Answers each request with the next script entry."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []
        self.waiting = b""

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        if self.answers:
            self.waiting += self.answers.pop(0)

    def read(self) -> bytes:
        waiting, self.waiting = self.waiting, b""
        return waiting


class UnpluggedPort(ScriptedPort):
    def read(self) -> bytes:
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize(
    ("frame", "reading"),
    [
        pytest.param(b"\x0200.250\r", Reading(WeightState.STABLE, 250), id="250 g"),
        pytest.param(b"\x02 1.2345\r", Reading(WeightState.STABLE, 1235), id="half a gram is up"),
        pytest.param(b"\x0200.250N\r", Reading(WeightState.STABLE, 250, True), id="net"),
        pytest.param(b"\x0200.000\r", Reading(WeightState.ZERO, 0), id="nothing on it"),
        pytest.param(b"\x02?A\r", Reading(WeightState.MOTION), id="in motion"),
        pytest.param(b"\x02?D\r", Reading(WeightState.UNDER), id="under zero"),
        pytest.param(b"\x02?B\r", Reading(WeightState.OVER), id="over capacity"),
        pytest.param(b"\x02?C\r", Reading(WeightState.OVER), id="over capacity and in motion"),
        pytest.param(b"\x02?P\r", Reading(WeightState.ZERO, 0), id="centre of zero"),
        pytest.param(b"\x02\xb0\xb0\xae250\r", Reading(WeightState.STABLE, 250), id="parity bits"),
        pytest.param(b"\x02rubbish\r", Reading(WeightState.FAULT), id="rubbish"),
    ],
)
def test_a_mettler_8217_answer_is_read(frame: bytes, reading: Reading) -> None:
    assert Toledo8217().feed(b"noise" + frame) == [reading]


@pytest.mark.parametrize(
    ("frame", "reading"),
    [
        pytest.param(b"\n01.250KG\r\nS00\r\x03", Reading(WeightState.STABLE, 1250), id="kg"),
        pytest.param(b"\n01.000LB\r\nS00\r\x03", Reading(WeightState.STABLE, 454), id="lb"),
        pytest.param(b"\n00.000KG\r\nS20\r\x03", Reading(WeightState.ZERO, 0), id="zero"),
        pytest.param(b"\n01.250KG\r\nS10\r\x03", Reading(WeightState.MOTION, 1250), id="motion"),
        pytest.param(b"\nS02\r\x03", Reading(WeightState.OVER), id="over, no weight"),
        pytest.param(b"\nS01\r\x03", Reading(WeightState.UNDER), id="under, no weight"),
        pytest.param(b"\nS00\r\x03", Reading(WeightState.FAULT), id="stable but no weight"),
        pytest.param(b"\nhello\r\x03", Reading(WeightState.FAULT), id="rubbish"),
    ],
)
def test_a_cas_pdii_answer_is_read(frame: bytes, reading: Reading) -> None:
    assert CasPdii().feed(frame) == [reading]


@pytest.mark.parametrize("protocol", [Toledo8217, CasPdii])
@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_in_any_pieces_never_break_a_protocol(
    protocol: type[ScaleProtocol], data: bytes, cuts: list[int]
) -> None:
    reader = protocol()
    edges = [0, *sorted(cuts), len(data)]
    for first, last in zip(edges, edges[1:], strict=False):
        reader.feed(data[first:last])
    whole = b"\x0200.250\r" if protocol is Toledo8217 else b"\x03\r\x03\n00.250KG\r\nS00\r\x03"
    assert reader.feed(b"\r" + whole)[-1] == Reading(WeightState.STABLE, 250)


def test_a_sale_takes_a_stable_weight_only() -> None:
    port = ScriptedPort(b"\x02?A\r", b"\x0200.250\r")
    scale = Scale(port, Toledo8217())
    scale.poll(0)
    assert scale.poll(100 * MS) == Reading(WeightState.MOTION)
    with pytest.raises(ScaleError, match="motion"):
        scale.sale_weight_g(100 * MS)
    scale.poll(200 * MS)
    assert scale.sale_weight_g(200 * MS) == 250


def test_an_old_weight_is_no_sale_weight() -> None:
    scale = Scale(ScriptedPort(b"\x0200.250\r"), Toledo8217(), answer_timeout_ms=500)
    scale.poll(0)
    scale.poll(100 * MS)
    with pytest.raises(ScaleError, match="no answer"):
        scale.sale_weight_g(2_000 * MS)


def test_an_unanswered_question_is_asked_again() -> None:
    port = ScriptedPort()
    scale = Scale(port, Toledo8217(), answer_timeout_ms=500)
    for ms in (0, 200, 400, 600):
        scale.poll(ms * MS)
    assert port.sent == [b"W", b"W"]


def test_an_unplugged_scale_says_so() -> None:
    with pytest.raises(ScaleError, match="Input/output error"):
        Scale(UnpluggedPort(), Toledo8217()).poll(0)


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "1,2", "abc"])
def test_what_is_no_number_is_no_weight(text: str) -> None:
    assert grams(text, "KG") is None


def test_a_serial_line_carries_a_weight() -> None:
    scale_side, box_side = pty.openpty()
    with open_serial_port(Path(os.ttyname(box_side))) as port:
        scale = Scale(port, Toledo8217())
        scale.poll(0)
        assert os.read(scale_side, 10) == b"W"
        os.write(scale_side, b"\x0200.250\r")
        scale.poll(1)
        assert scale.sale_weight_g(1) == 250
    os.close(scale_side)
    os.close(box_side)


def test_a_line_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        open_serial_port(tmp_path / "ttyUSB9")


def test_a_file_is_no_serial_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="ioctl"):
        open_serial_port(tmp_path / "file")
