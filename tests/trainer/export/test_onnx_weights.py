"""The shipped 16-bit file gives back the network it was made of."""

from pathlib import Path

import numpy as np
import pytest
import torch

from edge.config import FACTORY_BUNDLE
from trainer.errors import ExportError
from trainer.export.onnx_weights import load_from_onnx
from trainer.export.parity import OnnxModel
from trainer.training.embedder_model import EmbedderModel

HALF = FACTORY_BUNDLE / "embedder.fp16.onnx"


def test_the_network_embeds_as_the_file_does() -> None:
    model = EmbedderModel()
    load_from_onnx(model, HALF)
    model.eval()
    crops = np.random.default_rng(0).normal(0, 0.5, (2, 3, 160, 160)).astype(np.float32)
    with torch.no_grad():
        ours = model(torch.from_numpy(crops)).numpy()
    assert np.abs(ours - OnnxModel(HALF)(crops)).max() < 1e-3


def test_a_quantised_file_is_refused_with_a_way_out() -> None:
    with pytest.raises(ExportError) as refused:
        load_from_onnx(EmbedderModel(), Path(FACTORY_BUNDLE / "embedder.int8.onnx"))
    assert "checkpoint" in refused.value.hint
