"""What can be wrong with a camera before any picture flows: its configuration or its calibration.

Outages of a running camera are not exceptions: `FrameSource.read` returns an `Outage`.
"""

from typing import ClassVar


class CameraError(Exception):
    """Anything about a camera that a person must put right. `hint` says how."""

    code: ClassVar[str] = "camera.error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class CameraConfigError(CameraError):
    """A camera's settings are wrong: key, value and what is allowed are in the message."""

    code: ClassVar[str] = "camera.config"

    def __init__(self, key: str, value: object, allowed: str, *, hint: str = "") -> None:
        super().__init__(f"{key} = {value!r}: allowed is {allowed}", hint=hint)
        self.key = key
        self.allowed = allowed


class CalibrationError(CameraError):
    """The pictures or the calibration file cannot give a trustworthy calibration."""

    code: ClassVar[str] = "camera.calibration"
