"""How good the connection to one camera is: 0 to 1, and a word for it.

Pure but for a bounded memory of the last minute; time is an argument. The score is computed when
asked, so a camera that has gone silent cannot keep reading "excellent". It says nothing about the
picture itself: that is condition.py.
"""

from collections import deque
from dataclasses import dataclass

from cameras.frame import QualityGrade

WINDOW_NS = 60 * 1_000_000_000
SHORT_WINDOW_NS = 5 * 1_000_000_000
# Without a picture for so long nothing can be sold by this camera.
DEAD_NS = 5 * 1_000_000_000
# A gap is longer than this many frame intervals, and never shorter than 250 ms.
GAP_INTERVALS = 3.0
MIN_GAP_NS = 250_000_000
GAP_COST = 0.03
RECONNECT_COST = 0.15
EXCELLENT_FROM = 0.9
FAIR_FROM = 0.6
POOR_FROM = 0.25


@dataclass(frozen=True, slots=True)
class ConnectionQuality:
    """fps over the last 5 s; gaps and reconnects over the last 60 s; score in [0, 1]."""

    score: float
    grade: QualityGrade
    fps: float
    num_gaps: int
    num_reconnects: int


def quality_of(
    fps: float, wanted_fps: float, num_gaps: int, num_reconnects: int, silent_ns: int
) -> ConnectionQuality:
    """Score: share of the rate asked for, less a cost per gap and per reconnect."""
    share = min(1.0, fps / wanted_fps) if wanted_fps > 0 else 0.0
    score = share - GAP_COST * num_gaps - RECONNECT_COST * num_reconnects
    if silent_ns > DEAD_NS:
        score = 0.0
    score = max(0.0, score)
    return ConnectionQuality(score, _grade(score), fps, num_gaps, num_reconnects)


class QualityMeter:
    """Counts frames, gaps and reconnects of one camera."""

    def __init__(self, wanted_fps: float) -> None:
        self._wanted_fps = wanted_fps
        self._gap_ns = max(MIN_GAP_NS, int(GAP_INTERVALS * 1e9 / wanted_fps))
        self._frames: deque[int] = deque()
        self._gaps: deque[int] = deque()
        self._reconnects: deque[int] = deque()
        self._first_ns: int | None = None
        self._last_ns: int | None = None

    def frame_arrived(self, now_ns: int) -> None:
        """A picture came."""
        if self._last_ns is not None and now_ns - self._last_ns > self._gap_ns:
            self._gaps.append(now_ns)
        if self._first_ns is None:
            self._first_ns = now_ns
        self._last_ns = now_ns
        self._frames.append(now_ns)
        self._forget(now_ns)

    def reconnected(self, now_ns: int) -> None:
        """The connection was lost and made again; the silence between is not also a gap."""
        self._reconnects.append(now_ns)
        self._last_ns = None

    def quality(self, now_ns: int) -> ConnectionQuality:
        """As of now."""
        self._forget(now_ns)
        silent_ns = DEAD_NS + 1 if not self._frames else now_ns - self._frames[-1]
        return quality_of(
            self._fps(now_ns), self._wanted_fps, len(self._gaps), len(self._reconnects), silent_ns
        )

    def _fps(self, now_ns: int) -> float:
        if self._first_ns is None:
            return 0.0
        since_ns = max(self._first_ns, now_ns - SHORT_WINDOW_NS)
        span_s = (now_ns - since_ns) / 1e9
        recent = sum(1 for at_ns in self._frames if at_ns > since_ns)
        # Right after the first picture there is no rate yet; one interval stands in for it.
        return recent / max(span_s, 1.0 / self._wanted_fps) if recent else 0.0

    def _forget(self, now_ns: int) -> None:
        while self._frames and now_ns - self._frames[0] > SHORT_WINDOW_NS:
            self._frames.popleft()
        for events in (self._gaps, self._reconnects):
            while events and now_ns - events[0] > WINDOW_NS:
                events.popleft()


def _grade(score: float) -> QualityGrade:
    if score >= EXCELLENT_FROM:
        return "excellent"
    if score >= FAIR_FROM:
        return "fair"
    return "poor" if score >= POOR_FROM else "unusable"
