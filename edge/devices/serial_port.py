"""A serial line of the box, set to 9600 baud 7E1 or 8N1, never waited for.

Standard library only. Not on Windows: the box runs Linux.
"""

import os
import termios
from pathlib import Path
from types import TracebackType
from typing import Self

BAUD_RATES = {2400: termios.B2400, 4800: termios.B4800, 9600: termios.B9600, 19200: termios.B19200}
READ_BYTES = 1024


class SerialPort:
    """An open line; `read` and `write` return at once."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def write(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            OSError: the device is gone, or took nothing.
        """
        while data:
            data = data[os.write(self._handle, data) :]

    def read(self) -> bytes:
        """What has come in since the last call.

        Raises:
            OSError: the device is gone.
        """
        try:
            return os.read(self._handle, READ_BYTES)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Give the line back."""
        os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_serial_port(path: Path, baud: int = 9600, *, is_7e1: bool = True) -> SerialPort:
    """Open a line without modem control.

    Args:
        is_7e1: seven bits, even parity, one stop bit; else 8N1.

    Raises:
        OSError: it does not exist, is in use by root only, or is no serial line.
        ValueError: a baud rate that no scale uses.
    """
    if baud not in BAUD_RATES:
        raise ValueError(f"baud {baud}, allowed {sorted(BAUD_RATES)}")
    handle = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        speed = BAUD_RATES[baud]
        bits = termios.CS7 | termios.PARENB if is_7e1 else termios.CS8
        control = termios.CREAD | termios.CLOCAL | bits
        characters = termios.tcgetattr(handle)[6]
        attributes = [0, 0, control, 0, speed, speed, characters]
        termios.tcsetattr(handle, termios.TCSANOW, attributes)
        termios.tcflush(handle, termios.TCIOFLUSH)
    except termios.error as err:
        os.close(handle)
        raise OSError(*err.args) from err
    return SerialPort(handle)
