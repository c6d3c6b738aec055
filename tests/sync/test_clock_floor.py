"""Which time is believed: dead batteries, jumps, lying hubs and thieves of the timestamp key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.clock_floor import ClockFloor, trusted_time

BUILD = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
ROOT_EXPIRY = NOW + timedelta(days=700)
DAY = timedelta(days=1)


Y1970, Y1971, Y2038, Y2050 = (datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 1971, 2038, 2050))
DRAWER = BUILD + 390 * DAY
Case = tuple[datetime, datetime | None, datetime, str, bool]

# fmt: off
CLOCKS: dict[str, Case] = {
    #  case                   system clock, hub's Date, believed, source, doubtful
    "good clock":            (NOW, None, NOW, "system", False),
    "good clock, lying hub": (NOW, Y2050, NOW, "system", False),
    "1970, no hub":          (Y1970, None, BUILD, "floor", False),
    "1970, hub knows":       (Y1970, NOW, NOW, "hub", False),
    "1970, hub says 2050":   (Y1970, Y2050, BUILD, "floor", False),
    "1970, hub says 1971":   (Y1970, Y1971, BUILD, "floor", False),
    "a day behind":          (BUILD - DAY, None, BUILD, "floor", False),
    "a year in a drawer":    (DRAWER, None, DRAWER, "system", False),
    "2038, no hub":          (Y2038, None, Y2038, "system", True),
    "2050, no hub":          (Y2050, None, Y2050, "system", True),
    "2050, hub knows":       (Y2050, NOW, NOW, "hub", False),
    "2050, hub agrees":      (Y2050, Y2050 + DAY / 9, Y2050, "system", False),
    "2050, hub says 1970":   (Y2050, Y1970, BUILD, "hub", False),
}
# fmt: on


@pytest.mark.parametrize(
    ("system", "hub", "believed", "source", "doubtful"), CLOCKS.values(), ids=CLOCKS.keys()
)
def test_the_believed_time(
    system: datetime, hub: datetime | None, believed: datetime, source: str, doubtful: bool
) -> None:
    found = trusted_time(system, BUILD, hub)
    assert (found.moment, found.source, found.is_doubtful) == (believed, source, doubtful)


def test_the_floor_never_sinks_and_survives_a_restart(tmp_path: Path) -> None:
    floor = ClockFloor(tmp_path / "floor.json", BUILD)
    floor.raise_to(NOW, ceiling=ROOT_EXPIRY)
    floor.raise_to(NOW - DAY, ceiling=ROOT_EXPIRY)
    assert ClockFloor(tmp_path / "floor.json", BUILD).moment == NOW


def test_the_floor_is_written_at_most_every_ten_minutes(tmp_path: Path) -> None:
    written: list[str] = []
    floor = ClockFloor(tmp_path / "floor.json", BUILD, at_step=written.append)
    for minute in range(61):
        floor.raise_to(NOW + timedelta(minutes=minute), ceiling=ROOT_EXPIRY)
    assert written.count("renamed") == 7


def test_a_stolen_timestamp_key_cannot_lift_the_floor_past_the_root(tmp_path: Path) -> None:
    floor = ClockFloor(tmp_path / "floor.json", BUILD)
    floor.raise_to(datetime(2050, 1, 1, tzinfo=UTC), ceiling=ROOT_EXPIRY)
    assert floor.moment < ROOT_EXPIRY


@pytest.mark.parametrize("text", ["", "{", '{"floor": 7}', '{"floor": "2026-11-21"}', "[]"])
def test_a_damaged_floor_file_falls_back_to_the_build_time(tmp_path: Path, text: str) -> None:
    (tmp_path / "floor.json").write_text(text)
    assert ClockFloor(tmp_path / "floor.json", BUILD).moment == BUILD


def test_a_younger_package_lifts_the_floor(tmp_path: Path) -> None:
    ClockFloor(tmp_path / "floor.json", BUILD)
    assert ClockFloor(tmp_path / "floor.json", NOW).moment == NOW
