"""Which frames of several cameras show the same moment.

Flow: FrameStamps -> FrameSet

Pure: no clock, no waiting. Cameras are not synchronised; the pairing window says how far apart two
frames may be and still count as one moment. A camera that is late or dead is left out and named.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

# Per camera: at 15 fps about one second, far more than the lag that is waited for.
HISTORY_LENGTH = 16
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class PairingPolicy:
    """What counts as one moment.

    Attributes:
        window_ms: a frame belongs to a moment if it is at most so far from it. Unsynchronised
            15 fps cameras are up to 33 ms from the nearest frame, and up to 100 ms of skew.
        late_ms: a camera whose newest frame is older than this is not waited for.
        dead_ms: a camera without any frame for so long is dead.
    """

    window_ms: int = 100
    late_ms: int = 250
    dead_ms: int = 2_000


@dataclass(frozen=True, slots=True)
class FrameStamp:
    """One frame, without its pixels."""

    camera_id: str
    sequence: int
    captured_at_ns: int


@dataclass(frozen=True, slots=True)
class FrameSet:
    """One moment: the frame nearest to it of each camera that has one inside the window.

    Attributes:
        at_ns: the moment.
        stamps: by camera.
        late: cameras left out because they lag behind or have no frame inside the window.
        dead: cameras without any frame for `dead_ms`, or that never had one.
    """

    at_ns: int
    stamps: Mapping[str, FrameStamp]
    late: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Every camera is in."""
        return not self.late and not self.dead

    @property
    def spread_ns(self) -> int:
        """Between its oldest and its newest frame."""
        times = [stamp.captured_at_ns for stamp in self.stamps.values()]
        return max(times) - min(times)


def frame_set(
    history: Mapping[str, Sequence[FrameStamp]], now_ns: int, policy: PairingPolicy
) -> FrameSet | None:
    """The newest moment for which every camera that keeps up has a frame; None without any.

    Args:
        history: per camera the last frames, oldest first; an empty one is a camera never seen.
    """
    newest = {name: stamps[-1].captured_at_ns for name, stamps in history.items() if stamps}
    alive = {n: at for n, at in newest.items() if now_ns - at <= policy.dead_ms * _NS_PER_MS}
    if not alive:
        return None
    keeps_up = {n: at for n, at in alive.items() if now_ns - at <= policy.late_ms * _NS_PER_MS}
    at_ns = min(keeps_up.values()) if keeps_up else max(alive.values())
    chosen = {name: _nearest(history[name], at_ns) for name in alive}
    window_ns = policy.window_ms * _NS_PER_MS
    stamps = {n: s for n, s in chosen.items() if abs(s.captured_at_ns - at_ns) <= window_ns}
    return FrameSet(
        at_ns,
        stamps,
        late=tuple(sorted(alive.keys() - stamps.keys())),
        dead=tuple(sorted(history.keys() - alive.keys())),
    )


@dataclass
class FramePairer:
    """Keeps the short history that `frame_set` needs, and gives each moment once."""

    camera_ids: Iterable[str]
    policy: PairingPolicy = field(default_factory=PairingPolicy)

    def __post_init__(self) -> None:
        self._history = {
            name: deque[FrameStamp](maxlen=HISTORY_LENGTH) for name in sorted(self.camera_ids)
        }
        self._last: dict[str, FrameStamp] = {}

    def push(self, stamp: FrameStamp) -> None:
        """A camera has a new frame. Frames older than its newest are ignored."""
        frames = self._history[stamp.camera_id]
        if not frames or stamp.captured_at_ns > frames[-1].captured_at_ns:
            frames.append(stamp)

    def take(self, now_ns: int) -> FrameSet | None:
        """The newest moment, or None if its frames have all been given already."""
        found = frame_set(self._lists(), now_ns, self.policy)
        if found is None or found.stamps == self._last:
            return None
        self._last = dict(found.stamps)
        return found

    def _lists(self) -> dict[str, list[FrameStamp]]:
        return {name: list(frames) for name, frames in self._history.items()}


def _nearest(stamps: Sequence[FrameStamp], at_ns: int) -> FrameStamp:
    return min(stamps, key=lambda stamp: abs(stamp.captured_at_ns - at_ns))
