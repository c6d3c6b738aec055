"""What stops a benchmark: wrong input, or a place that cannot be written."""

from typing import ClassVar


class BenchError(Exception):
    """A benchmark cannot be run as asked. `hint` says what to do next."""

    code: ClassVar[str] = "bench.error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class BenchInputError(BenchError):
    """The pictures, labels or clips to measure on are missing or damaged."""

    code: ClassVar[str] = "bench.input"


class BenchOutputError(BenchError):
    """The record of a benchmark cannot be written."""

    code: ClassVar[str] = "bench.output"
