from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.basket import journal_history
from edge.basket.basket_events import Event, LineAdded, Paid, Refunded, SaleOpened, SkuTerms
from edge.basket.journal import Journal, open_journal
from edge.basket.journal_history import JournalHistory, open_history, prune_step
from edge.errors import JournalError
from edge.processes.journal_pruner import JournalPruner

DAY = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = open_journal(tmp_path / "lane1.sqlite", "boot-a")
    yield opened
    opened.close()


def at(days: float) -> str:
    moment = DAY + timedelta(days=days)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def name(number: int) -> str:
    return f"box1-lane1-1-{number}"


def sale(number: int, days: float, *, is_paid: bool = True) -> list[Event]:
    """One basket of a day; its events are written as the journal writes them."""
    opened = SaleOpened(number, "EUR", 2, 1, "b")
    added = LineAdded("l1", 1, SkuTerms("cola", "Cola", 99))
    bodies = [opened, added, *([Paid(99, "r", "card")] if is_paid else [])]
    return [Event(name(number), number, at(days), body) for body in bodies]


def left(journal: Journal) -> list[str]:
    return sorted({event.basket_id for event in journal.all_events()})


@pytest.fixture
def keeps_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_history, "MIN_KEPT_ROWS", 2)
    monkeypatch.setattr(journal_history, "STEP_ROWS", 4)


def pruned(journal: Journal, before: str) -> int:
    """Steps until nothing is left to look at."""
    position = taken = 0
    for _ in range(50):
        more, position = prune_step(journal.connection, before, position)
        taken += more
    return taken


def test_a_basket_and_the_last_sales_are_found_by_another_process(journal: Journal) -> None:
    written = journal.append([*sale(1, 0), *sale(2, 0.1), *sale(3, 0.2, is_paid=False)])
    history = open_history(journal.path)
    assert history.events_of(name(2)) == written[3:6]
    assert history.last_paid() == [name(2), name(1)]
    history.connection.close()


def test_a_day_holds_every_event_of_its_baskets_even_from_the_day_before(journal: Journal) -> None:
    journal.append(sale(1, -2))
    journal.append([*sale(2, -0.1, is_paid=False), Event(name(2), 9, at(0.01), Paid(99))])
    found = JournalHistory(journal.connection).baskets_between(DAY, DAY + timedelta(days=1))
    assert {k: len(v) for k, v in found.items()} == {name(2): 3}


def test_a_missing_journal_is_said_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"none\.db"):
        open_history(tmp_path / "none.db")


@pytest.mark.usefixtures("keeps_few")
def test_old_finished_sales_go_and_the_rest_stays(journal: Journal) -> None:
    for number, days in enumerate((-500, -450, -420, -10, -1), start=1):
        journal.append(sale(number, days))
    assert pruned(journal, at(-400)) == 9
    assert left(journal) == [name(4), name(5)]


@pytest.mark.usefixtures("keeps_few")
def test_a_sale_refunded_lately_stays_whole(journal: Journal) -> None:
    journal.append([*sale(1, -500), *sale(2, -450)])
    journal.append([Event(name(1), 9, at(-3), Refunded((), 99, "damaged", "attendant"))])
    journal.append(sale(3, -1))
    pruned(journal, at(-400))
    assert left(journal) == [name(1), name(3)]
    assert len(JournalHistory(journal.connection).events_of(name(1))) == 4


@pytest.mark.usefixtures("keeps_few")
def test_what_a_restart_needs_is_never_taken(journal: Journal) -> None:
    journal.append(sale(1, -500))
    journal.append(sale(2, -499, is_paid=False))  # open, and nobody has come for it since
    before = journal.restart_events()
    pruned(journal, at(0))
    assert journal.restart_events() == before
    assert left(journal) == [name(2)]


def test_a_clock_that_runs_ahead_does_not_empty_the_journal(journal: Journal) -> None:
    journal.append([event for n in range(1, 9) for event in sale(n, -500)])
    assert pruned(journal, "2999-01-01") == 0


@pytest.mark.usefixtures("keeps_few")
def test_the_pruner_goes_in_steps_and_rests_when_it_is_done(journal: Journal) -> None:
    journal.append([event for n in range(1, 5) for event in sale(n, -500)])
    pruner = JournalPruner(400)
    taken = [pruner.step(journal, second * 10**9, DAY) for second in range(0, 20, 2)]
    assert taken == [4, 4, 1, 0, 0, 0, 0, 0, 0, 0]
    assert JournalPruner(0).step(journal, 0, DAY) == 0
