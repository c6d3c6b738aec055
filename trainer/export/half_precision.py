"""16-bit floats for boxes that compute on a GPU; inputs and outputs stay 32-bit.

Flow: model.onnx -> model.fp16.onnx

ONNX Runtime casts it up where only a CPU is there, so the file is also a fallback, only slower.
"""

import logging
import warnings
from pathlib import Path

import onnx
from onnxruntime.transformers.float16 import convert_float_to_float16

FLOAT_OPS = ("Exp", "ReduceL2", "ReduceSum", "Sqrt", "Pow", "Div", "Resize")  # range or rounding


def to_half(source: Path, target: Path) -> None:
    """Write a 16-bit copy of `source`."""
    logging.getLogger("onnxruntime.transformers").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it reports every weight below the smallest 16-bit float
        model = convert_float_to_float16(
            onnx.load(str(source)), keep_io_types=True, op_block_list=list(FLOAT_OPS)
        )
    _drop_repeated_casts(model)
    onnx.save(model, str(target))


def _drop_repeated_casts(model: onnx.ModelProto) -> None:
    """Where one value feeds two blocked nodes the converter writes the same cast twice.

    ONNX Runtime refuses a graph that defines a name twice; the copies are equal, so one is enough.
    """
    seen: set[tuple[str, ...]] = set()
    kept = []
    for node in model.graph.node:
        if node.op_type == "Cast" and tuple(node.output) in seen:
            continue
        seen.add(tuple(node.output))
        kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
