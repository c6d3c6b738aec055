"""The table of providers: which hardware runs a network, and why each other one was not taken.

Flow: what was asked, what there is -> ProviderChoice per provider

Pure. ONNX Runtime falls back silently: a session asked for CUDA may run on the CPU and say nothing.
So what a session reports after it was made is compared with what was asked (open_backend.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

TENSORRT_PROVIDER = "TensorrtExecutionProvider"
CUDA_PROVIDER = "CUDAExecutionProvider"
CPU_PROVIDER = "CPUExecutionProvider"

# Best first; the last one is on every machine.
PROVIDERS = (TENSORRT_PROVIDER, CUDA_PROVIDER, CPU_PROVIDER)

SHORT_NAMES = {"tensorrt": TENSORRT_PROVIDER, "cuda": CUDA_PROVIDER, "cpu": CPU_PROVIDER}


class Reason(StrEnum):
    """Why a provider was or was not taken; stable codes."""

    TAKEN = "taken"
    BETTER_ONE_TAKEN = "better_one_taken"
    NOT_ASKED_FOR = "not_asked_for"
    NOT_IN_RUNTIME = "not_in_runtime"
    NO_MODEL_FILE = "no_model_file"
    LIBRARY_MISSING = "library_missing"
    ENGINE_NOT_BUILT = "engine_not_built"
    SESSION_FAILED = "session_failed"
    FELL_BACK = "fell_back"
    FIRST_RUN_FAILED = "first_run_failed"


HINTS = {
    Reason.TAKEN: "",
    Reason.BETTER_ONE_TAKEN: "",
    Reason.NOT_ASKED_FOR: "add it to [perception] providers",
    Reason.NOT_IN_RUNTIME: "install the gpu extra instead of the cpu one",
    Reason.NO_MODEL_FILE: "release a bundle with a gpu file",
    Reason.LIBRARY_MISSING: "install TensorRT 10.x; run edgectl doctor",
    Reason.ENGINE_NOT_BUILT: "it is built in the background while the next provider serves",
    Reason.SESSION_FAILED: "run edgectl doctor",
    Reason.FELL_BACK: "install CUDA 13 and cuDNN 9; run edgectl doctor",
    Reason.FIRST_RUN_FAILED: "the model or the driver does not fit; run edgectl doctor",
}


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """One row: a provider and what became of it."""

    provider: str
    reason: Reason
    detail: str = ""

    @property
    def is_taken(self) -> bool:
        """This one runs the network."""
        return self.reason is Reason.TAKEN

    @property
    def hint(self) -> str:
        """What would change the answer."""
        return HINTS[self.reason]


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """The whole table for one network, best provider first."""

    model: str
    choices: tuple[ProviderChoice, ...]

    @property
    def taken(self) -> str | None:
        """The provider that runs it; None where none could."""
        return next((c.provider for c in self.choices if c.is_taken), None)

    def lines(self) -> list[str]:
        """One line per provider, for logs and `edgectl doctor`."""
        return [
            f"{self.model}: {c.provider}: {c.reason.value}" + (f" ({c.detail})" if c.detail else "")
            for c in self.choices
        ]


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What is known before a session is made.

    Attributes:
        asked: short names in the order of the configuration.
        available: what the runtime was compiled with.
        has_model_file: the bundle holds a file for this kind of hardware.
        missing_library: name of a library that the provider needs and that is not there.
        has_engine: an engine for this model, GPU and driver is in the cache.
    """

    asked: Sequence[str]
    available: Sequence[str]
    has_model_file: bool
    missing_library: str = ""
    has_engine: bool = True


def reason_against(provider: str, facts: ProviderFacts) -> ProviderChoice | None:
    """Why a provider need not even be tried; None where it should be."""
    if provider not in [SHORT_NAMES[name] for name in facts.asked]:
        return ProviderChoice(provider, Reason.NOT_ASKED_FOR)
    if provider not in facts.available:
        has = ", ".join(facts.available)
        return ProviderChoice(provider, Reason.NOT_IN_RUNTIME, f"this runtime has {has}")
    if not facts.has_model_file:
        return ProviderChoice(provider, Reason.NO_MODEL_FILE)
    if facts.missing_library:
        return ProviderChoice(provider, Reason.LIBRARY_MISSING, facts.missing_library)
    if not facts.has_engine:
        return ProviderChoice(provider, Reason.ENGINE_NOT_BUILT)
    return None


def reason_after(provider: str, session_providers: Sequence[str]) -> ProviderChoice:
    """Whether a session that was made really runs on what was asked."""
    if not session_providers or session_providers[0] != provider:
        got = ", ".join(session_providers) or "nothing"
        return ProviderChoice(provider, Reason.FELL_BACK, f"asked for it, got {got}")
    return ProviderChoice(provider, Reason.TAKEN)
