"""The shipped GPU files are parsed and built by TensorRT-RTX, which needs no GPU for that."""

from pathlib import Path
from types import ModuleType

import pytest

from edge.perception.engine_cache import ShapeProfile
from edge.perception.models import engine_profile
from sync.bundle import Role, open_bundle

FACTORY = Path(__file__).parents[3] / "edge" / "bundles" / "factory"
MIN_ENGINE_BYTES = 100_000

pytestmark = pytest.mark.rtx


@pytest.fixture(scope="module")
def tensorrt() -> ModuleType:
    """The bindings; they find their libraries only when those were imported before."""
    why = "TensorRT-RTX is absent: uv pip install tensorrt-rtx-cu13-libs tensorrt-rtx-cu13-bindings"
    pytest.importorskip("tensorrt_rtx_libs", reason=why)
    return pytest.importorskip("tensorrt_rtx_bindings", reason=why)


@pytest.mark.parametrize("role", ["detector", "embedder"])
def test_the_shipped_gpu_file_becomes_an_engine(role: Role, tensorrt: ModuleType) -> None:
    bundle = open_bundle(FACTORY)
    profile = engine_profile(role, bundle.manifest.preprocess)

    engine = _build(tensorrt, bundle.file(role, "gpu"), profile)

    assert len(engine) > MIN_ENGINE_BYTES


def test_a_truncated_file_is_refused_with_the_parsers_reason(
    tensorrt: ModuleType, tmp_path: Path
) -> None:
    bundle = open_bundle(FACTORY)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(bundle.file("detector", "gpu").read_bytes()[:5000])

    with pytest.raises(ValueError, match="cannot parse"):
        _build(tensorrt, broken, engine_profile("detector", bundle.manifest.preprocess))


def _build(trt: ModuleType, path: Path, shapes: ShapeProfile) -> bytes:
    """Engine bytes for an Ada GPU; only names common to TensorRT 10, 11 and RTX are used."""
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(path.read_bytes()):
        reasons = [parser.get_error(i).desc() for i in range(parser.num_errors)]
        raise ValueError(f"cannot parse {path.name}: {'; '.join(reasons)}")
    config = builder.create_builder_config()
    config.num_compute_capabilities = 1
    config.set_compute_capability(trt.ComputeCapability.SM89, 0)
    profile = builder.create_optimization_profile()
    profile.set_shape(shapes.input_name, *[(size, *shapes.rest) for size in shapes.sizes])
    config.add_optimization_profile(profile)
    serialised = builder.build_serialized_network(network, config)
    if serialised is None:
        raise ValueError(f"cannot build an engine of {path.name}")
    return bytes(memoryview(serialised))
