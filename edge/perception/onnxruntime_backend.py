"""A network in ONNX Runtime.

Flow: named arrays -> session -> named arrays

Threads are capped and do not spin: several cameras share two cores, and a spinning thread of an
idle network takes a core from a busy one. Which provider runs it is decided in open_backend.py.
"""

import importlib
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from edge.errors import InferenceError, InferenceTimeoutError, ModelLoadError
from edge.perception.backend import FloatArray, TensorSpec

HALF = "tensor(float16)"
LOG_ERRORS_ONLY = 3  # ONNX Runtime's severity: its warnings are about graph optimisation


class OrtTensor(Protocol):
    """An input or output as ONNX Runtime describes it."""

    name: str
    shape: list[int | str | None]
    type: str


class OrtSession(Protocol):
    """The part of `onnxruntime.InferenceSession` in use."""

    def get_providers(self) -> list[str]:
        """What really runs it."""
        ...

    def get_inputs(self) -> Sequence[OrtTensor]:
        """Inputs in order."""
        ...

    def get_outputs(self) -> Sequence[OrtTensor]:
        """Outputs in order."""
        ...

    def run(
        self, output_names: list[str], input_feed: dict[str, NDArray[Any]], run_options: Any
    ) -> list[NDArray[Any]]:
        """One pass."""
        ...


class OrtModule(Protocol):
    """The part of the module `onnxruntime` in use; tests bring their own."""

    __version__: str

    def get_available_providers(self) -> list[str]:
        """What the wheel was compiled with."""
        ...

    def SessionOptions(self) -> Any:  # noqa: N802 - the runtime's own name
        """Options of a session."""
        ...

    def RunOptions(self) -> Any:  # noqa: N802 - the runtime's own name
        """Options of one pass; `terminate` stops it."""
        ...

    def InferenceSession(  # noqa: N802 - the runtime's own name
        self, path_or_bytes: str, sess_options: Any, providers: list[tuple[str, dict[str, str]]]
    ) -> OrtSession:
        """Load a network."""
        ...


class OnnxRuntimeBackend:
    """One session, ready to run."""

    def __init__(self, ort: OrtModule, session: OrtSession, timeout_s: float) -> None:
        self._ort = ort
        self._session = session
        self._timeout_s = timeout_s
        self._watch = _PassWatch(timeout_s)
        self._provider = session.get_providers()[0]
        self._inputs = tuple(_spec(t) for t in session.get_inputs())
        self._outputs = tuple(_spec(t) for t in session.get_outputs())
        self._output_names = [spec.name for spec in self._outputs]
        self._dtypes = {
            t.name: np.float16 if t.type == HALF else np.float32 for t in session.get_inputs()
        }
        self._failures = runtime_failures(ort)

    @property
    def provider(self) -> str:
        """What really runs it."""
        return self._provider

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """What it takes, in order."""
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """What it gives, in order."""
        return self._outputs

    def run(self, inputs: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """One pass, stopped after the time it is allowed.

        Raises:
            InferenceError: the runtime failed.
            InferenceTimeoutError: it was stopped.
        """
        feeds = {
            name: np.ascontiguousarray(array, dtype=self._dtypes.get(name, np.float32))
            for name, array in inputs.items()
        }
        options = self._ort.RunOptions()
        self._watch.begin(options)
        try:
            arrays = self._session.run(self._output_names, feeds, options)
        except self._failures as err:
            if options.terminate:
                raise InferenceTimeoutError(
                    f"stopped after {self._timeout_s:g} s on {self._provider}",
                    hint="the machine is overloaded or too slow for this bundle",
                ) from err
            raise InferenceError(
                f"{self._provider}: {first_line(err)}", hint="run edgectl doctor"
            ) from err
        finally:
            self._watch.end()
        return {
            name: np.asarray(array, dtype=np.float32)
            for name, array in zip(self._output_names, arrays, strict=True)
        }


def load_runtime() -> OrtModule:
    """The installed ONNX Runtime.

    Raises:
        ModelLoadError: none is installed, or two wheels have overwritten each other.
    """
    try:
        module = importlib.import_module("onnxruntime")
    except ImportError as err:
        raise ModelLoadError(
            f"ONNX Runtime cannot be imported: {err}", hint="install the cpu or the gpu extra"
        ) from err
    if not hasattr(module, "InferenceSession"):
        raise ModelLoadError(
            "ONNX Runtime is broken: a second wheel was installed over it and removed again",
            hint="remove onnxruntime and onnxruntime-gpu, then install one of them",
        )
    return cast(OrtModule, module)


def make_session(
    ort: OrtModule,
    path: Path,
    providers: list[tuple[str, dict[str, str]]],
    *,
    num_threads: int,
) -> OrtSession:
    """Load a network for these providers, best first.

    Raises whatever the runtime raises: see runtime_failures().
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = True  # buffers are kept between frames
    options.enable_mem_pattern = True  # and planned once per shape: shapes are fixed
    options.log_severity_level = LOG_ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return ort.InferenceSession(str(path), sess_options=options, providers=providers)


def runtime_failures(ort: OrtModule) -> tuple[type[Exception], ...]:
    """The exceptions of this runtime; they share no base class but Exception."""
    state = getattr(getattr(ort, "capi", None), "onnxruntime_pybind11_state", None)
    own = [value for value in vars(state).values() if isinstance(value, type)] if state else []
    return (
        RuntimeError,
        ValueError,
        *(value for value in own if issubclass(value, Exception)),
    )


def first_line(err: Exception) -> str:
    """The message without the pages that some runtimes append."""
    return str(err).strip().partition("\n")[0][:200]


class _PassWatch:
    """Stops a pass that takes too long, from one thread that looks now and then.

    A thread or a wake-up per pass costs more than the pass is worth on a busy machine.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._running: tuple[float, Any] | None = None
        thread = threading.Thread(
            target=_watch_passes, args=(weakref.ref(self), timeout_s / 4), daemon=True
        )
        thread.start()

    def begin(self, options: Any) -> None:
        self._running = (time.monotonic() + self._timeout_s, options)

    def end(self) -> None:
        self._running = None

    def stop_late_pass(self) -> None:
        running = self._running
        if running is not None and time.monotonic() > running[0]:
            running[1].terminate = True


def _watch_passes(watch: "weakref.ref[_PassWatch]", interval_s: float) -> None:
    while (alive := watch()) is not None:
        alive.stop_late_pass()
        del alive
        time.sleep(interval_s)


def _spec(tensor: OrtTensor) -> TensorSpec:
    shape = tuple(size if isinstance(size, int) else None for size in tensor.shape)
    return TensorSpec(tensor.name, shape)
