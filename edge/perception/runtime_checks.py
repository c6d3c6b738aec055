"""What is wrong with the installed inference runtime, if anything.

Flow: installed distributions, loadable libraries -> RuntimeProblems

Pure, except the two functions that read the machine. `edgectl doctor` prints the answers.
"""

import ctypes
import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

# ONNX Runtime's TensorRT provider links this file name; TensorRT 11 brings another one.
TENSORRT_LIBRARY = "libnvinfer.so.10"
TENSORRT_MAJOR = 10
RUNTIME_WHEELS = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime-directml")
TENSORRT_WHEELS = ("tensorrt", "tensorrt-cu13", "tensorrt-cu13-libs", "tensorrt-cu12")
TENSORRT_FOLDER = "tensorrt_libs"


@dataclass(frozen=True, slots=True)
class RuntimeProblem:
    """Something to repair: a stable code, what is wrong, what to do."""

    code: str
    message: str
    hint: str


def runtime_problems(installed: Mapping[str, str], *, is_gpu_wanted: bool) -> list[RuntimeProblem]:
    """Everything that is wrong with the wheels of this environment.

    Args:
        installed: distribution name, lower case with dashes -> version.
        is_gpu_wanted: the configuration names a GPU provider first and a GPU is there.
    """
    wheels = [name for name in RUNTIME_WHEELS if name in installed]
    problems: list[RuntimeProblem] = []
    if not wheels:
        problems.append(
            RuntimeProblem(
                "runtime.missing", "no ONNX Runtime is installed", "install the cpu or gpu extra"
            )
        )
    if len(wheels) > 1:
        problems.append(
            RuntimeProblem(
                "runtime.double",
                f"{' and '.join(wheels)} overwrite each other's files",
                f"remove both, then install one: pip uninstall {' '.join(wheels)}",
            )
        )
    if is_gpu_wanted and wheels and "onnxruntime-gpu" not in wheels:
        problems.append(
            RuntimeProblem(
                "runtime.cpu_only",
                f"a GPU is asked for, but {wheels[0]} runs on the CPU only",
                "install the gpu extra instead of the cpu extra",
            )
        )
    return problems + _tensorrt_pin(installed)


def missing_tensorrt_library(
    load: Callable[[str], bool] | None = None, candidates: Iterable[Path] | None = None
) -> str:
    """Name of the library that TensorRT lacks on this machine, or "" where it is there.

    Loads it on the way, so that the runtime finds it in the process.
    """
    can_load = _can_load if load is None else load
    if can_load(TENSORRT_LIBRARY):
        return ""
    folder = _tensorrt_folder() if candidates is None else list(candidates)
    for path in folder:
        if path.name == TENSORRT_LIBRARY and can_load(str(path)):
            return ""
    others = sorted(p.name for p in folder if p.name.startswith("libnvinfer.so."))
    found = f", found {others[0]}" if others else ""
    return f"{TENSORRT_LIBRARY} cannot be loaded{found}"


def installed_distributions() -> dict[str, str]:
    """Distributions of this environment, name in lower case with dashes -> version."""
    return {
        str(dist.metadata["Name"]).lower().replace("_", "-"): dist.version
        for dist in importlib.metadata.distributions()
        if dist.metadata["Name"]
    }


def _tensorrt_pin(installed: Mapping[str, str]) -> list[RuntimeProblem]:
    wrong = [
        f"{name} {installed[name]}"
        for name in TENSORRT_WHEELS
        if name in installed and installed[name].partition(".")[0] != str(TENSORRT_MAJOR)
    ]
    if not wrong or "onnxruntime-gpu" not in installed:
        return []
    return [
        RuntimeProblem(
            "tensorrt.pin",
            f"{wrong[0]} is installed, but ONNX Runtime links {TENSORRT_LIBRARY}",
            f"install tensorrt-cu13 >={TENSORRT_MAJOR},<{TENSORRT_MAJOR + 1}",
        )
    ]


def _tensorrt_folder() -> list[Path]:
    spec = importlib.util.find_spec(TENSORRT_FOLDER)
    places = spec.submodule_search_locations if spec is not None else None
    return [path for place in places or [] for path in sorted(Path(place).glob("libnvinfer.so.*"))]


def _can_load(name: str) -> bool:
    try:
        ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True
