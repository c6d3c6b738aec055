"""The power goes at any write of install and swap: the row is one of those that were written."""

import json
import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import apsw
import pytest

from edge.bundles import state as transitions
from edge.bundles.evidence import PairedCounts
from edge.bundles.state import BundlePhase, BundleState
from edge.bundles.swap import ProbationExit, ProbationFacts, judge_probation
from edge.processes import bundle_keeper
from edge.processes.hub_road import slot_of
from edge.processes.serving_bundle import pointer_path
from sync.bundle import open_bundle
from sync.durable_file import write_if_changed
from sync.swap_policy import SwapPolicy
from tests.edge.processes.bundle_shop import Shop
from tests.fakes.power_cut_disk import PowerCutDisk, PowerCutError

GOOD = {"factory", "old", "new"}
NUM_CUTS = 400
MOST_STEPS = 60
# SQLite goes on closing after the first error and meets the dead disk again.
LATE_ERRORS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Row:
    """The state row on a disk that may lose power: the statements and settings of state.py.

    state.py itself opens its file through sqlite-utils, which knows no other VFS.
    """

    def __init__(self, disk: PowerCutDisk, synchronous: str = "FULL") -> None:
        self._connection = disk.open("state.db", synchronous=synchronous)
        self._connection.execute("CREATE TABLE IF NOT EXISTS state (id INTEGER, body TEXT)")
        if not self._connection.execute("SELECT 1 FROM state").fetchall():
            first = BundleState(active="factory", factory="factory")
            body = json.dumps(asdict(first))
            self._connection.execute("INSERT INTO state VALUES (1, ?)", (body,))

    def write(self, state: BundleState) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        body = json.dumps(asdict(state))
        self._connection.execute("UPDATE state SET body = ? WHERE id = 1", (body,))
        self._connection.execute("COMMIT")

    def read(self) -> BundleState:
        (text,) = self._connection.execute("SELECT body FROM state").fetchall()[0]
        body = json.loads(text)
        return BundleState(**{**body, "phase": BundlePhase(body["phase"])})


def life(row: Row, dice: random.Random, written: list[BundleState]) -> None:
    """Bundles come, are shadowed, promoted, confirmed or rolled back; every step is written."""
    state = row.read()
    written.append(state)
    for generation in range(state.generation + 1, state.generation + 30):
        if state.phase is not BundlePhase.PROBATION:
            name = dice.choice(sorted(GOOD - {state.active}))
            state = transitions.stage(state, name, generation)
            written.append(state)
            row.write(state)
            state = transitions.promote(state, "boot")
            written.append(state)
            row.write(state)
        step = dice.choice((transitions.confirm, lambda s: transitions.roll_back(s, "died")))
        state = step(state)
        written.append(state)
        row.write(state)


def cut_after(
    num_writes: int, seed: int, synchronous: str
) -> tuple[BundleState, list[BundleState]]:
    """What is on disk after a cut, and everything that was handed to the disk before it."""
    disk, written = PowerCutDisk(seed), list[BundleState]()
    row = Row(disk, synchronous)
    row.write(row.read())  # the file has a name on the platter
    disk.cuts_in = num_writes
    with suppress(PowerCutError, apsw.Error):
        life(row, random.Random(seed), written)
    disk.lose_power()
    return Row(disk, synchronous).read(), written


@LATE_ERRORS
def test_after_any_cut_the_row_names_a_good_bundle_and_nothing_acknowledged_is_lost() -> None:
    for seed in range(NUM_CUTS):
        found, written = cut_after(seed % 97, seed, "FULL")
        assert found.active in GOOD
        # The last one may or may not have made it; the one before it was acknowledged.
        assert found in written[-2:], (seed, found, written[-2:])


@LATE_ERRORS
def test_without_syncing_the_test_would_notice() -> None:
    lost = 0
    for seed in range(100):
        try:
            found, written = cut_after(seed % 97, seed, "OFF")
        except (apsw.Error, TypeError, ValueError, IndexError):  # the row is damaged
            lost += 1
            continue
        lost += found not in written[-2:]
    assert lost > 0


def test_fifty_power_cycles_of_a_good_bundle_cause_no_rollback(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.swap()
    for number in range(50):
        shop.keeper.on_death()  # perception dies with the machine
        keeper = shop.reopen(boot_id=f"boot-{number}")
        shop.step()
        assert keeper.state.active == shop.new.bundle_id
    assert shop.keeper.report(0).quarantined == {}
    shop.keeper.close()


@pytest.mark.parametrize("deaths", [0, 1, 2, 3])
def test_it_rolls_back_before_the_third_restart_and_not_before_the_second(deaths: int) -> None:
    verdict = judge_probation(ProbationFacts(1, deaths, 0.0, 1.0, PairedCounts()), SwapPolicy())
    expected = ProbationExit.ROLL_BACK if deaths >= 2 else ProbationExit.WATCH
    assert verdict.exit is expected


class Dying:
    """Counts the steps of whatever it wraps and ends the process before or after one of them."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def around(self, function: Callable[..., object]) -> Callable[..., object]:
        def call(*words: object, **named: object) -> object:
            self._tick()
            done = function(*words, **named)
            self._tick()
            return done

        return call

    def _tick(self) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def die_in_a_swap(folder: Path, at: int) -> bool:
    """A child that stages, swaps, confirms and rolls back, killed at its `at`-th step."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    shop, dying = Shop(folder), Dying(at)
    file = shop.keeper._file
    file._execute = dying.around(file._execute)  # type: ignore[method-assign]
    bundle_keeper.write_if_changed = dying.around(write_if_changed)  # type: ignore[assignment]
    shop.swap()
    shop.keeper.on_basket()
    shop.keeper.roll_back("by hand")
    os._exit(0)


def test_kill_9_at_every_step_of_a_swap_boots_into_a_whole_bundle(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    for at in range(1, MOST_STEPS):
        folder = tmp_path_factory.mktemp("k")
        if not die_in_a_swap(folder, at):
            break
        shop = Shop(folder, is_made=True)
        active, factory = shop.keeper.state.active, shop.keeper.state.factory
        place = (
            shop.config.paths.serving_bundle if active == factory else slot_of(shop.config, active)
        )
        assert open_bundle(place).bundle_id == active
        told = json.loads(pointer_path(shop.config).read_bytes())
        assert (told["bundle_id"], told["directory"]) == (active, str(place))
        assert shop.keeper.words(0).lanes == {"a": active}
        shop.keeper.close()
    assert 10 < at < MOST_STEPS - 1
