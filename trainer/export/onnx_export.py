"""A trained network as an ONNX file that any box can run.

Flow: nn.Module -> model.onnx

Batch norm and padding are folded into the convolutions by the exporter. Weights are inside the
file. It does not quantise (quantize.py) and does not judge (parity.py).
"""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from torch import nn

from trainer.errors import ExportError

OPSET = 20  # the dynamo exporter's own; ONNX Runtime 1.24 and TensorRT 10 read it
MAX_BATCH = 64
SIZE_STEP = 16  # height and width of a detector input are multiples of its coarsest stride


@dataclass(frozen=True, slots=True)
class GraphInterface:
    """Names and shapes at the border of a graph.

    Attributes:
        input_name: as in the contract, trainer/training/README.md; also forward()'s argument.
        height, width: of the example that is traced.
        dynamic_size: height and width may change in steps of SIZE_STEP.
    """

    input_name: str
    output_name: str
    height: int
    width: int
    dynamic_size: bool


DETECTOR = GraphInterface("images", "heads", 240, 416, dynamic_size=True)


def embedder_interface(size_px: int) -> GraphInterface:
    """A square crop of fixed size; only the batch is dynamic."""
    return GraphInterface("crops", "embedding", size_px, size_px, dynamic_size=False)


def family_interface(size_px: int) -> GraphInterface:
    """The same of a look-alike family's own network."""
    return GraphInterface("crops", "probabilities", size_px, size_px, dynamic_size=False)


def export_onnx(model: nn.Module, interface: GraphInterface, path: Path) -> None:
    """Write `model` in eval mode.

    Raises:
        ExportError: the graph cannot be captured; the first line of the reason.
    """
    model.eval()
    example = torch.zeros(2, 3, interface.height, interface.width)
    sizes: dict[int, object] = {0: torch.export.Dim("batch", min=1, max=MAX_BATCH)}
    if interface.dynamic_size:
        sizes[2] = SIZE_STEP * torch.export.Dim("rows", min=4, max=64)
        sizes[3] = SIZE_STEP * torch.export.Dim("columns", min=4, max=64)
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter warns of its own internals
            torch.onnx.export(
                model,
                (example,),
                str(path),
                dynamo=True,
                opset_version=OPSET,
                dynamic_shapes={interface.input_name: sizes},
                input_names=[interface.input_name],
                output_names=[interface.output_name],
                external_data=False,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as err:
        first_line = str(err.__cause__ or err).strip().splitlines()[0]  # then thousands more
        raise ExportError(f"{path.name}: {first_line}", hint="run torch.export by hand") from err
    _drop_workplace(path)


def _drop_workplace(path: Path) -> None:
    """Node metadata names source files of the exporting machine; a shipped file must not."""
    model = onnx.load(str(path))
    model.doc_string = ""
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.save(model, str(path))
