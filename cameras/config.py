"""One camera's settings: checked once, frozen, its password in no repr, log line or error.

Reading a TOML file is the caller's; this module only says which values are possible.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from cameras.address import CameraAddress, parse_address
from cameras.errors import CameraConfigError

Point = tuple[int, int]

MIN_SIDE_PX = 64
MAX_SIDE_PX = 7_680
MAX_FPS = 120.0
DEFAULT_FPS = 15.0
DEFAULT_CONNECT_TIMEOUT_S = 2.0
# A silent stream is given up after this; closing it takes as long again (TEARDOWN gets no answer).
DEFAULT_READ_TIMEOUT_S = 1.5
# Byte-equal pictures can be real for one GOP of a "smart" codec (up to 10 s), never for 20 s.
DEFAULT_IDENTICAL_LIMIT_S = 20.0

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """Settings of one camera.

    Attributes:
        url: see `cameras.address.ALLOWED_FORMS`; `safe_url` is the one to show.
        width, height: size the box works in; other sizes are resized to it. None: the first seen.
        fps: rate asked for; connection quality is measured against it.
        counter_region: polygon on the counter in pixels, at least 3 points; empty: whole picture.
        calibration_path: file written by `edgectl calibrate`; None: not calibrated.
        connect_timeout_s: for connecting and for each answer of the probe.
        read_timeout_s: without a picture for so long (and two frame intervals) a stream is frozen.
        identical_limit_s: byte-equal pictures for this long count as frozen; 0 switches it off.
        tls_ca_path: CA that signed the camera's certificate (rtsps); None: the system's.
        is_tls_verified: False accepts any certificate (rtsps).
    """

    camera_id: str
    lane_id: str
    url: str = field(repr=False)
    width: int | None = None
    height: int | None = None
    fps: float = DEFAULT_FPS
    counter_region: tuple[Point, ...] = ()
    calibration_path: Path | None = None
    connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S
    read_timeout_s: float = DEFAULT_READ_TIMEOUT_S
    identical_limit_s: float = DEFAULT_IDENTICAL_LIMIT_S
    tls_ca_path: Path | None = None
    is_tls_verified: bool = True

    def __post_init__(self) -> None:
        _check_id("camera_id", self.camera_id)
        _check_id("lane_id", self.lane_id)
        parse_address(self.url)
        self._check_size()
        _check_range("fps", self.fps, 0.1, MAX_FPS)
        _check_range("connect_timeout_s", self.connect_timeout_s, 0.1, 30.0)
        _check_range("read_timeout_s", self.read_timeout_s, 0.1, 30.0)
        if self.identical_limit_s != 0:
            _check_range("identical_limit_s", self.identical_limit_s, 1.0, 3_600.0)
        self._check_region()

    @property
    def address(self) -> CameraAddress:
        """The parsed url."""
        return parse_address(self.url)

    @property
    def safe_url(self) -> str:
        """The url without user name and password."""
        return self.address.safe_url

    @property
    def silence_limit_s(self) -> float:
        """`read_timeout_s`, but never less than two frame intervals."""
        return max(self.read_timeout_s, 2.0 / self.fps)

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Width and height if they are set."""
        return None if self.width is None or self.height is None else (self.width, self.height)

    def _check_size(self) -> None:
        if (self.width is None) != (self.height is None):
            missing = "width" if self.width is None else "height"
            raise CameraConfigError(missing, None, "both of width and height, or neither")
        for key, side in (("width", self.width), ("height", self.height)):
            if side is not None:
                _check_range(key, side, MIN_SIDE_PX, MAX_SIDE_PX)

    def _check_region(self) -> None:
        region, size = self.counter_region, self.size_px
        if region and len(region) < 3:
            raise CameraConfigError("counter_region", region, "at least 3 points [x, y]")
        right, bottom = size or (MAX_SIDE_PX, MAX_SIDE_PX)
        for x, y in region:
            if not (0 <= x <= right and 0 <= y <= bottom):
                raise CameraConfigError(
                    "counter_region", (x, y), f"x from 0 to {right} and y from 0 to {bottom}"
                )


def rectangle_region(x1: int, y1: int, x2: int, y2: int) -> tuple[Point, ...]:
    """A rectangle as a counter region."""
    if not (x1 < x2 and y1 < y2):
        raise CameraConfigError("counter_region", (x1, y1, x2, y2), "x1 < x2 and y1 < y2")
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def _check_id(key: str, value: str) -> None:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise CameraConfigError(key, value, "1 to 32 letters, digits, - and _")


def _check_range(key: str, value: float, least: float, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        raise CameraConfigError(key, value, f"a number from {least:g} to {most:g}")
