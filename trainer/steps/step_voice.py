"""What a step says while it works: progress and figures, as lines that a worker understands.

Flow: step -> `::progress 40 words` | `::scalar loss 120 0.53` -> worker -> hub

Any other line is plain output. A person reads the same lines on the screen.
"""

import math
import sys
from dataclasses import dataclass, field
from typing import TextIO

PROGRESS, SCALAR = "::progress", "::scalar"


@dataclass(frozen=True, slots=True)
class Said:
    """One understood line; `name` is empty for progress."""

    name: str
    step: int
    value: float
    message: str = ""


@dataclass(frozen=True)
class StepVoice:
    """Writes the lines."""

    stream: TextIO = field(default_factory=lambda: sys.stdout)

    def progress(self, percent: int, message: str) -> None:
        """How far the step is, 0 to 100."""
        self._line(f"{PROGRESS} {max(0, min(100, percent))} {' '.join(message.split())}")

    def scalar(self, name: str, step: int, value: float) -> None:
        """A figure of a curve; what is no number is left out."""
        if math.isfinite(value):
            self._line(f"{SCALAR} {name} {step} {value:.8g}")

    def _line(self, text: str) -> None:
        self.stream.write(text + "\n")
        self.stream.flush()


def understood(line: str) -> Said | None:
    """A line as progress or scalar; None where it is plain output."""
    parts = line.strip().split(maxsplit=3)
    try:
        if parts and parts[0] == PROGRESS:
            return Said("", 0, float(int(parts[1])), " ".join(parts[2:]))
        if parts and parts[0] == SCALAR:
            return Said(parts[1][:80], int(parts[2]), float(parts[3]))
    except (IndexError, ValueError):
        return None
    return None
