from itertools import product
from pathlib import Path

import numpy as np
import pytest

from edge.errors import InferenceError, InferenceTimeoutError, ModelLoadError
from edge.perception.engine_cache import MARKER, EngineCache, Hardware, ShapeProfile
from edge.perception.onnxruntime_backend import OnnxRuntimeBackend
from edge.perception.open_backend import BackendOptions, ModelFiles, open_backend
from edge.perception.provider_table import (
    CPU_PROVIDER,
    CUDA_PROVIDER,
    PROVIDERS,
    SHORT_NAMES,
    TENSORRT_PROVIDER,
    ProviderFacts,
    Reason,
    reason_after,
    reason_against,
)
from tests.fakes.fake_onnxruntime import FakeOnnxRuntime

PROFILE = ShapeProfile("images", (1, 1, 1), (3, 32, 32))
SHA = "a" * 64
ALL = (TENSORRT_PROVIDER, CUDA_PROVIDER, CPU_PROVIDER)


def files(*, has_gpu: bool = True) -> ModelFiles:
    gpu = Path("detector_fp16.onnx") if has_gpu else None
    return ModelFiles("detector", Path("detector_int8.onnx"), PROFILE, gpu, SHA if has_gpu else "")


def engines(root: Path, *, is_built: bool = True) -> EngineCache:
    cache = EngineCache(root, Hardware("H200", "580.1", "1.31.1+10.13"))
    if is_built:
        folder = cache.folder(SHA)
        folder.mkdir(parents=True)
        (folder / "model.engine").write_bytes(b"engine")
        (folder / MARKER).write_text("{}")
    return cache


def reasons(
    ort: FakeOnnxRuntime, options: BackendOptions, *, has_gpu: bool = True, library: str = ""
) -> list[Reason]:
    opened = open_backend(files(has_gpu=has_gpu), options, ort=ort, missing_library=lambda: library)
    assert opened.backend.provider == opened.report.taken
    return [choice.reason for choice in opened.report.choices]


@pytest.mark.parametrize(
    ("ort", "has_gpu", "library", "is_built", "wanted"),
    [
        pytest.param(FakeOnnxRuntime(ALL), True, "", True,
                     [Reason.TAKEN, Reason.BETTER_ONE_TAKEN, Reason.BETTER_ONE_TAKEN],
                     id="everything there"),
        pytest.param(FakeOnnxRuntime(ALL), True, "", False,
                     [Reason.ENGINE_NOT_BUILT, Reason.TAKEN, Reason.BETTER_ONE_TAKEN],
                     id="engine not built yet"),
        pytest.param(FakeOnnxRuntime(ALL), True, "libnvinfer.so.10 cannot be loaded", True,
                     [Reason.LIBRARY_MISSING, Reason.TAKEN, Reason.BETTER_ONE_TAKEN],
                     id="no TensorRT library"),
        pytest.param(FakeOnnxRuntime(ALL, falls_back=(TENSORRT_PROVIDER,)), True, "", True,
                     [Reason.FELL_BACK, Reason.TAKEN, Reason.BETTER_ONE_TAKEN],
                     id="TensorRT falls back silently"),
        pytest.param(FakeOnnxRuntime(ALL, falls_back=ALL[:2]), True, "", True,
                     [Reason.FELL_BACK, Reason.FELL_BACK, Reason.TAKEN],
                     id="no GPU behind a GPU wheel"),
        pytest.param(FakeOnnxRuntime(ALL, raises=ALL[:2]), True, "", True,
                     [Reason.SESSION_FAILED, Reason.SESSION_FAILED, Reason.TAKEN],
                     id="sessions cannot be made"),
        pytest.param(FakeOnnxRuntime(ALL, breaks=ALL[:2]), True, "", True,
                     [Reason.FIRST_RUN_FAILED, Reason.FIRST_RUN_FAILED, Reason.TAKEN],
                     id="first pass fails"),
        pytest.param(FakeOnnxRuntime(ALL), False, "", True,
                     [Reason.NO_MODEL_FILE, Reason.NO_MODEL_FILE, Reason.TAKEN],
                     id="bundle for the CPU only"),
        pytest.param(FakeOnnxRuntime((CPU_PROVIDER,)), True, "", True,
                     [Reason.NOT_IN_RUNTIME, Reason.NOT_IN_RUNTIME, Reason.TAKEN],
                     id="CPU wheel"),
    ],
)  # fmt: skip
def test_the_table_says_why_each_provider_was_or_was_not_taken(
    ort: FakeOnnxRuntime,
    has_gpu: bool,
    library: str,
    is_built: bool,
    wanted: list[Reason],
    tmp_path: Path,
) -> None:
    options = BackendOptions(engine_cache=engines(tmp_path, is_built=is_built))
    assert reasons(ort, options, has_gpu=has_gpu, library=library) == wanted


def test_what_was_not_asked_for_is_not_tried() -> None:
    ort = FakeOnnxRuntime(ALL)
    options = BackendOptions(providers=("cpu",))
    assert reasons(ort, options) == [Reason.NOT_ASKED_FOR, Reason.NOT_ASKED_FOR, Reason.TAKEN]
    assert len(ort.sessions) == 1


@pytest.mark.parametrize(
    ("asked", "available", "has_file", "has_library", "has_engine"),
    list(product(("tensorrt", ""), (ALL, (CPU_PROVIDER,)), *[(True, False)] * 3)),
)
def test_a_provider_is_tried_only_where_nothing_speaks_against_it(
    asked: str, available: tuple[str, ...], has_file: bool, has_library: bool, has_engine: bool
) -> None:
    facts = ProviderFacts(
        asked=[asked] if asked else [],
        available=available,
        has_model_file=has_file,
        missing_library="" if has_library else "libnvinfer.so.10",
        has_engine=has_engine,
    )
    against = reason_against(TENSORRT_PROVIDER, facts)
    is_fine = bool(asked) and len(available) > 1 and has_file and has_library and has_engine
    assert (against is None) == is_fine
    assert against is None or not against.is_taken


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("got", [[], [CPU_PROVIDER], list(ALL), [CUDA_PROVIDER, CPU_PROVIDER]])
def test_a_session_on_something_else_is_not_what_was_asked_for(
    provider: str, got: list[str]
) -> None:
    choice = reason_after(provider, got)
    assert choice.is_taken == (got[:1] == [provider])


def test_every_reason_that_can_be_helped_has_a_hint() -> None:
    opened = open_backend(files(), BackendOptions(), ort=FakeOnnxRuntime())
    assert all(c.hint for c in opened.report.choices if not c.is_taken)
    assert len(opened.report.lines()) == len(PROVIDERS) == len(SHORT_NAMES)


def test_no_provider_at_all_is_fatal_and_says_why() -> None:
    ort = FakeOnnxRuntime(ALL, raises=ALL)
    with pytest.raises(ModelLoadError) as failure:
        open_backend(files(), BackendOptions(), ort=ort)
    assert "libcudart.so.13" in failure.value.hint
    assert failure.value.hint.count(";") == 2


def test_the_cpu_file_goes_to_the_cpu_and_the_gpu_file_to_the_gpu(tmp_path: Path) -> None:
    ort = FakeOnnxRuntime(ALL)
    open_backend(
        files(), BackendOptions(engine_cache=engines(tmp_path)), ort=ort, missing_library=str
    )
    options = dict(ort.sessions[0].asked)[TENSORRT_PROVIDER]
    assert options["trt_engine_cache_path"] == str(engines(tmp_path, is_built=False).folder(SHA))
    assert options["trt_profile_max_shapes"] == "images:1x3x32x32"
    assert [name for name, _ in ort.sessions[0].asked] == list(ALL)


def test_threads_are_capped_and_do_not_spin() -> None:
    ort = FakeOnnxRuntime()
    open_backend(files(), BackendOptions(num_threads=2), ort=ort)
    options = ort.sessions[0].options
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    assert options.entries["session.intra_op.allow_spinning"] == "0"


def test_a_name_that_is_no_provider_is_refused() -> None:
    with pytest.raises(ValueError, match="choose from"):
        BackendOptions(providers=("gpu",))


def backend_of(ort: FakeOnnxRuntime, timeout_s: float) -> OnnxRuntimeBackend:
    session = ort.InferenceSession("x.onnx", ort.SessionOptions(), [(CPU_PROVIDER, {})])
    return OnnxRuntimeBackend(ort, session, timeout_s)


def test_a_pass_that_takes_too_long_is_stopped() -> None:
    backend = backend_of(FakeOnnxRuntime(hangs=(CPU_PROVIDER,)), timeout_s=0.05)
    with pytest.raises(InferenceTimeoutError, match="0.05 s"):
        backend.run({"images": np.zeros((1, 3, 32, 32), np.float32)})


def test_a_pass_that_fails_says_so_in_one_line() -> None:
    backend = backend_of(FakeOnnxRuntime(breaks=(CPU_PROVIDER,)), timeout_s=5)
    with pytest.raises(InferenceError) as failure:
        backend.run({"images": np.zeros((1, 3, 32, 32), np.float32)})
    assert "\n" not in str(failure.value)
    assert failure.value.code == "inference.failed"


def test_half_precision_stays_inside_the_backend() -> None:
    ort = FakeOnnxRuntime(input_type="tensor(float16)")
    backend = backend_of(ort, timeout_s=5)
    heads = backend.run({"images": np.zeros((2, 3, 32, 32), np.float32)})["heads"]
    assert ort.sessions[0].fed["images"].dtype == np.float16
    assert (heads.dtype, heads.shape) == (np.float32, (2, 16, 5))
    assert backend.inputs[0].shape == (None, 3, 32, 32)
