"""Which layers lose most by eight bits, and INT8 with those left in floating point.

Flow: model.onnx + pictures -> INT8 -> gate fails -> noise per layer -> INT8 without the worst

The noise of a layer is what its output differs from the float file's on the same pictures, as a
share of the signal; its own part is what it adds to the noise of the layers before it. The worst
one is left out, then two, four, ... until the gate lets the file pass or half of them are out.
"""

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization.shape_inference import quant_pre_process

from trainer.export.quantize import quantize

logger = logging.getLogger(__name__)

LAYERS = ("Conv", "Gemm", "MatMul")
LIMITS = ("Clip", "Relu")
ROUNDED = "_DequantizeLinear_Output"  # what the quantiser calls a tensor after its rounding
NUM_MEASURED = 8  # pictures; the order of the worst layers is the same with 40

Batch = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LayerNoise:
    """What eight bits do to one layer.

    Attributes:
        noise: of its output, as a share of the signal's power.
        added: of that, what was not there before it.
    """

    node: str
    noise: float
    added: float


@dataclass(frozen=True, slots=True)
class QuantizeResult:
    """What came of it.

    Attributes:
        float_nodes: layers that stayed in floating point, without those asked for.
        num_tries: files that were made.
        passed: the last file is at `target` and passes the gate.
    """

    float_nodes: tuple[str, ...]
    num_tries: int
    passed: bool


def quantize_until(
    source: Path,
    target: Path,
    inputs: Sequence[Batch],
    passes: Callable[[Path], bool],
    *,
    float_nodes: Sequence[str] = (),
) -> QuantizeResult:
    """INT8 with as few layers in floating point as the gate demands.

    Args:
        passes: the gate, for example embedder_parity on labelled crops.
        float_nodes: layers that stay in floating point anyhow.
    """
    quantize(source, target, inputs, float_nodes=float_nodes)
    if passes(target):
        return QuantizeResult((), 1, True)
    ranked = [row.node for row in layer_noise(source, target, inputs[:NUM_MEASURED])]
    worst = [name for name in ranked if name not in float_nodes]
    count, num_tries = 1, 1
    while count <= max(1, len(worst) // 2):
        kept = worst[:count]
        quantize(source, target, inputs, float_nodes=[*float_nodes, *kept])
        num_tries += 1
        logger.info("quantised again float_layers=%d first=%s", count, kept[0])
        if passes(target):
            return QuantizeResult(tuple(kept), num_tries, True)
        count *= 2
    return QuantizeResult(tuple(worst[: count // 2]), num_tries, False)


def layer_noise(source: Path, quantised: Path, inputs: Sequence[Batch]) -> list[LayerNoise]:
    """Every layer that both files have, that which adds most noise first."""
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch) / "prepared.onnx"  # the names that the quantiser saw
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        reference = onnx.load(str(prepared))
        candidate = onnx.load(str(quantised))
    # The quantiser folds a limit into the rounding of the layer before it.
    limited = {n.input[0]: n.output[0] for n in reference.graph.node if n.op_type in LIMITS}
    made = {tensor for n in candidate.graph.node for tensor in n.output}
    shared: dict[str, tuple[str, str]] = {}
    for node in reference.graph.node:
        end = limited.get(node.output[0], node.output[0])
        rounded = end + ROUNDED if end + ROUNDED in made else end
        if node.op_type in LAYERS and rounded in made:
            shared[node.name] = (end, rounded)
    wanted = _outputs(reference, [end for end, _ in shared.values()], inputs)
    found = _outputs(candidate, [rounded for _, rounded in shared.values()], inputs)
    noise = {
        end: float(((found[rounded] - wanted[end]) ** 2).sum())
        / max(float((wanted[end] ** 2).sum()), 1e-12)
        for end, rounded in shared.values()
    }
    before = _layers_before(reference, set(noise))
    rows = [
        LayerNoise(name, noise[t], noise[t] - max((noise[b] for b in before[t]), default=0.0))
        for name, (t, _) in shared.items()
    ]
    return sorted(rows, key=lambda row: -row.added)


def _outputs(
    model: onnx.ModelProto, tensors: Sequence[str], inputs: Sequence[Batch]
) -> dict[str, NDArray[np.float64]]:
    """What flows through these tensors, all inputs behind each other."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    del shown.graph.output[:]
    shown.graph.output.extend(onnx.ValueInfoProto(name=tensor) for tensor in tensors)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        shown.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    runs = [session.run(list(tensors), {name: batch}) for batch in inputs]
    return {
        tensor: np.concatenate([np.asarray(run[i], np.float64).ravel() for run in runs])
        for i, tensor in enumerate(tensors)
    }


def _layers_before(model: onnx.ModelProto, layers: set[str]) -> dict[str, set[str]]:
    """The nearest layers that each layer's input comes from; both named by their output."""
    nearest: dict[str, set[str]] = {}
    before: dict[str, set[str]] = {}
    for node in model.graph.node:
        sources: set[str] = set()
        for tensor in node.input:
            sources |= nearest.get(tensor, set())
        for tensor in node.output:
            before[tensor] = sources
            nearest[tensor] = {tensor} if tensor in layers else sources
    return before
