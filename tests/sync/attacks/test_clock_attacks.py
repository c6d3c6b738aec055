"""What a wrong clock may and may not do to updates: no stale install, no lock-out."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.errors import SyncError
from sync.transport_errors import ClockError
from sync.update_errors import ExpiredError, StaleError
from sync.update_state import Freshness
from tests.fakes.update_world import World

YEAR_1970 = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_2050 = datetime(2050, 1, 1, tzinfo=UTC)


def test_a_clock_of_1970_does_not_make_old_metadata_fresh(world: World) -> None:
    world.check()
    world.repository.signed["timestamp"].expires = world.now - timedelta(days=2)
    world.repository.serve_tops()
    with pytest.raises(ExpiredError):
        world.box.updates.check(YEAR_1970)


def test_a_clock_of_1970_still_takes_the_honest_update(world: World) -> None:
    offer = world.box.updates.check(YEAR_1970)
    assert offer.bundle_id == world.bundle_b
    assert offer.clock_source == "floor"


def test_a_clock_of_2050_is_blamed_on_the_clock(world: World) -> None:
    with pytest.raises(ClockError) as caught:
        world.box.updates.check(YEAR_2050)
    assert "clock" in caught.value.hint


def test_a_clock_of_2050_does_no_harm_once_the_hub_says_its_date(world: World) -> None:
    world.box.hub_date = world.now + timedelta(minutes=1)
    offer = world.box.updates.check(YEAR_2050)
    assert offer.bundle_id == world.bundle_b
    assert offer.clock_source == "hub"


def test_a_clock_that_jumped_to_2050_and_back_locks_nothing_out(world: World) -> None:
    with pytest.raises(SyncError):
        world.box.updates.check(YEAR_2050)
    assert world.check().bundle_id == world.bundle_b


def test_a_lying_date_does_not_lock_the_box_out(world: World) -> None:
    world.box.hub_date = YEAR_2050
    world.check()
    world.box.restarted()
    world.box.hub_date = None
    world.repository.now = world.now + timedelta(days=1)
    world.repository.publish("assign")
    with pytest.raises(ExpiredError):
        world.check(1)
    for role in ("timestamp", "snapshot", "targets", "bundles", "assign", "catalogue"):
        world.repository.signed[role].expires = world.now + timedelta(days=400)
    for role in world.repository.signed:
        world.repository.signed[role].expires = world.now + timedelta(days=400)
    world.repository.rotate_root()
    world.repository.publish(*(r for r in world.repository.signed if r not in TOPS))
    assert world.check(1).bundle_id == world.bundle_b


TOPS = ("root", "snapshot", "timestamp")


def test_freshness_gates_installs_and_never_serving(world: World) -> None:
    world.check()
    updates = world.box.updates
    assert updates.freshness(world.now + timedelta(days=13)) is Freshness.FRESH
    assert updates.freshness(world.now + timedelta(days=15)) is Freshness.STALE
    assert updates.freshness(world.now + timedelta(days=29)) is Freshness.LONG_OFFLINE
    updates.require_fresh(world.now + timedelta(days=13))
    with pytest.raises(StaleError):
        updates.require_fresh(world.now + timedelta(days=15))
    world.verify_serving()


def test_three_weeks_offline_cost_three_requests(world: World) -> None:
    world.check()
    world.repository.now = world.now + timedelta(days=21)
    for role in ("timestamp", "snapshot"):
        world.repository.signed[role].expires = world.now + timedelta(days=35)
    world.repository.serve_tops()
    world.box.fetcher.asked.clear()
    assert world.check(21).bundle_id == world.bundle_b
    assert len(world.box.fetcher.asked) == 3


def test_a_box_that_never_heard_a_hub_is_long_offline(world: World) -> None:
    (world.box.folder / "updates" / "update_state.json").unlink()
    assert world.box.restarted().freshness(world.now) is Freshness.LONG_OFFLINE
