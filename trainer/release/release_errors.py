"""What can go wrong while signing and publishing."""

from typing import ClassVar

from trainer.errors import TrainerError


class KeyFileError(TrainerError):
    """A key file is missing, readable by others, damaged, or its passphrase is wrong."""

    code: ClassVar[str] = "keys.file"


class ThresholdError(TrainerError):
    """Not enough keys are at hand; what is signed so far waits in `pending/`.

    Attributes:
        missing: role -> how many signatures are still needed.
    """

    code: ClassVar[str] = "keys.threshold"

    def __init__(self, message: str, *, hint: str = "", missing: dict[str, int]) -> None:
        super().__init__(message, hint=hint)
        self.missing = missing


class CeremonyError(TrainerError):
    """The step asked for would leave the repository without a way on, or was done already."""

    code: ClassVar[str] = "keys.ceremony"


class RepositoryFolderError(TrainerError):
    """The repository on disk is missing or contradicts itself."""

    code: ClassVar[str] = "release.repository"


class PublishRefusedError(TrainerError):
    """What was to be published breaks a rule that boxes check too."""

    code: ClassVar[str] = "release.refused"
