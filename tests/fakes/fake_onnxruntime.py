"""The surface of ONNX Runtime that the box uses, with every fault it was seen to have."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.perception.provider_table import CPU_PROVIDER


@dataclass
class FakeTensor:
    name: str
    shape: list[int | str | None]
    type: str = "tensor(float)"


@dataclass
class FakeSessionOptions:
    intra_op_num_threads: int = 0
    inter_op_num_threads: int = 0
    enable_cpu_mem_arena: bool = True
    enable_mem_pattern: bool = True
    log_severity_level: int = 2
    entries: dict[str, str] = field(default_factory=dict)

    def add_session_config_entry(self, key: str, value: str) -> None:
        self.entries[key] = value


@dataclass
class FakeRunOptions:
    terminate: bool = False


@dataclass
class FakeSession:
    """Answers with its input's batch size times ones; waits for `terminate` where it hangs."""

    providers: list[str]
    options: FakeSessionOptions
    asked: list[tuple[str, dict[str, str]]]
    is_broken: bool = False
    does_hang: bool = False
    input_type: str = "tensor(float)"
    fed: dict[str, NDArray[Any]] = field(default_factory=dict)

    def get_providers(self) -> list[str]:
        return self.providers

    def get_inputs(self) -> list[FakeTensor]:
        return [FakeTensor("images", ["batch", 3, 32, 32], self.input_type)]

    def get_outputs(self) -> list[FakeTensor]:
        return [FakeTensor("heads", ["batch", 16, 5])]

    def run(
        self, output_names: list[str], input_feed: dict[str, NDArray[Any]], run_options: Any
    ) -> list[NDArray[Any]]:
        self.fed = input_feed
        if self.is_broken:
            raise RuntimeError("CUDNN_STATUS_NOT_INITIALIZED\nand a page of other things")
        while self.does_hang:
            if run_options.terminate:
                raise RuntimeError("Exiting due to terminate flag being set to true.")
        return [np.ones((len(input_feed["images"]), 16, 5), dtype=np.float16)]


@dataclass
class FakeOnnxRuntime:
    """One installed runtime.

    Attributes:
        available: what the wheel was compiled with.
        falls_back: providers that are silently replaced by the CPU.
        raises: providers whose session cannot be made.
        breaks: providers whose first pass fails.
    """

    available: tuple[str, ...] = (CPU_PROVIDER,)
    falls_back: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    hangs: tuple[str, ...] = ()
    input_type: str = "tensor(float)"
    sessions: list[FakeSession] = field(default_factory=list)
    __version__: str = "1.31.1"

    def get_available_providers(self) -> list[str]:
        return list(self.available)

    def SessionOptions(self) -> FakeSessionOptions:  # noqa: N802
        return FakeSessionOptions()

    def RunOptions(self) -> FakeRunOptions:  # noqa: N802
        return FakeRunOptions()

    def InferenceSession(  # noqa: N802
        self, path_or_bytes: str, sess_options: Any, providers: list[tuple[str, dict[str, str]]]
    ) -> FakeSession:
        first = providers[0][0]
        if first in self.raises:
            raise RuntimeError(f"{first}: libcudart.so.13: cannot open shared object file")
        running = [CPU_PROVIDER] if first in self.falls_back else [name for name, _ in providers]
        session = FakeSession(
            running,
            sess_options,
            providers,
            is_broken=first in self.breaks,
            does_hang=first in self.hangs,
            input_type=self.input_type,
        )
        self.sessions.append(session)
        return session
