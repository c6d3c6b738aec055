"""Power cuts of real file systems: what outbox and journal acknowledged is there afterwards."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.basket.journal import NOTICE_SET_ASIDE, open_journal
from edge.hard_cases.outbox import Outbox
from edge.sqlite_file import SqliteError, open_sqlite
from tests.fakes.loop_disk import LoopDisk, LoopUnavailableError

NUM_CUTS = 8
LIFE_ROWS = 400  # a life of the box ends somewhere among its first so many rows
pytestmark = pytest.mark.loop


@dataclass
class World:
    """What the outside knows to be on the disk."""

    rows: set[int] = field(default_factory=set)
    events: set[int] = field(default_factory=set)
    state: int = 0
    num_lost: int = 0
    num_damaged: int = 0
    num_checked: int = 0


@pytest.fixture(params=["ext4", pytest.param("xfs", marks=pytest.mark.slow)])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LoopDisk]:
    try:
        disk = LoopDisk(tmp_path, request.param)
        disk.mount()
    except LoopUnavailableError as err:
        pytest.skip(f"no loop mount of {request.param}: {err}")
    yield disk
    disk.unmount()


def live_until_the_cut(disk: LoopDisk, world: World, dice: random.Random, synchronous: str) -> None:
    """A box writes; the power goes at a random moment after a random row."""
    first = max(world.rows | world.events, default=0) + 1_000
    box = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.loop_disk_writer", str(disk.place), str(first),
         synchronous],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert box.stdout is not None
    lines = [box.stdout.readline() for _ in range(dice.randint(1, LIFE_ROWS))]
    time.sleep(dice.uniform(0.0, 0.01))
    cut_at_ns = time.monotonic_ns()
    disk.cut()
    box.kill()
    lines += box.stdout.readlines()
    box.stdout.close()
    box.wait()
    for line in lines:
        what, number, at_ns = line.split()
        if int(at_ns) >= cut_at_ns:
            continue  # its fsync raced the cut
        if what == "row":
            world.rows.add(int(number))
        elif what == "event":
            world.events.add(int(number))
        else:
            world.state = int(number)


def look(disk: LoopDisk, world: World) -> None:
    """What is there after the next mount."""
    disk.unmount()
    disk.mount()
    try:
        outbox = Outbox(
            open_sqlite(disk.place / "rows.db"), open_sqlite(disk.place / "pictures.db")
        )
        here = {json.loads(row[0])["n"] for row in outbox._rows.execute("SELECT body FROM row")}
        outbox.close()
    except SqliteError:
        world.num_damaged += 1
        here = set()
    journal = open_journal(disk.place / "lane-1.sqlite", "boot")
    events = {event.at_ns for event in journal.all_events()}
    world.num_damaged += NOTICE_SET_ASIDE in journal.notices
    journal.close()
    state = disk.place / "state.json"
    told = json.loads(state.read_bytes())["n"] if world.state else 0
    world.num_lost += len(world.rows - here) + len(world.events - events) + (told < world.state)
    world.num_checked += len(world.rows) + len(world.events)
    world.rows, world.events = here, events


def count_losses(disk: LoopDisk, num_cuts: int, synchronous: str) -> World:
    world, dice = World(), random.Random(5)
    for _ in range(num_cuts):
        live_until_the_cut(disk, world, dice, synchronous)
        look(disk, world)
    return world


@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_lost_when_a_real_file_system_loses_power(
    disk: LoopDisk, capsys: pytest.CaptureFixture[str]
) -> None:
    world = count_losses(disk, NUM_CUTS, "FULL")
    with capsys.disabled():
        print(  # noqa: T201
            f"\nreal cuts on {disk.kind}: {NUM_CUTS}, rows and events {world.num_checked}, "
            f"lost {world.num_lost}, damaged {world.num_damaged}"
        )
    assert (world.num_lost, world.num_damaged) == (0, 0)


@pytest.mark.timeout(600)
def test_the_same_cuts_without_sync_do_lose_rows_on_a_real_file_system(disk: LoopDisk) -> None:
    world = count_losses(disk, 2, "OFF")
    assert world.num_lost + world.num_damaged > 0
