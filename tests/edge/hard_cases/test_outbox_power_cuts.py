"""Ten thousand power cuts: what `put` acknowledged is there afterwards."""

from datetime import UTC, datetime

import apsw
import pytest

from edge.hard_cases.outbox import Outbox
from tests.fakes.power_cut_disk import PowerCutDisk, PowerCutError

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NUM_CUTS = 10_000
ROUNDS_PER_DISK = 50
# SQLite goes on closing after the first error and meets the dead disk again.
LATE_ERRORS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def open_outbox(disk: PowerCutDisk, synchronous: str) -> tuple[Outbox, list[apsw.Connection]]:
    files = [disk.open(name, synchronous=synchronous) for name in ("rows.db", "pictures.db")]
    return Outbox(files[0], files[1]), files


def use_until_the_cut(disk: PowerCutDisk, outbox: Outbox, here: set[int]) -> None:
    """Put and acknowledge rows; `here` is what the outside world knows to be in the box."""
    dice = disk.random
    for number in range(40):
        if here and dice.random() < 0.3:
            done = dice.sample(sorted(here), k=dice.randint(1, len(here)))
            here.difference_update(done)  # from here on either outcome is right
            outbox.acknowledge(done)
        elif dice.random() < 0.4:
            last = outbox.put_many("telemetry", [{"n": number}] * 5, now=NOW)
            here.update(range(last - 4, last + 1))
        else:
            picture = [dice.randbytes(1500)] if dice.random() < 0.3 else []
            here.add(outbox.put("case", {"n": number}, now=NOW, pictures=picture))


def count_losses(num_cuts: int, synchronous: str, seed: int) -> tuple[int, int]:
    """How many acknowledged rows were lost, and how often the file was damaged."""
    num_lost = num_damaged = 0
    for start in range(0, num_cuts, ROUNDS_PER_DISK):
        disk = PowerCutDisk(seed + start)
        here: set[int] = set()
        for _ in range(min(ROUNDS_PER_DISK, num_cuts - start)):
            files: list[apsw.Connection] = []
            disk.cuts_in = disk.random.randint(1, 60)
            try:
                outbox, files = open_outbox(disk, synchronous)
                use_until_the_cut(disk, outbox, here)
            except (PowerCutError, apsw.Error):
                pass
            except TypeError:  # a damaged row reads as nothing
                num_damaged += 1
                break
            disk.lose_power()
            try:
                outbox, files = open_outbox(disk, synchronous)
                found = {row[0] for row in files[0].execute("SELECT seq FROM row")}
            except apsw.Error:
                num_damaged += 1
                break
            num_lost += len(here - found)
            here = set(found)
    return num_lost, num_damaged


@LATE_ERRORS
def test_ten_thousand_power_cuts_lose_nothing_that_was_acknowledged() -> None:
    assert count_losses(NUM_CUTS, "FULL", seed=1) == (0, 0)


@LATE_ERRORS
def test_the_same_cuts_without_sync_do_lose_rows() -> None:
    num_lost, num_damaged = count_losses(300, "OFF", seed=1)
    assert num_lost + num_damaged > 0
