"""Layers that eight bits ruin are found by measurement and stay in floating point."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from trainer.export.int8_choice import choose_int8
from trainer.export.parity import OnnxModel, ParityReport
from trainer.export.sensitivity import layer_noise, quantize_until

LOUD = 4000.0  # one channel; eight bits over its range leave nothing of the others
MAX_LOSS = 0.05


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four convolutions; the third reads quiet channels beside a loud one that it ignores."""
    random = np.random.default_rng(0)
    weights = [random.normal(0, 0.3, s) for s in ((8, 3, 3, 3), (8, 8, 3, 3), (8, 8, 1, 1),
                                                   (4, 8, 1, 1))]  # fmt: skip
    weights[1][0] *= LOUD
    weights[2][:, 0] = 0.0
    nodes, initializers, tensor = [], [], "images"
    for number, weight in enumerate(weights):
        name = f"w{number}"
        initializers.append(numpy_helper.from_array(weight.astype(np.float32), name))
        pad = weight.shape[2] // 2
        nodes.append(
            helper.make_node("Conv", [tensor, name], [f"t{number}"], name=f"conv{number}",
                             pads=[pad] * 4)
        )  # fmt: skip
        tensor = f"t{number}"
    graph = helper.make_graph(
        nodes, "small", [_value("images", 3)], [_value(tensor, 4)], initializers
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = tmp_path_factory.mktemp("sensitivity") / "small.onnx"
    onnx.save(model, str(path))
    return path


def _value(name: str, channels: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, 12, 12])


def pictures(seed: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.normal(size=(1, 3, 12, 12)).astype(np.float32) for _ in range(6)]


def loss(reference: Path, candidate: Path) -> float:
    wanted = np.stack([OnnxModel(reference)(p) for p in pictures(2)])
    found = np.stack([OnnxModel(candidate)(p) for p in pictures(2)])
    return float(((found - wanted) ** 2).sum() / (wanted**2).sum())


def test_int8_that_fails_its_gate_passes_without_the_layers_that_it_ruins(
    network: Path, tmp_path: Path
) -> None:
    target = tmp_path / "i8.onnx"
    losses: list[float] = []

    def gate(path: Path) -> bool:
        losses.append(loss(network, path))
        return losses[-1] <= MAX_LOSS

    result = quantize_until(network, target, pictures(1), gate)
    assert losses[0] > MAX_LOSS
    # What reads the loud channel, then what writes it: both ends round the same tensor.
    assert (result.passed, result.num_tries, result.float_nodes) == (True, 3, ("conv2", "conv1"))
    kept = {n.name: n.input for n in onnx.load(str(target)).graph.node if n.op_type == "Conv"}
    assert not any("Dequantize" in name for name in kept["conv2"])
    assert any("Dequantize" in name for name in kept["conv0"])


@pytest.mark.parametrize(
    ("max_loss", "name", "num_tries"),
    [
        pytest.param(1e9, "i8.onnx", 1, id="decides alike at once"),
        pytest.param(MAX_LOSS, "i8.onnx", 3, id="without the layers it ruins"),
        pytest.param(-1.0, "small.onnx", 3, id="never"),
    ],
)
def test_what_ships_is_int8_where_it_decides_alike_and_else_the_float_file(
    network: Path, tmp_path: Path, max_loss: float, name: str, num_tries: int
) -> None:
    def judge(file: Path) -> ParityReport:
        lost = loss(network, file)
        return ParityReport(1 - lost, 1.0, 1 - lost, lost <= max_loss)

    choice = choose_int8(network, tmp_path / "i8.onnx", pictures(1), judge)
    assert (choice.chosen.name, choice.tried.num_tries) == (name, num_tries)
    assert choice.parity.passed == choice.tried.passed == (name == "i8.onnx")


def test_the_noise_is_blamed_on_the_layer_that_adds_it(network: Path, tmp_path: Path) -> None:
    quantize_until(network, tmp_path / "i8.onnx", pictures(1), lambda _: True)
    rows = layer_noise(network, tmp_path / "i8.onnx", pictures(2))
    assert rows[0].node == "conv2"
    assert {row.node for row in rows} == {"conv0", "conv1", "conv2", "conv3"}


def test_what_never_passes_is_said_and_half_of_the_layers_stay(
    network: Path, tmp_path: Path
) -> None:
    result = quantize_until(network, tmp_path / "i8.onnx", pictures(1), lambda _: False)
    assert (result.passed, len(result.float_nodes)) == (False, 2)
