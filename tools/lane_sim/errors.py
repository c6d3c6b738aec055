"""What the counter simulator can get wrong; each error has a stable code and a hint.

No recovery here: commands print the message and the hint and exit with `exit_code`.
"""


class LaneSimError(Exception):
    """A command cannot go on; `hint` says what to change."""

    code = "sim.error"
    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class PackFolderError(LaneSimError):
    """A packs folder is not in the documented form."""

    code = "sim.packs"


class RendererMissingError(LaneSimError):
    """Mitsuba is not installed, or none of its variants runs here."""

    code = "sim.renderer"
    exit_code = 3


class EncoderMissingError(LaneSimError):
    """No usable `ffmpeg` program was found on the PATH."""

    code = "sim.encoder"
    exit_code = 3


class PlacementError(LaneSimError):
    """The items asked for do not fit on the counter."""

    code = "sim.placement"
    exit_code = 1
