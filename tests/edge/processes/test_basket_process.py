"""A sale that cannot be recorded is refused where everybody sees it, and nothing is lost."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.messages.basket_messages import Phase
from edge.messages.command_messages import Command, Finish
from edge.processes.basket_process import LaneKeeper
from edge.processes.worker import Work
from tests.edge.processes.lane_fixture import LANE, make_work, observed

NS = 1_000_000_000
NUM_FRAMES = 12


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    work = make_work(tmp_path, "basket", LANE)
    yield work
    work.close()


@pytest.fixture
def full_disk() -> Iterator["FullDisk"]:
    disk = FullDisk()
    yield disk
    disk.free()


class FullDisk:
    """No file of this process may grow, as on a full disk."""

    def __init__(self) -> None:
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, self._limits[1]))

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)


def _show(keeper: LaneKeeper, *sku_ids: str) -> None:
    for sequence in range(NUM_FRAMES):
        keeper.observe(observed(sequence, *sku_ids))
        keeper.tick()


def _lines(keeper: LaneKeeper) -> list[str]:
    return [line.sku_id for line in keeper.counter.snapshot(NS).lines]


def _phase(keeper: LaneKeeper) -> Phase:
    return keeper.counter.snapshot(NS).phase


def test_an_item_becomes_a_line_and_survives_the_process(work: Work) -> None:
    keeper = LaneKeeper(work)
    keeper.prepare(NS)
    _show(keeper, "milk")
    assert _lines(keeper) == ["milk"]
    before = keeper.counter.snapshot(NS)
    keeper.close()  # nothing is written on the way out
    again = LaneKeeper(work)
    again.prepare(NS)
    after = again.counter.snapshot(NS)
    assert (after.basket_id, after.revision, after.lines) == (
        before.basket_id,
        before.revision,
        before.lines,
    )
    again.close()


def test_a_disk_that_fills_refuses_the_sale_and_recovers(work: Work, full_disk: FullDisk) -> None:
    keeper = LaneKeeper(work)
    keeper.prepare(NS)
    _show(keeper, "milk")
    full_disk.fill()
    _show(keeper, "milk", "cola")
    assert _phase(keeper) is Phase.REFUSED
    assert "journal.unwritable" in keeper.counter.snapshot(NS).notices
    assert _lines(keeper) == ["milk"]
    refused = keeper.carry_out(Command(LANE, "c1", Finish()))
    assert (refused.is_done, refused.code) == (False, "journal.unwritable")
    keeper.prepare(10**18)
    assert _phase(keeper) is Phase.REFUSED
    full_disk.free()
    keeper.prepare(2 * 10**18)
    _show(keeper, "milk", "cola")
    assert _phase(keeper) is Phase.SHOPPING
    assert _lines(keeper) == ["milk", "cola"]
    assert keeper.carry_out(Command(LANE, "c1", Finish())).is_done
    keeper.close()


def test_a_command_whose_events_cannot_be_written_is_not_done(
    work: Work, full_disk: FullDisk
) -> None:
    keeper = LaneKeeper(work)
    keeper.prepare(NS)
    _show(keeper, "milk")
    full_disk.fill()
    reply = keeper.carry_out(Command(LANE, "c1", Finish()))
    assert (reply.is_done, reply.code) == (False, "journal.unwritable")
    full_disk.free()
    keeper.close()


def test_a_journal_that_cannot_be_opened_is_tried_again(work: Work) -> None:
    state_dir = work.config.paths.state_dir
    state_dir.write_text("a file where a folder should be")
    keeper = LaneKeeper(work)
    keeper.prepare(NS)
    _show(keeper, "milk")
    assert _phase(keeper) is Phase.REFUSED
    assert _lines(keeper) == []
    state_dir.unlink()
    keeper.prepare(3 * NS)
    _show(keeper, "milk")
    assert _lines(keeper) == ["milk"]
    keeper.close()


def test_a_bundle_that_is_not_whole_keeps_the_basket_on_the_screen_and_sells_nothing(
    work: Work,
) -> None:
    keeper = LaneKeeper(work)
    keeper.prepare(NS)
    _show(keeper, "milk")
    keeper.close()
    catalog = work.config.paths.serving_bundle / "catalog.json"
    whole = catalog.read_text()
    catalog.write_text(whole + " ")
    again = LaneKeeper(work)
    again.prepare(NS)
    _show(again, "milk", "cola")
    assert _lines(again) == ["milk"]
    assert _phase(again) is Phase.REFUSED
    assert not again.carry_out(Command(LANE, "c1", Finish())).is_done
    catalog.write_text(whole)
    again.prepare(3 * NS)
    _show(again, "milk", "cola")
    assert _lines(again) == ["milk", "cola"]
    again.close()


def test_what_failed_is_tried_once_per_second_at_most(work: Work) -> None:
    catalog = work.config.paths.serving_bundle / "catalog.json"
    whole = catalog.read_text()
    catalog.unlink()
    keeper = LaneKeeper(work)
    keeper.prepare(10 * NS)
    catalog.write_text(whole)
    keeper.prepare(10 * NS + NS // 2)
    assert not keeper.is_open
    keeper.prepare(11 * NS)
    assert keeper.is_open
    keeper.close()
