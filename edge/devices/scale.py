"""Scales that answer a question with a weight: Mettler Toledo 8217 and CAS PD-II.

Flow: request bytes -> answer bytes -> Reading

The port is injected (serial_port.py opens a real one). A live weight is for display only: a sale
takes `sale_weight_g`, which refuses anything that is not stable. Weight is never taken from a
picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import ClassVar, Protocol

from edge.errors import DegradedError

STX, ETX, CR, LF = b"\x02", b"\x03", b"\r", b"\n"
MAX_FRAME_BYTES = 64  # longer without an end is noise: a wrong baud rate, another device
GRAMS_PER = {
    "KG": Decimal(1000),
    "G": Decimal(1),
    "LB": Decimal("453.59237"),
    "OZ": Decimal("28.349523125"),
}


class ScaleError(DegradedError):
    """The scale does not answer, or says that it has no weight to give."""

    code: ClassVar[str] = "scale.unavailable"


class WeightState(StrEnum):
    """What a scale says about its weight."""

    STABLE = "stable"
    ZERO = "zero"
    MOTION = "motion"
    UNDER = "under"
    OVER = "over"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer. `weight_g` is None where the scale gave no weight."""

    state: WeightState
    weight_g: int | None = None
    is_net: bool = False


class BytePort(Protocol):
    """A serial line: both calls return at once."""

    def write(self, data: bytes) -> None:
        """Send all of `data`."""

    def read(self) -> bytes:
        """What has come in since the last call; may be empty."""


class ScaleProtocol(Protocol):
    """How one family of scales is asked and answers."""

    request: bytes

    def feed(self, data: bytes) -> list[Reading]:
        """Take in bytes as they come; whole answers as readings."""


class Toledo8217:
    """Mettler Toledo 8217 (9600 baud 7E1): `W` -> STX weight [N] CR, or STX ? status CR.

    Source: Mettler Toledo DIVA Service Manual, 6.1.4.3 "Status Byte Format".
    """

    request = b"W"
    probe = b"Ehello"
    probe_answer = b"\x02E\rhello"
    """After a probe send `F`: it ends the echo."""

    def __init__(self, unit: str = "KG") -> None:
        self._unit = unit
        self._buffer = b""

    def feed(self, data: bytes) -> list[Reading]:
        """Take in bytes as they come; whole answers as readings."""
        self._buffer = (self._buffer + bytes(b & 0x7F for b in data))[-4 * MAX_FRAME_BYTES :]
        readings: list[Reading] = []
        while (end := self._buffer.find(CR)) >= 0:
            frame, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
            start = frame.rfind(STX)
            if start >= 0:
                readings.append(self._reading(frame[start + 1 :]))
        return readings

    def _reading(self, frame: bytes) -> Reading:
        text = frame.strip()
        if text.startswith(b"?") and len(text) == 2:
            return _toledo_status(text[1])
        is_net = text.endswith(b"N")
        weight_g = grams(text.rstrip(b"N").strip().decode("ascii", "replace"), self._unit)
        if weight_g is None:
            return Reading(WeightState.FAULT)
        return Reading(WeightState.STABLE if weight_g else WeightState.ZERO, weight_g, is_net)


class CasPdii:
    """CAS PD-II (9600 baud 7E1): `W CR` -> LF weight unit CR LF S hh CR ETX.

    Status digits: 00 stable, 10 in motion, 20 at zero, 01 under, 02 over capacity.
    Source: the frame as in Intel's rtsf-at-checkout scale driver and in Ohaus manuals.
    """

    request = b"W\r"
    _STATES: ClassVar[dict[str, WeightState]] = {
        "00": WeightState.STABLE,
        "10": WeightState.MOTION,
        "20": WeightState.ZERO,
        "30": WeightState.MOTION,
        "01": WeightState.UNDER,
        "02": WeightState.OVER,
    }

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Reading]:
        """Take in bytes as they come; whole answers as readings."""
        self._buffer = (self._buffer + bytes(b & 0x7F for b in data))[-4 * MAX_FRAME_BYTES :]
        readings: list[Reading] = []
        while (end := self._buffer.find(CR + ETX)) >= 0:
            frame, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
            readings.append(self._reading(frame))
        return readings

    def _reading(self, frame: bytes) -> Reading:
        """LF weight unit CR LF S hh; the weight is left out by some scales in error states."""
        parts = [p.decode("ascii", "replace") for p in frame.replace(CR, LF).split(LF) if p]
        state = self._STATES.get(parts[-1].lstrip("S").strip()) if parts else None
        if state is None:
            return Reading(WeightState.FAULT)
        weight_g = _with_unit(parts[-2]) if len(parts) > 1 else None
        if state is WeightState.ZERO:
            return Reading(state, 0)
        if state is WeightState.STABLE and weight_g is None:
            return Reading(WeightState.FAULT)
        return Reading(state, weight_g)


class Scale:
    """Asks a scale again and again, without ever waiting for it."""

    def __init__(
        self, port: BytePort, protocol: ScaleProtocol, answer_timeout_ms: float = 500.0
    ) -> None:
        self._port, self._protocol = port, protocol
        self._timeout_ns = int(answer_timeout_ms * 1_000_000)
        self._asked_ns: int | None = None
        self._answered_ns: int | None = None
        self.reading: Reading | None = None

    def poll(self, now_ns: int) -> Reading | None:
        """Ask if no question is open, take in what has come; a new reading or None.

        Raises:
            ScaleError: the port is broken (unplugged).
        """
        try:
            readings: Sequence[Reading] = self._protocol.feed(self._port.read())
            if readings:
                self.reading, self._answered_ns, self._asked_ns = readings[-1], now_ns, None
            if self._asked_ns is None or now_ns - self._asked_ns >= self._timeout_ns:
                self._port.write(self._protocol.request)
                self._asked_ns = now_ns
        except OSError as err:
            raise ScaleError(
                f"scale: {err.strerror or err}", hint="check the cable of the scale"
            ) from err
        return readings[-1] if readings else None

    def sale_weight_g(self, now_ns: int) -> int:
        """The stable weight a price may rest on.

        Raises:
            ScaleError: no fresh answer, in motion, empty, under or over.
        """
        is_fresh = (
            self._answered_ns is not None and now_ns - self._answered_ns <= 2 * self._timeout_ns
        )
        if self.reading is None or not is_fresh:
            raise ScaleError("scale: no answer", hint="check the cable of the scale")
        if self.reading.state is not WeightState.STABLE or not self.reading.weight_g:
            raise ScaleError(
                f"scale: {self.reading.state.value}", hint="lay it on the scale and let it rest"
            )
        return self.reading.weight_g


def grams(number: str, unit: str) -> int | None:
    """A weight as whole grams, rounded half up; None if it is no number."""
    try:
        value = Decimal(number.strip())
        factor = GRAMS_PER[unit.strip().upper()]
    except (InvalidOperation, KeyError):
        return None
    if not value.is_finite():
        return None
    return int((value * factor).quantize(Decimal(1), ROUND_HALF_UP))


def _with_unit(text: str) -> int | None:
    stripped = text.strip()
    number = stripped.rstrip("KGLBOZkglboz ")
    return grams(number, stripped[len(number) :] or "KG")


def _toledo_status(status: int) -> Reading:
    """Bits: 0 motion, 1 over capacity, 2 under zero, 4 centre of zero, 5 net, 6 always 1."""
    if not status & 0x40:
        return Reading(WeightState.FAULT)
    for bit, state in ((1, WeightState.OVER), (2, WeightState.UNDER), (0, WeightState.MOTION)):
        if status & (1 << bit):
            return Reading(state)
    if status & 0x10:
        return Reading(WeightState.ZERO, 0)
    return Reading(WeightState.FAULT)
