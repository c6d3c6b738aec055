"""What runs a network: the one interface that detector and embedder know.

Knows no runtime. onnxruntime_backend.py implements it, tests/fakes implement it for tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output of a network; None where the network leaves a size open."""

    name: str
    shape: tuple[int | None, ...]


class InferenceBackend(Protocol):
    """A loaded network on one provider."""

    @property
    def provider(self) -> str:
        """What really runs it: `TensorrtExecutionProvider`, `CPUExecutionProvider`, ..."""
        ...

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """What it takes, in order."""
        ...

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """What it gives, in order."""
        ...

    def run(self, inputs: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """One pass.

        Raises:
            InferenceError: it failed.
            InferenceTimeoutError: it took longer than it was allowed.
        """
        ...


def warm_up(backend: InferenceBackend, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """One pass over zeros, so that the first shopper does not pay for allocation and kernels.

    Raises:
        InferenceError: the network does not run on this machine.
    """
    backend.run({name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()})
