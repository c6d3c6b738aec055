"""What can fail on the box, and what each failure does to a sale.

Degraded: the sale goes on with less. Fatal: the process ends and the supervisor restarts it.
Every class has a stable `code`; every instance a `hint` that tells the store what to do next.
"""

from typing import ClassVar


class EdgeError(Exception):
    """Anything the box itself can get wrong."""

    code: ClassVar[str] = "edge.error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class DegradedError(EdgeError):
    """The sale goes on with less: a camera is gone, the hub is away, the disk is nearly full."""

    code: ClassVar[str] = "edge.degraded"


class FatalError(EdgeError):
    """This process cannot do its work: no model loads, the journal cannot be written."""

    code: ClassVar[str] = "edge.fatal"


class ConfigError(FatalError):
    """The box's TOML file is wrong: key, value, allowed range and line are in the message."""

    code: ClassVar[str] = "edge.config"


class JournalError(FatalError):
    """A basket event cannot be put on disk; the sale is refused visibly."""

    code: ClassVar[str] = "journal.unwritable"


class FrameRingError(FatalError):
    """Shared memory for frames cannot be reserved or read."""

    code: ClassVar[str] = "frame_ring.unavailable"


class InferenceError(DegradedError):
    """A model failed or timed out; what the frame shows is unknown, never empty."""

    code: ClassVar[str] = "inference.failed"


class InferenceTimeoutError(InferenceError):
    """A model took longer than it was allowed and was stopped."""

    code: ClassVar[str] = "inference.timed_out"


class ModelLoadError(FatalError):
    """No provider of this machine can run a model; the message says why, provider by provider."""

    code: ClassVar[str] = "inference.no_provider"


class EngineBuildError(DegradedError):
    """A GPU engine could not be built; the next provider serves."""

    code: ClassVar[str] = "inference.engine_failed"


class BusError(FatalError):
    """A topic is unknown, has another publisher, or its socket cannot be opened."""

    code: ClassVar[str] = "bus.misused"


class CommandRefusedError(DegradedError):
    """A command from the kiosk cannot be carried out now; the hint says what can."""

    code: ClassVar[str] = "basket.refused"
