"""Build a GPU engine in a child process, with progress, off the serving path.

Flow: model + EngineCache -> child -> BuildProgress ... -> published engine

The child is this module (`python -m edge.perception.engine_build`): a build takes minutes and
gigabytes and may crash, so it never happens in the process that watches the counter.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from edge.errors import EngineBuildError, ModelLoadError
from edge.perception.engine_cache import EngineCache, ShapeProfile, tensorrt_options
from edge.perception.onnxruntime_backend import (
    OrtModule,
    first_line,
    load_runtime,
    make_session,
    runtime_failures,
)
from edge.perception.provider_table import CUDA_PROVIDER, TENSORRT_PROVIDER
from edge.perception.runtime_checks import missing_tensorrt_library

BUILD_TIMEOUT_S = 1800.0
POLL_S = 1.0
CHILD_MODULE = "edge.perception.engine_build"


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """How far a build is; TensorRT tells no share, so time and bytes stand for it."""

    model: str
    elapsed_s: float
    written_bytes: int
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One engine to build."""

    model: Path
    model_sha256: str
    profile: ShapeProfile
    device_id: int = 0


def build_engine(
    request: BuildRequest,
    cache: EngineCache,
    on_progress: Callable[[BuildProgress], None],
    *,
    command: Sequence[str] = (sys.executable, "-m", CHILD_MODULE),
    timeout_s: float = BUILD_TIMEOUT_S,
    poll_s: float = POLL_S,
) -> Path:
    """Build and publish one engine; returns at once where it is there already.

    Args:
        on_progress: called about once per second.
        command: starts the child; the arguments of main() are appended.

    Raises:
        EngineBuildError: libraries are absent, the model cannot be built, or it took too long.
    """
    if cache.has(request.model_sha256):
        return cache.folder(request.model_sha256)
    part = cache.start_folder(request.model_sha256)
    started = time.monotonic()
    errors = part / "build.log"
    with errors.open("wb") as log:
        child = subprocess.Popen(
            [*command, *_arguments(request, part)], stdout=subprocess.DEVNULL, stderr=log
        )
        try:
            while child.poll() is None:
                elapsed_s = time.monotonic() - started
                if elapsed_s > timeout_s:
                    raise EngineBuildError(
                        f"engine of {request.model.name} not built within {timeout_s:g} s",
                        hint="the GPU is busy; the next provider serves",
                    )
                on_progress(BuildProgress(request.model.name, elapsed_s, _bytes(part)))
                _wait(child, poll_s)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
    if child.returncode != 0:
        raise EngineBuildError(_reason(errors, child.returncode), hint="run edgectl doctor")
    folder = cache.publish(request.model_sha256, part)
    elapsed_s = time.monotonic() - started
    on_progress(BuildProgress(request.model.name, elapsed_s, _bytes(folder), is_done=True))
    cache.evict(frozenset({request.model_sha256}))
    return folder


def build_here(request: BuildRequest, folder: Path, ort: OrtModule, missing_library: str) -> None:
    """What the child does: one session makes TensorRT build and store its engine.

    Raises:
        EngineBuildError: with a reason that a person can act on.
    """
    if TENSORRT_PROVIDER not in ort.get_available_providers():
        raise EngineBuildError(
            "this ONNX Runtime has no TensorRT provider", hint="install the gpu extra"
        )
    if missing_library:
        raise EngineBuildError(missing_library, hint="install TensorRT 10.x")
    options = tensorrt_options(folder, request.device_id, request.profile)
    providers = [(TENSORRT_PROVIDER, options), (CUDA_PROVIDER, {"device_id": "0"})]
    try:
        session = make_session(ort, request.model, providers, num_threads=2)
    except runtime_failures(ort) as err:
        raise EngineBuildError(first_line(err), hint="run edgectl doctor") from err
    if session.get_providers()[:1] != [TENSORRT_PROVIDER]:
        raise EngineBuildError(
            f"the runtime fell back to {', '.join(session.get_providers())}",
            hint="check driver, CUDA and TensorRT versions with edgectl doctor",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """The child: 0 when the folder holds an engine, 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(description="Build one GPU engine into a folder.")
    parser.add_argument("--model", type=Path, required=True, help="ONNX file")
    parser.add_argument("--folder", type=Path, required=True, help="where the engine goes")
    parser.add_argument("--profile", required=True, help="ShapeProfile as JSON")
    parser.add_argument("--device-id", type=int, default=0, help="number of the GPU")
    given = parser.parse_args(arguments)
    fields = json.loads(given.profile)
    sizes, rest, largest = (
        tuple(fields.get(name, ())) for name in ("sizes", "rest", "largest_rest")
    )
    profile = ShapeProfile(fields["input_name"], sizes, rest, largest)
    request = BuildRequest(given.model, "", profile, given.device_id)
    try:
        build_here(request, given.folder, load_runtime(), missing_tensorrt_library())
    except (EngineBuildError, ModelLoadError) as err:
        sys.stderr.write(f"{err}\n")
        return 1
    return 0


def _arguments(request: BuildRequest, part: Path) -> list[str]:
    profile = json.dumps(asdict(request.profile))
    return [
        "--model", str(request.model), "--folder", str(part), "--profile", profile,
        "--device-id", str(request.device_id),
    ]  # fmt: skip


def _wait(child: "subprocess.Popen[bytes]", poll_s: float) -> None:
    try:
        child.wait(timeout=poll_s)
    except subprocess.TimeoutExpired:
        return


def _reason(errors: Path, code: int) -> str:
    lines = errors.read_text(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else f"the build ended with code {code}"


def _bytes(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.glob("*") if p.is_file())


if __name__ == "__main__":
    raise SystemExit(main())
