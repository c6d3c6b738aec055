"""Hours of the day and days of the week at which a promotion holds, by the store's own clock.

Flow: moment, time zone -> does it hold ; moment, time zone -> when to ask again

Hours that end at or before they begin go past midnight and belong to the day on which they began.
No clock of its own: the moment is given.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_MINUTES = 24 * 60
ONE_DAY = timedelta(days=1)
CLOCK_TIME = r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$"  # HH:MM, or empty


@cache
def zone_named(name: str) -> ZoneInfo:
    """A time zone of the IANA list.

    Raises:
        ValueError: this machine knows none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        raise ValueError(f"no time zone {name[:60]!r} on this machine") from err


def is_within(
    moment: datetime, zone: ZoneInfo, weekdays: Collection[int], begin: str, end: str
) -> bool:
    """Whether a moment is on one of the days, and in the hours.

    Args:
        weekdays: 0 is Monday; none means every day.
        begin: HH:MM, inclusive; empty is 00:00.
        end: HH:MM, exclusive; empty is the end of the day.
    """
    local = moment.astimezone(zone)
    minute = 60 * local.hour + local.minute
    first, last = _minutes(begin, 0), _minutes(end, DAY_MINUTES)
    if first < last:
        return first <= minute < last and _is_on(local.date(), weekdays)
    if minute >= first:
        return _is_on(local.date(), weekdays)
    return minute < last and _is_on(local.date() - ONE_DAY, weekdays)


def next_edge(moment: datetime, zone: ZoneInfo, begin: str, end: str) -> datetime:
    """The next moment at which hours of any day begin or end.

    Before a clock is put forward or back it is every half hour: on that day an edge may come twice,
    or not at all.
    """
    local = moment.astimezone(zone)
    edges = [edge for edge in _edges(local.date(), zone, begin, end) if edge > moment]
    if local.utcoffset() != (moment + 2 * ONE_DAY).astimezone(zone).utcoffset():
        known = moment.astimezone(UTC)
        half = known.replace(minute=known.minute // 30 * 30, second=0, microsecond=0)
        edges.append(half + timedelta(minutes=30))
    return min(edges)


def _edges(today: date, zone: ZoneInfo, begin: str, end: str) -> Iterator[datetime]:
    for day in (today, today + ONE_DAY):
        for clock in (begin or "00:00", end or "00:00"):
            at = time(int(clock[:2]), int(clock[3:]), tzinfo=zone)
            yield datetime.combine(day, at).astimezone(UTC)


def _minutes(clock: str, empty: int) -> int:
    return 60 * int(clock[:2]) + int(clock[3:]) if clock else empty


def _is_on(day: date, weekdays: Collection[int]) -> bool:
    return not weekdays or day.weekday() in weekdays
