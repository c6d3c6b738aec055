"""A clock that only moves when it is told to, or when somebody sleeps on it."""

from datetime import UTC, datetime, timedelta

BOOT = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """Implements cameras.capture_clock.Clock."""

    def __init__(self, now_s: float = 1_000.0) -> None:
        self.now_ns = round(now_s * 1e9)
        self.wall_jump = timedelta()
        self.slept_s: list[float] = []

    def monotonic_ns(self) -> int:
        return self.now_ns

    def utc_now(self) -> datetime:
        return BOOT + timedelta(microseconds=self.now_ns // 1_000) + self.wall_jump

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.slept_s.append(seconds)
            self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)
