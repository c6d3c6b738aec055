"""Triggers fire exactly once: asked twice, at once, and over hubs that are killed."""

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from trainer.monitoring.triggers import CalendarCondition, TriggerPlan
from trainer.store import job_queue, trigger_book
from trainer.store.database import open_database, reading, writing
from trainer.store.trigger_book import TriggerError

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAILY = TriggerPlan(conditions=(CalendarCondition(hour=3),), cool_down_h=0, cost=5)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def made(engine: Engine, plan: TriggerPlan = DAILY) -> str:
    with writing(engine) as connection:
        trigger, _ = trigger_book.create_trigger(connection, "t", plan, now=NOW, actor="test")
    return trigger.trigger_id


def occasions(engine: Engine, trigger_id: str) -> list[str]:
    with reading(engine) as connection:
        return [f.occasion for f in trigger_book.firings_of(connection, trigger_id, 1000)]


def num_jobs(engine: Engine) -> int:
    with reading(engine) as connection:
        return job_queue.list_jobs(connection, status="", offset=0, limit=1)[0]


def storm(engine: Engine, url: str, days: int, max_kills: int) -> int:
    """Hubs that are killed while they ask, until one gets to the end; how many were killed."""
    trigger_id, dice, kills = made(engine), random.Random(3), 0
    script = [sys.executable, "-m", "tests.fakes.trigger_hub", url, trigger_id]
    while True:
        done = max(0, len(occasions(engine, trigger_id)) - 1)  # the newest day is asked for again
        command = [*script, (NOW + timedelta(days=done)).isoformat(), str(24 * (days - done))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            try:
                life = 600 if kills >= max_kills else dice.uniform(0.02, 0.2)
                told, _ = child.communicate(timeout=life)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                told, _ = child.communicate()
                kills += 1
        if "over" in told:
            break
    found = occasions(engine, trigger_id)
    assert len(found) == len(set(found)) == days
    assert num_jobs(engine) == days
    return kills


def test_a_hub_that_is_killed_fires_each_day_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    opened = open_database(url)
    assert storm(opened, url, days=12, max_kills=1) == 1
    opened.dispose()


@pytest.mark.slow
def test_a_hub_that_is_killed_again_and_again_fires_each_day_once(
    engine: Engine, database_url: str
) -> None:
    assert storm(engine, database_url, days=100, max_kills=10) > 3


def test_two_hubs_that_ask_at_once_fire_once(engine: Engine) -> None:
    trigger_id, later, gate = made(engine), NOW + timedelta(days=1), threading.Barrier(4)
    fired = []

    def ask() -> None:
        gate.wait()
        with writing(engine) as connection:
            fired.append(trigger_book.fire_due(connection, trigger_id, {}, now=later))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in fired) == 1
    assert num_jobs(engine) == 1


def test_what_was_missed_while_the_hub_was_off_is_done_once(engine: Engine) -> None:
    trigger_id = made(engine)
    for _ in range(3):
        with writing(engine) as connection:
            trigger_book.fire_due(connection, trigger_id, {}, now=NOW + timedelta(days=9))
    assert occasions(engine, trigger_id) == ["calendar:2026-11-30T03:00Z"]


def test_the_same_occasion_asked_for_twice_is_one_job(engine: Engine) -> None:
    trigger_id = made(engine, TriggerPlan(cool_down_h=0, cost=5, max_cost_30d=10))
    with writing(engine) as connection:
        told = [
            trigger_book.fire_now(connection, trigger_id, name, "push", now=NOW, actor="ci")[1]
            for name in ("push:1", "push:1", "push:2", "push:2")
        ]
        with pytest.raises(TriggerError, match="10 of 10 spent"):
            trigger_book.fire_now(connection, trigger_id, "push:3", "push", now=NOW, actor="ci")
    assert (told, num_jobs(engine)) == ([True, False, True, False], 2)


def test_an_occasion_of_long_ago_is_still_known(engine: Engine) -> None:
    trigger_id = made(engine, TriggerPlan(cool_down_h=0, cost=0))
    with writing(engine) as connection:
        told = [
            trigger_book.fire_now(connection, trigger_id, f"push:{n}", "push", now=NOW, actor="ci")
            for n in [*range(102), 0]
        ]
    assert (told[-1][1], told[-1][0].firing_id) == (False, told[0][0].firing_id)
