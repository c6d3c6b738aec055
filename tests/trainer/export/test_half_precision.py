"""The 16-bit copy loads where the runtime is strict, and answers the same."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from trainer.export.half_precision import to_half

pytestmark = pytest.mark.train


def write_network(path: Path) -> None:
    """One value that two nodes need in 32 bits, as the norm at an embedder's end does."""
    nodes = [
        helper.make_node("Relu", ["x"], ["hidden"]),
        helper.make_node("Sqrt", ["hidden"], ["root"]),
        helper.make_node("Exp", ["hidden"], ["grown"]),
        helper.make_node("Add", ["root", "grown"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 4]) for n in ("x", "y")]
    graph = helper.make_graph(nodes, "twice", ends[:1], ends[1:])
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), str(path))


def test_a_value_that_two_nodes_need_in_32_bits_is_cast_once(tmp_path: Path) -> None:
    write_network(tmp_path / "full.onnx")
    to_half(tmp_path / "full.onnx", tmp_path / "half.onnx")
    x = np.linspace(0.1, 1.0, 8, dtype=np.float32).reshape(2, 4)
    answers = [
        onnxruntime.InferenceSession(str(tmp_path / name), providers=["CPUExecutionProvider"]).run(
            None, {"x": x}
        )[0]
        for name in ("full.onnx", "half.onnx")
    ]
    assert answers[1] == pytest.approx(answers[0], rel=5e-3)
