"""kill -9 of any process at any moment: nothing that was shown or acknowledged is lost."""

import random
import sqlite3
import time
from collections import Counter as Counts
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.basket.basket import LaneState, fold
from edge.basket.basket_events import LineAdded, Paid
from edge.basket.journal import open_journal
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import Finish, PaymentResult
from tests.system.running_box import LANE, RunningBox, Wanted

pytestmark = pytest.mark.timeout(400)  # a dozen restarts; a machine with other work is slow
VICTIMS = (
    f"basket.{LANE}",
    f"basket.{LANE}",
    f"basket.{LANE}",
    "kiosk",
    "perception",
    "capture.a.top",
)
SKUS = ("milk", "cola", "pasta", "wine")

Shown = tuple[tuple[str, str, int], ...]
"""(line_id, sku_id, quantity) of every line."""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[RunningBox]:
    box = RunningBox(tmp_path)
    box.start()
    box.look_until(lambda s: s.phase == "idle" and not s.is_blind, 60.0)
    yield box
    box.close()


def _sell(box: RunningBox, rng: random.Random, name: str, num_kills: int) -> list[str]:
    """One sale while processes die; the ids of its acknowledged commands."""
    bought = [rng.choice(SKUS)]
    box.put(bought[0])
    box.look_until(Wanted(*bought))  # without an open sale, goods found at a start are nobody's
    for _ in range(num_kills):
        bought.append(rng.choice(SKUS))
        box.put(bought[-1])
        box.look(rng.uniform(0.0, 0.4))
        box.kill(rng.choice(VICTIMS))
    box.look_until(Wanted(*bought))
    box.kill(f"basket.{LANE}")
    replies = [box.ask(f"{name}-finish", Finish())]
    box.kill(rng.choice(VICTIMS))
    replies.append(box.ask(f"{name}-paid", PaymentResult("approved", name)))
    box.kill(f"basket.{LANE}")
    assert [reply.is_done for reply in replies] == [True, True], replies
    box.look_until(lambda s: s.phase == "paid" or s.phase == "idle")
    box.take_all()
    box.look_until(lambda s: s.phase == "idle" and not s.items)  # the counter is seen empty
    return [reply.command_id for reply in replies]


def _history(
    journal_path: Path,
) -> tuple[dict[tuple[str, int], Shown], list[Counts[str]], set[str]]:
    """Lines at every revision of every basket, what was paid for, and commands carried out."""
    journal = open_journal(journal_path, "test")
    state, revisions = LaneState(), {}
    paid: list[Counts[str]] = []
    commands = set()
    for event in journal.all_events():
        before = state.basket
        fold(state, event)
        commands.add(event.command_id)
        if isinstance(event.body, Paid):
            assert before is not None
            paid.append(Counts({x.terms.sku_id: 0 for x in before.lines.values()}))
            for line in before.lines.values():
                paid[-1][line.terms.sku_id] += line.quantity
        if state.basket is not None:
            lines = [(x.line_id, x.terms.sku_id, x.quantity) for x in state.basket.lines.values()]
            revisions[state.basket.basket_id, state.basket.revision] = tuple(lines)
    journal.close()
    return revisions, paid, commands


def _shown(snapshot: BasketSnapshot) -> Shown:
    return tuple((x.line_id, x.sku_id, x.quantity) for x in snapshot.lines)


def _check(box: RunningBox, num_sales: int, acknowledged: list[str]) -> None:
    revisions, paid, commands = _history(box.journal_path)
    shown = [s for s in box.seen if s.basket_id]
    lost = [s for s in shown if revisions.get((s.basket_id, s.revision)) != _shown(s)]
    assert not lost
    assert len(shown) > num_sales
    assert len(paid) == num_sales
    assert set(acknowledged) <= commands
    with sqlite3.connect(box.journal_path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def _storm(box: RunningBox, seed: int, num_sales: int, kills_per_sale: int) -> None:
    rng = random.Random(seed)
    acknowledged: list[str] = []
    for number in range(num_sales):
        acknowledged += _sell(box, rng, f"sale-{number}", kills_per_sale)
    assert box.restarts() >= num_sales * 2
    assert box.stop() == 0
    _check(box, num_sales, acknowledged)


def test_processes_killed_at_random_moments_lose_nothing_that_was_shown(box: RunningBox) -> None:
    _storm(box, seed=1, num_sales=2, kills_per_sale=4)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(2, 6))
def test_a_long_storm_of_kills_loses_nothing(box: RunningBox, seed: int) -> None:
    _storm(box, seed, num_sales=10, kills_per_sale=6)


def test_a_killed_supervisor_takes_its_children_along_and_the_next_one_goes_on(
    box: RunningBox,
) -> None:
    box.put("milk")
    box.look_until(Wanted("milk"))
    pids = box.pids()
    box.kill_supervisor()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids.values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    box.start()
    box.look_until(Wanted("milk"), 60.0)
    assert box.stop() == 0


@pytest.mark.slow
def test_one_item_is_charged_once_however_often_the_eyes_are_replaced(box: RunningBox) -> None:
    box.put("jam")
    box.look_until(Wanted("jam"))
    for _ in range(3):
        before = box.restarts()
        box.kill("perception")
        box.look_until(lambda s: box.restarts() > before)  # noqa: B023
        box.look_until(lambda s: not s.is_blind and not s.notices)
        box.look_until(Wanted("jam"))
    assert box.stop() == 0
    journal = open_journal(box.journal_path, "test")
    added = [e for e in journal.all_events() if isinstance(e.body, LineAdded)]
    journal.close()
    assert len(added) == 1
