"""Which time dates are judged by, when the box's own clock may be dead.

Flow: system clock + floor -> TrustedTime

A box whose battery is empty starts in 1970 and would accept any expired metadata; one that jumps to
2050 would refuse all. The floor is the latest moment that certainly has passed: build time, the
hub's Date over TLS, and the signing time of verified metadata. It is kept on disk and never sinks.
It says nothing about durations; those are monotonic.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sync.durable_file import AtStep, ignore_step, write_durably

ClockSource = Literal["system", "floor", "hub"]

PERSIST_EVERY = timedelta(minutes=10)  # flash wear: at most 144 small writes a day
SUSPICIOUS_AHEAD = timedelta(days=400)  # a box may lie in a drawer for a year
MAX_HUB_STEP = timedelta(days=400)  # a lying hub cannot lift the floor further at once


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """The time to judge dates by and where it comes from.

    Attributes:
        is_doubtful: the system clock is more than 400 days ahead of all that is known, and no hub
            has confirmed it.
    """

    moment: datetime
    source: ClockSource
    is_doubtful: bool = False


def trusted_time(now: datetime, floor: datetime, hub_date: datetime | None = None) -> TrustedTime:
    """Judge the system clock by the floor and, where it is far ahead, by the hub's Date."""
    if now < floor:
        if hub_date is not None and floor < hub_date <= floor + MAX_HUB_STEP:
            return TrustedTime(hub_date, "hub")
        return TrustedTime(floor, "floor")
    if now <= floor + SUSPICIOUS_AHEAD:
        return TrustedTime(now, "system")
    if hub_date is None:
        return TrustedTime(now, "system", is_doubtful=True)
    if abs(hub_date - now) <= timedelta(days=1):
        return TrustedTime(now, "system")
    return TrustedTime(max(floor, hub_date), "hub")


class ClockFloor:
    """The floor and its file; one process owns it."""

    def __init__(self, path: Path, build_time: datetime, *, at_step: AtStep = ignore_step) -> None:
        self._path = path
        self._at_step = at_step
        self._persisted = max(_read(path), build_time)
        self._floor = self._persisted

    @property
    def moment(self) -> datetime:
        """No earlier than this can it be."""
        return self._floor

    def raise_to(self, moment: datetime, *, ceiling: datetime) -> None:
        """Lift the floor; it is written once it has moved ten minutes.

        Args:
            moment: has certainly passed.
            ceiling: the trusted root's expiry. A stolen timestamp key or a lying hub cannot lift
                the floor to where no root is valid any more.
        """
        self._floor = max(self._floor, min(moment, ceiling - timedelta(seconds=1)))
        if self._floor - self._persisted >= PERSIST_EVERY:
            text = json.dumps({"floor": self._floor.isoformat()})
            write_durably(self._path, text.encode(), at_step=self._at_step)
            self._persisted = self._floor


def _read(path: Path) -> datetime:
    """The floor on disk, or the beginning of time: what a damaged file loses is learned anew."""
    beginning = datetime(1970, 1, 1, tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(json.loads(path.read_text())["floor"])
    except (OSError, ValueError, KeyError, TypeError):
        return beginning
    return moment if moment.tzinfo is not None else beginning
