from pathlib import Path

import pytest

from edge.perception.runtime_checks import (
    installed_distributions,
    missing_tensorrt_library,
    runtime_problems,
)


@pytest.mark.parametrize(
    ("installed", "is_gpu_wanted", "codes"),
    [
        pytest.param({"onnxruntime": "1.31.1"}, False, [], id="a box without a GPU"),
        pytest.param({"onnxruntime-gpu": "1.31.1", "tensorrt-cu13": "10.13.0"}, True, [],
                     id="a GPU box"),
        pytest.param({}, False, ["runtime.missing"], id="nothing"),
        pytest.param({"onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.1"}, True,
                     ["runtime.double"], id="both wheels"),
        pytest.param({"onnxruntime": "1.31.1"}, True, ["runtime.cpu_only"], id="wrong wheel"),
        pytest.param({"onnxruntime-gpu": "1.31.1", "tensorrt": "11.4.0"}, True,
                     ["tensorrt.pin"], id="TensorRT too new"),
        pytest.param({"onnxruntime": "1.31.1", "tensorrt": "11.4.0"}, False, [],
                     id="TensorRT that nobody links"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_wheels_is_found(
    installed: dict[str, str], is_gpu_wanted: bool, codes: list[str]
) -> None:
    problems = runtime_problems(installed, is_gpu_wanted=is_gpu_wanted)
    assert [problem.code for problem in problems] == codes
    assert all(problem.hint and problem.message for problem in problems)


@pytest.mark.parametrize(
    ("loadable", "present", "answer"),
    [
        pytest.param({"libnvinfer.so.10"}, [], "", id="in the loader's path"),
        pytest.param({"/w/libnvinfer.so.10"}, ["/w/libnvinfer.so.10"], "", id="in a wheel"),
        pytest.param(set(), ["/w/libnvinfer.so.11"],
                     "libnvinfer.so.10 cannot be loaded, found libnvinfer.so.11", id="too new"),
        pytest.param(set(), [], "libnvinfer.so.10 cannot be loaded", id="absent"),
        pytest.param(set(), ["/w/libnvinfer.so.10"],
                     "libnvinfer.so.10 cannot be loaded, found libnvinfer.so.10",
                     id="there, but without its own libraries"),
    ],
)  # fmt: skip
def test_the_library_that_tensorrt_needs_is_looked_for(
    loadable: set[str], present: list[str], answer: str
) -> None:
    paths = [Path(name) for name in present]
    assert missing_tensorrt_library(loadable.__contains__, paths) == answer


def test_this_environment_has_one_runtime() -> None:
    installed = installed_distributions()
    assert "numpy" in installed
    assert runtime_problems(installed, is_gpu_wanted=False) == []
