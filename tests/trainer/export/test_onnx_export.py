from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from trainer.errors import ExportError
from trainer.export.half_precision import to_half
from trainer.export.onnx_export import GraphInterface, export_onnx
from trainer.export.parity import OnnxModel
from trainer.export.quantize import quantize, tail_convolutions

pytestmark = pytest.mark.train

INTERFACE = GraphInterface("images", "heads", 64, 80, dynamic_size=True)


class SmallNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU6())
        self.last = nn.Conv2d(8, 5, 1)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.first(images)).flatten(2).transpose(1, 2)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    model = SmallNetwork().eval()
    path = tmp_path_factory.mktemp("export") / "small.onnx"
    export_onnx(model, INTERFACE, path)
    return model, path


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((1, 3, 64, 80), id="as traced, one picture"),
        pytest.param((3, 3, 96, 64), id="another batch and size"),
    ],
)
def test_the_file_answers_as_the_network(
    exported: tuple[nn.Module, Path], shape: tuple[int, ...]
) -> None:
    model, path = exported
    batch = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    with torch.no_grad():
        wanted = model(torch.from_numpy(batch)).numpy()
    assert np.allclose(OnnxModel(path)(batch), wanted, atol=1e-4)


def test_the_file_names_nothing_of_the_machine_that_made_it(
    exported: tuple[nn.Module, Path],
) -> None:
    content = exported[1].read_bytes()
    assert str(Path(__file__).parent).encode() not in content
    assert b"stack_trace" not in content


def test_integers_and_halves_answer_nearly_alike(
    exported: tuple[nn.Module, Path], tmp_path: Path
) -> None:
    path = exported[1]
    random = np.random.default_rng(1)
    inputs = [random.normal(size=(1, 3, 64, 80)).astype(np.float32) for _ in range(8)]
    quantize(path, tmp_path / "i8.onnx", inputs, float_nodes=tail_convolutions(path, 1))
    to_half(path, tmp_path / "f16.onnx")
    wanted = OnnxModel(path)(inputs[0])
    scale = np.abs(wanted).max()
    assert np.abs(OnnxModel(tmp_path / "i8.onnx")(inputs[0]) - wanted).max() < 0.1 * scale
    assert np.abs(OnnxModel(tmp_path / "f16.onnx")(inputs[0]) - wanted).max() < 0.01 * scale


def test_named_convolutions_stay_in_floating_point(
    exported: tuple[nn.Module, Path], tmp_path: Path
) -> None:
    path = exported[1]
    inputs = [np.zeros((1, 3, 64, 80), np.float32), np.ones((1, 3, 64, 80), np.float32)]
    tail = tail_convolutions(path, 1)
    quantize(path, tmp_path / "i8.onnx", inputs, float_nodes=tail)
    nodes = {n.name: n for n in onnx.load(str(tmp_path / "i8.onnx")).graph.node}
    assert not any("Quantize" in name for name in nodes[tail[0]].input[1:])


def test_a_network_that_cannot_be_captured_is_refused_in_one_line(tmp_path: Path) -> None:
    class Undecided(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.relu() if float(images.sum()) > 0 else images.sigmoid().flatten()

    with pytest.raises(ExportError) as caught:
        export_onnx(Undecided(), INTERFACE, tmp_path / "x.onnx")
    assert "\n" not in str(caught.value)
