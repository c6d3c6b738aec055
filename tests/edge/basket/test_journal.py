import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from edge.basket.basket import replay
from edge.basket.basket_events import Event, LineAdded, Paid, SaleClosed, SaleOpened, SkuTerms
from edge.basket.journal import Journal, open_journal, uuid7_number
from edge.errors import JournalError
from tests.edge.basket.lane_script import LaneScript

NUM_KILLS = 40
NOBODY = 65_534
AT = "2026-11-21T09:00:00.000Z"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = open_journal(tmp_path / "lane1.sqlite", "boot-a")
    yield opened
    opened.close()


def line(number: int = 1, text: str = "Name") -> Event:
    return Event("box1-lane1-1-1", number, AT, LineAdded("l1", 1, SkuTerms("cola", text, 99)))


def opened(number: int, *, is_restart_point: bool = True) -> Event:
    body = SaleOpened(number, "EUR", 2, 1, "b", is_restart_point=is_restart_point)
    return Event(f"box1-lane1-1-{number}", number, AT, body)


def test_events_come_back_as_they_were_written(journal: Journal) -> None:
    written = journal.append([opened(1), line(), Event("box1-lane1-1-1", 3, AT, Paid(99, "r"))])
    assert journal.all_events() == written
    assert [event.boot_id for event in written] == ["boot-a"] * 3


def test_a_whole_day_of_a_lane_is_rebuilt_from_disk(tmp_path: Path) -> None:
    lane = LaneScript()
    lane.put(1, "milk")
    lane.put(2, "cola", margin=0.2)
    lane.run(1_500)
    journal = open_journal(tmp_path / "lane1.sqlite", "boot-a")
    written = journal.append(lane.events)
    journal.close()
    again = open_journal(tmp_path / "lane1.sqlite", "boot-b")
    assert again.restart_events() == written
    assert replay(again.restart_events()) == lane.counter.state
    again.close()


def test_event_ids_are_version_7_and_grow(journal: Journal) -> None:
    ids = [UUID(e.event_id) for _ in range(50) for e in journal.append([line(), line()])]
    assert ids == sorted(ids)
    assert len(set(ids)) == 100
    assert {i.version for i in ids} == {7}


def test_a_uuid_carries_its_time() -> None:
    moment = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    number = UUID(int=uuid7_number(moment))
    assert int(number.hex[:12], 16) == int(moment.timestamp() * 1000)
    assert (number.version, number.variant) == (7, "specified in RFC 4122")


def test_a_restart_reads_from_the_last_sale_with_none_parked_before(journal: Journal) -> None:
    journal.append([opened(1), line(), opened(2), line(2)])
    journal.append([opened(3, is_restart_point=False), line(3)])
    assert [event.at_ns for event in journal.restart_events()] == [2, 2, 3, 3]


def test_full_synchronous_wal_is_on(journal: Journal) -> None:
    pragmas = [
        journal.connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous")
    ]
    assert pragmas == ["wal", 2]


def test_an_empty_append_writes_nothing(journal: Journal) -> None:
    assert journal.append([]) == []
    assert journal.all_events() == []


def test_a_batch_is_written_whole_or_not_at_all(journal: Journal) -> None:
    journal.append([line(1)])
    journal.connection.execute(
        "CREATE TRIGGER t BEFORE INSERT ON event WHEN new.at_ns = 13"
        " BEGIN SELECT raise(ABORT, 'no'); END"
    )
    with pytest.raises(JournalError, match="3 events not written"):
        journal.append([line(2), line(13), line(4)])
    assert [event.at_ns for event in journal.all_events()] == [1]
    journal.append([line(5)])
    assert [event.at_ns for event in journal.all_events()] == [1, 5]


# --- damage -------------------------------------------------------------------------------


def damage_header(path: Path) -> None:
    path.write_bytes(b"rubbish" * 1_000)


def damage_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(bytes(data))


def damage_by_cutting(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


@pytest.mark.parametrize("damage", [damage_header, damage_pages, damage_by_cutting])
def test_a_damaged_journal_is_set_aside_and_a_new_one_begun(
    tmp_path: Path, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "lane1.sqlite"
    first = open_journal(path, "boot-a")
    first.append([line(i) for i in range(200)])
    first.close()
    damage(path)  # type: ignore[operator]
    broken = path.read_bytes()
    second = open_journal(path, "boot-a")
    assert (first.epoch, second.epoch, second.notices) == (1, 2, ("journal.set_aside",))
    assert (tmp_path / "lane1.sqlite.damaged-1").read_bytes() == broken
    assert "journal damaged" in caplog.text
    second.append([line()])
    second.close()


def test_a_row_that_cannot_be_read_is_damage_too(tmp_path: Path) -> None:
    path = tmp_path / "lane1.sqlite"
    first = open_journal(path, "boot-a")
    first.append([line()])
    first.connection.execute("UPDATE event SET body = '{}'")
    first.close()
    second = open_journal(path, "boot-a")
    assert second.notices == ("journal.set_aside",)
    second.close()


def test_a_removed_journal_gets_a_new_epoch_too(tmp_path: Path) -> None:
    path = tmp_path / "lane1.sqlite"
    open_journal(path, "boot-a").close()
    path.unlink()
    second = open_journal(path, "boot-a")
    assert second.epoch == 2
    second.close()


def test_a_journal_of_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "lane1.sqlite"
    first = open_journal(path, "boot-a")
    first.connection.execute("PRAGMA user_version = 99")
    first.close()
    with pytest.raises(JournalError, match="schema 99 is newer"):
        open_journal(path, "boot-a")
    assert list(tmp_path.glob("*damaged*")) == []


# --- a disk that is full or read-only -----------------------------------------------------


def fill(journal: Journal) -> None:
    for number in range(2, 400):
        journal.append([line(number, "x" * 2_000)])


def test_a_full_disk_refuses_the_events_and_keeps_the_old_ones(journal: Journal) -> None:
    journal.append([line(1)])
    pages = journal.connection.execute("PRAGMA page_count").fetchone()[0]
    journal.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(JournalError, match="full") as caught:
        fill(journal)
    assert caught.value.code == "journal.unwritable"
    assert "disk" in caught.value.hint
    count = len(journal.all_events())
    journal.connection.execute("PRAGMA max_page_count = 100000")
    journal.append([line(999)])
    assert [e.at_ns for e in journal.all_events()] == [*range(1, count + 1), 999]


@contextlib.contextmanager
def file_size_limit(num_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_file_that_may_not_grow_refuses_the_events(journal: Journal) -> None:
    journal.append([line(1)])
    with file_size_limit(64 * 1024), pytest.raises(JournalError):
        fill(journal)
    assert [e.at_ns for e in journal.all_events()][:2] == [1, 2]
    journal.append([line(999)])
    assert journal.all_events()[-1].at_ns == 999


def test_a_new_journal_on_a_full_disk_is_refused(tmp_path: Path) -> None:
    with file_size_limit(2_000), pytest.raises(JournalError) as caught:
        open_journal(tmp_path / "lane1.sqlite", "boot-a")
    assert caught.value.code == "journal.unwritable"


def test_a_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be opened"):
        open_journal(tmp_path / "file" / "lane1.sqlite", "boot-a")


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write anywhere; these tests must not be root."""
    before = os.geteuid()
    os.seteuid(NOBODY if before == 0 else before)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_read_only_folder_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with as_nobody(), pytest.raises(JournalError) as caught:
            open_journal(Path(folder) / "lane1.sqlite", "boot-a")
    assert caught.value.code == "journal.unwritable"


def test_a_journal_that_became_read_only_refuses_the_events(journal: Journal) -> None:
    journal.append([line(1)])
    journal.connection.execute("PRAGMA query_only = 1")
    with pytest.raises(JournalError, match="readonly"):
        journal.append([line(2)])
    assert len(journal.all_events()) == 1


# --- kill -9 ------------------------------------------------------------------------------


def test_no_acknowledged_event_is_lost_by_kill_9(tmp_path: Path) -> None:
    """Forty writers killed at random moments; at most one unread batch more than acknowledged."""
    module = "tests.edge.basket.journal_writer"
    answer = subprocess.run(
        [sys.executable, "-m", module, str(tmp_path / "lane1.sqlite"), str(NUM_KILLS), "7"],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    rows = [line.split() for line in answer.stdout.splitlines()]
    extra = [int(now) - int(before) - int(told) for before, told, now, _ in rows]
    assert len(rows) == NUM_KILLS
    assert min(extra) >= 0
    assert max(extra) <= 3
    assert {right for *_, right in rows} == {"True"}


def test_what_comes_after_a_closed_sale_is_read_back(journal: Journal) -> None:
    journal.append([opened(1), line(), Event("box1-lane1-1-1", 4, AT, SaleClosed())])
    assert replay(journal.restart_events()).basket is None


def test_a_probe_tells_whether_the_journal_can_be_written(journal: Journal) -> None:
    journal.probe()
    journal.connection.execute("PRAGMA query_only = 1")
    with pytest.raises(JournalError, match="cannot be written"):
        journal.probe()
