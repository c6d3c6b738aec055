"""When a process is hung, and how long to wait before it is started again.

Pure: time is an argument. A process is always started again; the pause grows with every early
death up to a cap, so a crash loop costs little and ends by itself when its cause ends.
"""

from dataclasses import dataclass, replace

NS = 1_000_000_000
FIRST_PAUSE_S = 0.1  # a single death must not be seen at the counter
START_GRACE_S = 30.0  # until the first beat: imports on a cold disk


@dataclass(frozen=True, slots=True)
class Deaths:
    """What the supervisor remembers about one process.

    Attributes:
        in_a_row: deaths without a stable life between them.
        total: since the supervisor started.
    """

    in_a_row: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Seconds; see `SupervisorKnobs`."""

    cap_s: float = 10.0
    stable_after_s: float = 10.0

    def after_death(self, deaths: Deaths, lived_ns: int) -> Deaths:
        """One more death; a long life before it forgives the earlier ones."""
        in_a_row = 1 if lived_ns >= self.stable_after_s * NS else deaths.in_a_row + 1
        return replace(deaths, in_a_row=in_a_row, total=deaths.total + 1)

    def pause_s(self, deaths: Deaths) -> float:
        """How long to wait before the next start: doubles, never above the cap, never for ever."""
        if deaths.in_a_row == 0:
            return 0.0
        # 2 ** 30 is far above every cap; without the bound a week of deaths overflows the float.
        return min(self.cap_s, FIRST_PAUSE_S * 2.0 ** min(deaths.in_a_row - 1, 30))


def is_hung(now_ns: int, started_ns: int, beat_ns: int, watchdog_s: float) -> bool:
    """Whether a running process has shown no sign of life for too long.

    Args:
        beat_ns: its last beat; one from before its start counts as none.
    """
    if beat_ns < started_ns:
        return now_ns - started_ns > max(watchdog_s, START_GRACE_S) * NS
    return now_ns - beat_ns > watchdog_s * NS
