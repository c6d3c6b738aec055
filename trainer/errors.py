"""What can go wrong at the centre, by who must act."""

from typing import ClassVar


class TrainerError(Exception):
    """Anything the centre itself can get wrong. `hint` says what to do next."""

    code: ClassVar[str] = "trainer.error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class DegradedError(TrainerError):
    """The work goes on with less."""

    code: ClassVar[str] = "trainer.degraded"


class FatalError(TrainerError):
    """This process cannot do its work."""

    code: ClassVar[str] = "trainer.fatal"


class CheckpointError(FatalError):
    """A run's state could not be written or read."""

    code: ClassVar[str] = "training.checkpoint"


class DivergedError(FatalError):
    """The loss is no number any more."""

    code: ClassVar[str] = "training.diverged"


class DatasetError(FatalError):
    """Pictures or labels are not what their description says."""

    code: ClassVar[str] = "dataset.invalid"


class ExportError(FatalError):
    """A network could not be turned into the file a box runs, or that file decides otherwise."""

    code: ClassVar[str] = "export.failed"
