"""Which file of a network ships on a CPU: INT8 if it decides as the float file does, else that.

Flow: float file + calibration pictures + gate -> INT8, layers left out while it fails -> choice

The one road of the base bundle's detector and recogniser and of a worker's fine-tuned recogniser.
What the gate asks is the caller's (parity.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.export.parity import ParityReport
from trainer.export.sensitivity import Batch, QuantizeResult, quantize_until


@dataclass(frozen=True, slots=True)
class Int8Choice:
    """What ships, why, and what was tried."""

    chosen: Path
    parity: ParityReport
    tried: QuantizeResult


def choose_int8(
    plain: Path,
    small: Path,
    inputs: Sequence[Batch],
    judge: Callable[[Path], ParityReport],
    *,
    float_nodes: Sequence[str] = (),
) -> Int8Choice:
    """Write `small`, with as few layers in floating point as the gate demands.

    Args:
        judge: compares an INT8 file with `plain`.
        float_nodes: layers that stay in floating point anyhow.
    """
    reports: list[ParityReport] = []

    def passes(file: Path) -> bool:
        reports.append(judge(file))
        return reports[-1].passed

    tried = quantize_until(plain, small, inputs, passes, float_nodes=float_nodes)
    return Int8Choice(small if tried.passed else plain, reports[-1], tried)
