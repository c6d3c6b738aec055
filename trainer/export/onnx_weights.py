"""A recogniser's weights read back out of the file that ships, so that training can go on from it.

Flow: embedder.onnx | embedder.fp16.onnx -> EmbedderModel

The exporter folded every batch norm into its convolution; here the convolution takes weights and
the batch norm the bias, with statistics that change nothing else. It works while the names in the
file are the network's own, which quantised files have lost.
"""

import math
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from trainer.errors import ExportError

BIAS = "_bias"  # the exporter's suffix of a folded bias


def load_from_onnx(model: nn.Module, path: Path) -> None:
    """Fill a network whose layers have the names in the file.

    Raises:
        ExportError: a weight is missing or has another shape, as in quantised files.
    """
    graph = onnx.load(str(path)).graph
    held = {t.name: torch.from_numpy(_floats(t)) for t in graph.initializer}
    layers = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    norms = _norm_behind(model)
    with torch.no_grad():
        for name, layer in layers:
            weight = held.get(f"{name}.weight")
            if weight is None or weight.shape != layer.weight.shape:
                raise ExportError(
                    f"{path.name} holds no {name}.weight of {tuple(layer.weight.shape)}",
                    hint="give a checkpoint, or a float file that this exporter wrote",
                )
            layer.weight.copy_(weight)
            norm = norms[name]
            _be_bias(norm, held.get(f"{name}.weight{BIAS}", torch.zeros(norm.num_features)))


def _be_bias(norm: _BatchNorm, bias: Tensor) -> None:
    """In eval mode the norm adds `bias` and does nothing else."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0)
    norm.weight.fill_(math.sqrt(1.0 + norm.eps))
    norm.bias.copy_(bias)


def _norm_behind(model: nn.Module) -> dict[str, _BatchNorm]:
    """Name of each convolution or linear layer -> the batch norm behind it."""
    found: dict[str, _BatchNorm] = {}
    last = ""
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            last = name
        elif isinstance(module, _BatchNorm):
            found[last] = module
    return found


def _floats(tensor: onnx.TensorProto) -> np.ndarray:
    return np.array(numpy_helper.to_array(tensor), dtype=np.float32)
