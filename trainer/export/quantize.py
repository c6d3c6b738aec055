"""8-bit integers for boxes that compute on a CPU.

Flow: model.onnx + calibration pictures -> model.int8.onnx

Static QDQ: activations unsigned, weights signed and per channel, the form that ONNX Runtime turns
into VNNI instructions. Calibrated on pictures as the counter makes them. Whether the result may
ship is parity.py's decision.

Source: Jacob et al. 2018, arXiv:1712.05877; ONNX Runtime, "Quantize ONNX models".
"""

import contextlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

QUANTIZED_OPS = ("Conv", "Add", "Clip", "Resize", "Gemm", "MatMul", "ReduceMean")


class PictureReader(CalibrationDataReader):  # type: ignore[misc]
    """Hands prepared network inputs to the calibrator, one at a time."""

    def __init__(self, input_name: str, inputs: Sequence[NDArray[np.float32]]) -> None:
        self.input_name = input_name
        self.remaining: Iterator[NDArray[np.float32]] = iter(inputs)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next input, or None when all were seen."""
        following = next(self.remaining, None)
        return None if following is None else {self.input_name: following}


def quantize(
    source: Path,
    target: Path,
    inputs: Sequence[NDArray[np.float32]],
    *,
    float_nodes: Sequence[str] = (),
) -> None:
    """Write an INT8 copy of `source`.

    Args:
        source: float32 ONNX file.
        target: where the copy goes.
        inputs: float32 (1, 3, H, W) each, as the box would make them; 50 to 200 are enough.
        float_nodes: names of nodes that stay in floating point, from tail_convolutions() or a
            sensitivity measurement.
    """
    input_name = onnx.load(str(source), load_external_data=False).graph.input[0].name
    with tempfile.TemporaryDirectory() as scratch, _quiet_root():
        prepared = Path(scratch) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(target),
            PictureReader(input_name, inputs),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=list(QUANTIZED_OPS),
            nodes_to_exclude=list(float_nodes),
            extra_options={"CalibMovingAverage": True},
        )


@contextlib.contextmanager
def _quiet_root() -> Iterator[None]:
    """The quantiser logs every widened channel to the root logger: hundreds of lines per file."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def tail_convolutions(source: Path, count: int) -> list[str]:
    """Names of the last `count` convolutions: small, and their error is seen directly."""
    nodes = onnx.load(str(source), load_external_data=False).graph.node
    return [node.name for node in nodes if node.op_type == "Conv"][-count:]
