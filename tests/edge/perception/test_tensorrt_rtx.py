"""The shipped GPU files are parsed and built by TensorRT-RTX, which needs no GPU for that."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from edge.perception.engine_cache import ShapeProfile
from edge.perception.models import engine_profile
from sync.bundle import Role, open_bundle

FACTORY = Path(__file__).parents[3] / "edge" / "bundles" / "factory"
MIN_ENGINE_BYTES = 100_000

pytestmark = [
    pytest.mark.rtx,
    pytest.mark.skipif(
        importlib.util.find_spec("tensorrt_rtx_bindings") is None,
        reason="TensorRT-RTX is absent: uv pip install 'tillsight[rtx]'",
    ),
]


@pytest.mark.parametrize("role", ["detector", "embedder"])
def test_the_shipped_gpu_file_becomes_an_engine(role: Role) -> None:
    bundle = open_bundle(FACTORY)
    profile = engine_profile(role, bundle.manifest.preprocess)

    code, said = _build(bundle.file(role, "gpu"), profile)

    assert code == 0, said
    assert int(said.split()[-1]) > MIN_ENGINE_BYTES


def test_a_truncated_file_is_refused_with_the_parsers_reason(tmp_path: Path) -> None:
    bundle = open_bundle(FACTORY)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(bundle.file("detector", "gpu").read_bytes()[:5000])

    code, said = _build(broken, engine_profile("detector", bundle.manifest.preprocess))

    assert code == 1
    assert "cannot parse broken.onnx" in said


def _build(path: Path, profile: ShapeProfile) -> tuple[int, str]:
    """Exit code and output of the build for an Ada GPU."""
    shapes = [profile.text(i).partition(":")[2] for i in range(3)]
    command = [sys.executable, "-m", "tests.fakes.rtx_build", path, profile.input_name, *shapes]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    return done.returncode, done.stdout + done.stderr
