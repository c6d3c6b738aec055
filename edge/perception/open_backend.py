"""Open a network on the best hardware there is, and say why not on better.

Flow: ModelFiles + BackendOptions -> provider by provider -> OpenedBackend

TensorRT, then CUDA, then CPU. An engine is never built here: TensorRT is taken only where the
cache already holds one (engine_build.py makes them, off the serving path).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InferenceError, ModelLoadError
from edge.perception.backend import InferenceBackend, warm_up
from edge.perception.engine_cache import EngineCache, ShapeProfile, tensorrt_options
from edge.perception.onnxruntime_backend import (
    OnnxRuntimeBackend,
    OrtModule,
    first_line,
    load_runtime,
    make_session,
    runtime_failures,
)
from edge.perception.provider_table import (
    CPU_PROVIDER,
    CUDA_PROVIDER,
    PROVIDERS,
    SHORT_NAMES,
    TENSORRT_PROVIDER,
    ProviderChoice,
    ProviderFacts,
    ProviderReport,
    Reason,
    reason_after,
    reason_against,
)
from edge.perception.runtime_checks import missing_tensorrt_library

logger = logging.getLogger(__name__)

FIRST_RUN_TIMEOUT_S = 60.0  # kernels are loaded and tuned in the first pass on a GPU


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """How networks are run on this box.

    Attributes:
        providers: short names that may be used.
        num_threads: per network; two networks never run at once in one process.
        timeout_s: a pass is stopped after so long and counts as failed.
        is_sale: a shopper waits: a family's child is stopped after its own budget. In comparisons
            it may take as long as any network, so that a busy machine gives the same answer.
        device_id: of the GPU.
        engine_cache: engines of this box; None where TensorRT is not wanted.
    """

    providers: tuple[str, ...] = ("tensorrt", "cuda", "cpu")
    num_threads: int = 1
    timeout_s: float = 2.0
    is_sale: bool = False
    device_id: int = 0
    engine_cache: EngineCache | None = None

    def __post_init__(self) -> None:
        """Refuse names that are none."""
        unknown = set(self.providers) - set(SHORT_NAMES)
        if unknown or not self.providers:
            raise ValueError(f"providers {self.providers}: choose from {', '.join(SHORT_NAMES)}")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """One network in the forms a bundle brings, and the shapes it is used with."""

    role: str
    cpu: Path
    profile: ShapeProfile
    gpu: Path | None = None
    gpu_sha256: str = ""


@dataclass(frozen=True, slots=True)
class OpenedBackend:
    """A network that runs, and the table that says why there."""

    backend: InferenceBackend
    report: ProviderReport


@dataclass(frozen=True, slots=True)
class _Attempt:
    backend: InferenceBackend | None
    choice: ProviderChoice


def open_backend(
    files: ModelFiles,
    options: BackendOptions,
    *,
    ort: OrtModule | None = None,
    missing_library: Callable[[], str] = missing_tensorrt_library,
) -> OpenedBackend:
    """Open a network on the best provider that really runs it.

    Args:
        ort: the runtime; the installed one where None.
        missing_library: names the library that TensorRT lacks, or "".

    Raises:
        ModelLoadError: no provider runs it; the hint holds the table.
    """
    runtime = load_runtime() if ort is None else ort
    rows: list[ProviderChoice] = []
    taken: InferenceBackend | None = None
    for provider in PROVIDERS:
        if taken is not None:
            rows.append(ProviderChoice(provider, Reason.BETTER_ONE_TAKEN))
            continue
        attempt = _try_provider(provider, files, options, runtime, missing_library)
        rows.append(attempt.choice)
        taken = attempt.backend
    report = ProviderReport(files.role, tuple(rows))
    if taken is None:
        raise ModelLoadError(
            f"no provider runs the {files.role} {files.cpu.name}", hint="; ".join(report.lines())
        )
    for line in report.lines():
        logger.info("provider %s", line)
    return OpenedBackend(taken, report)


def _try_provider(
    provider: str,
    files: ModelFiles,
    options: BackendOptions,
    ort: OrtModule,
    missing_library: Callable[[], str],
) -> _Attempt:
    path = files.cpu if provider == CPU_PROVIDER else files.gpu
    is_tensorrt = provider == TENSORRT_PROVIDER
    against = reason_against(
        provider,
        ProviderFacts(
            asked=options.providers,
            available=ort.get_available_providers(),
            has_model_file=path is not None,
            missing_library=missing_library() if is_tensorrt else "",
            has_engine=not is_tensorrt or _has_engine(files, options),
        ),
    )
    if against is not None or path is None:
        assert against is not None
        return _Attempt(None, against)
    return _make(provider, path, files, options, ort)


def _make(
    provider: str, path: Path, files: ModelFiles, options: BackendOptions, ort: OrtModule
) -> _Attempt:
    try:
        session = make_session(
            ort,
            path,
            _provider_list(provider, files, options),
            num_threads=options.num_threads,
        )
    except runtime_failures(ort) as err:
        return _Attempt(None, ProviderChoice(provider, Reason.SESSION_FAILED, first_line(err)))
    choice = reason_after(provider, session.get_providers())
    if not choice.is_taken:
        return _Attempt(None, choice)
    backend = OnnxRuntimeBackend(ort, session, max(options.timeout_s, FIRST_RUN_TIMEOUT_S))
    try:
        warm_up(backend, {files.profile.input_name: files.profile.largest()})
    except InferenceError as err:
        return _Attempt(None, ProviderChoice(provider, Reason.FIRST_RUN_FAILED, str(err)))
    return _Attempt(OnnxRuntimeBackend(ort, session, options.timeout_s), choice)


def _has_engine(files: ModelFiles, options: BackendOptions) -> bool:
    cache = options.engine_cache
    return cache is not None and cache.has(files.gpu_sha256)


def _provider_list(
    provider: str, files: ModelFiles, options: BackendOptions
) -> list[tuple[str, dict[str, str]]]:
    """The provider first, then those that take over single nodes it cannot run."""
    cuda = (CUDA_PROVIDER, {"device_id": str(options.device_id)})
    cpu: tuple[str, dict[str, str]] = (CPU_PROVIDER, {})
    if provider == TENSORRT_PROVIDER:
        assert options.engine_cache is not None
        folder = options.engine_cache.folder(files.gpu_sha256)
        return [(provider, tensorrt_options(folder, options.device_id, files.profile)), cuda, cpu]
    return [cuda, cpu] if provider == CUDA_PROVIDER else [cpu]
