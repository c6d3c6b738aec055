"""Which GPU engines this box lacks, and building them: slow work for a thread of perception.

Flow: EdgeConfig -> Bundle -> Models; missing engines -> child process -> engine cache

On a machine without TensorRT there is no cache and never anything to build. When a build may begin
and when its result is used is model_loader.py's decision.
"""

import importlib.metadata
import logging
from collections.abc import Callable
from pathlib import Path

from edge.config import EdgeConfig
from edge.errors import EngineBuildError
from edge.perception.engine_build import BuildProgress, BuildRequest, build_engine
from edge.perception.engine_cache import EngineCache, Hardware, read_gpu
from edge.perception.models import Models, gpu_model_files, load_models
from edge.perception.onnxruntime_backend import load_runtime
from edge.perception.open_backend import BackendOptions
from edge.perception.provider_table import TENSORRT_PROVIDER
from edge.perception.runtime_checks import TENSORRT_WHEELS, missing_tensorrt_library
from edge.processes.serving_bundle import open_serving_bundle
from sync.bundle import Bundle, open_bundle

ENGINES_NAME = "engines"

logger = logging.getLogger(__name__)

Build = Callable[[BuildRequest, EngineCache, Callable[[BuildProgress], None]], Path]


class EngineRoom:
    """Loads models of the serving bundle and builds what would make them faster.

    Args:
        open_cache: the engines of this machine, None without TensorRT; asked once, in the thread.
        build: builds one engine; tests bring their own.
        directory: of the bundle; None means the one that this box serves.
    """

    def __init__(
        self,
        config: EdgeConfig,
        open_cache: Callable[[EdgeConfig], EngineCache | None] | None = None,
        build: Build = build_engine,
        directory: Path | None = None,
    ) -> None:
        self._directory = directory
        self._config = config
        self._open_cache = open_engine_cache if open_cache is None else open_cache
        self._build = build
        self._cache: EngineCache | None = None
        self._is_cache_known = False
        self._bundle: Bundle | None = None

    def load(self) -> Models:
        """Verify the bundle, load its networks, run everything once.

        Raises:
            BundleError: it is not whole.
            GalleryMismatchError: its parts do not belong together.
            ModelLoadError: no provider of this machine runs a network.
            InferenceError: a network answers wrongly.
        """
        if not self._is_cache_known:
            self._cache, self._is_cache_known = self._open_cache(self._config), True
        knobs = self._config.perception
        options = BackendOptions(
            providers=knobs.providers,
            num_threads=knobs.threads,
            timeout_s=knobs.frame_timeout_ms / 1000,
            is_sale=True,
            engine_cache=self._cache,
        )
        self._bundle = (
            open_serving_bundle(self._config)
            if self._directory is None
            else open_bundle(self._directory)
        )
        models = load_models(self._bundle, options)
        self._note_use()
        return models

    def missing_engines(self) -> list[BuildRequest]:
        """Engines of the loaded bundle that this machine could use and does not have."""
        if self._cache is None or self._bundle is None:
            return []
        return [
            BuildRequest(files.gpu, files.gpu_sha256, files.profile)
            for files in gpu_model_files(self._bundle)
            if files.gpu is not None and not self._cache.has(files.gpu_sha256)
        ]

    def build_and_load(self, on_progress: Callable[[BuildProgress], None]) -> Models:
        """Build every missing engine, then load the models with them.

        Raises:
            EngineBuildError: one could not be built; what serves goes on serving.
        """
        for request in self.missing_engines():
            assert self._cache is not None
            self._build(request, self._cache, on_progress)
        return self.load()

    def _note_use(self) -> None:
        """Engines in use are the last to be evicted."""
        if self._cache is not None and self._bundle is not None:
            for files in gpu_model_files(self._bundle):
                self._cache.note_use(files.gpu_sha256)


def open_engine_cache(config: EdgeConfig) -> EngineCache | None:
    """The engine cache of this machine; None where TensorRT is not wanted or not there."""
    if "tensorrt" not in config.perception.providers:
        return None
    runtime = load_runtime()
    if TENSORRT_PROVIDER not in runtime.get_available_providers() or missing_tensorrt_library():
        return None
    try:
        gpu, driver = read_gpu()
    except EngineBuildError as err:
        logger.info("no engines here: %s", err)
        return None
    version = f"{runtime.__version__}+{_tensorrt_version()}"
    return EngineCache(config.paths.state_dir / ENGINES_NAME, Hardware(gpu, driver, version))


def _tensorrt_version() -> str:
    for name in TENSORRT_WHEELS:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "system"
