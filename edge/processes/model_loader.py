"""Brings models to perception without holding up its loop.

Flow: EngineRoom (in a thread) -> ModelLoader.step -> Models

First whatever runs now; then, where a GPU lacks its engines, those are built and the models change
over between baskets. A refused bundle is tried again for ever; an engine that cannot be built is
not, because the provider below it serves.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from edge.errors import EdgeError
from edge.perception.engine_build import BuildProgress, BuildRequest
from edge.perception.models import Models
from sync.errors import SyncError

NS_PER_S = 1_000_000_000
RETRY_NS = 5 * NS_PER_S  # a refused bundle is mended by hand or by an update
LOADING = "bundle.loading"

logger = logging.getLogger(__name__)


class ModelSource(Protocol):
    """Where models come from; every call is slow and runs in the loader's thread."""

    def load(self) -> Models:
        """The models as they can be run now."""
        ...

    def missing_engines(self) -> list[BuildRequest]:
        """What could be built to run them faster; cheap."""
        ...

    def build_and_load(self, on_progress: Callable[[BuildProgress], None]) -> Models:
        """The models with everything built."""
        ...


class ModelLoader:
    """Loads beside the loop.

    Attributes:
        models: what serves; None until the bundle is loaded.
        code, message: why there is none; empty once there are some.
        progress: what is being built, for people; empty otherwise.
    """

    def __init__(self, source: ModelSource) -> None:
        self.models: Models | None = None
        self.code = LOADING
        self.message = "the models are being loaded"
        self.progress = ""
        self._source = source
        self._thread = ThreadPoolExecutor(1, "load-models")
        self._attempt: Future[Models] | None = None
        self._next_try_ns = 0
        self._is_build_over = False
        self._waiting: Models | None = None

    def step(self, now_ns: int, *, is_idle: bool) -> Models | None:
        """Go on; models in the moment they should serve, else None.

        Args:
            is_idle: no lane has a basket open, so engines may be built and models may change.
        """
        if self._attempt is not None and self._attempt.done():
            self._take_result(self._attempt, now_ns)
            self._attempt = None
        if self._attempt is None and self._waiting is None:
            self._begin(now_ns, is_idle)
        if self._waiting is None or not (is_idle or self.models is None):
            return None
        self.models, self._waiting = self._waiting, None
        return self.models

    def close(self) -> None:
        """Do not wait for what is under way."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _begin(self, now_ns: int, is_idle: bool) -> None:
        if self.models is None:
            if now_ns >= self._next_try_ns:
                self._attempt = self._thread.submit(self._source.load)
        elif is_idle and not self._is_build_over:
            self._is_build_over = True
            if self._source.missing_engines():
                self._attempt = self._thread.submit(self._source.build_and_load, self._note)

    def _take_result(self, attempt: Future[Models], now_ns: int) -> None:
        self.progress = ""
        try:
            self._waiting = attempt.result()
        except (EdgeError, SyncError) as err:
            if self.models is not None:
                logger.warning("engine not built code=%s: %s; hint: %s", err.code, err, err.hint)
                return
            if str(err) != self.message:
                logger.error("bundle refused code=%s: %s; hint: %s", err.code, err, err.hint)  # noqa: TRY400
            self.code, self.message = err.code, str(err)
            self._next_try_ns = now_ns + RETRY_NS
            return
        self.code = self.message = ""

    def _note(self, progress: BuildProgress) -> None:
        mib = progress.written_bytes >> 20
        self.progress = f"building {progress.model}: {progress.elapsed_s:.0f} s, {mib} MiB"
