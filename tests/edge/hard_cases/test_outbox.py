"""The outbox: order, quotas, drops that are told, epochs."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.hard_cases.outbox import KEEP_VALUE, Outbox, OutboxFullError, Quotas
from edge.sqlite_file import open_sqlite

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SMALL = Quotas(rows_bytes=200, pictures_bytes=3000)


def open_outbox(folder: Path, quotas: Quotas | None = None) -> Outbox:
    return Outbox(open_sqlite(folder / "rows.db"), open_sqlite(folder / "pictures.db"), quotas)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = open_outbox(tmp_path, SMALL)
    yield outbox
    outbox._rows.close()
    outbox._pictures.close()


def kinds(outbox: Outbox) -> list[str]:
    batch = outbox.next_batch()
    return [item.kind for item in batch.items] if batch else []


def test_rows_leave_in_order_and_stay_until_they_are_acknowledged(outbox: Outbox) -> None:
    first = outbox.put("telemetry", {"n": 1}, now=NOW)
    second = outbox.put("sale", {"n": 2}, now=NOW)
    assert kinds(outbox) == kinds(outbox) == ["telemetry", "sale"]
    outbox.acknowledge([first])
    assert kinds(outbox) == ["sale"]
    outbox.acknowledge([second])
    assert outbox.next_batch() is None


def test_a_picture_is_uploaded_once_and_leaves_with_its_row(outbox: Outbox) -> None:
    seq = outbox.put("case", {"reason": "unknown"}, now=NOW, pictures=[b"sealed"])
    name = outbox.pictures_to_upload()[0][0]
    outbox.note_uploaded(name)
    assert outbox.pictures_to_upload() == []
    outbox.forget_uploads([name])
    assert outbox.pictures_to_upload() == [(name, b"sealed")]
    outbox.acknowledge([seq])
    assert outbox.status().num_pictures == 0


def test_a_full_quota_gives_up_the_least_valuable_and_says_so(outbox: Outbox) -> None:
    outbox.put("case", {"n": 1}, now=NOW, value=5, pictures=[b"a" * 1400])
    outbox.put("case", {"n": 2}, now=NOW, value=1, pictures=[b"b" * 1400])
    outbox.put("case", {"n": 3}, now=NOW, value=9, pictures=[b"c" * 1400])
    assert kinds(outbox) == ["case", "dropped", "case"]
    status = outbox.status()
    assert (status.num_dropped, status.num_pictures) == (1, 2)


def test_what_is_worth_less_than_everything_here_is_refused(outbox: Outbox) -> None:
    outbox.put("case", {"n": 1}, now=NOW, value=5, pictures=[b"a" * 2900])
    with pytest.raises(OutboxFullError):
        outbox.put("case", {"n": 2}, now=NOW, value=1, pictures=[b"b" * 1400])
    assert kinds(outbox) == ["case"]


def test_pictures_never_crowd_out_sales(outbox: Outbox) -> None:
    for number in range(5):
        outbox.put("case", {"n": number}, now=NOW, value=number, pictures=[bytes(1400 + number)])
    outbox.put("sale", {"total": 100}, now=NOW, value=KEEP_VALUE)
    assert kinds(outbox)[-1] == "sale"


def test_a_row_the_hub_refuses_is_set_aside_and_counted(outbox: Outbox) -> None:
    seq = outbox.put("telemetry", {"n": 1}, now=NOW)
    outbox.refuse({str(seq): "body_altered"})
    assert outbox.next_batch() is None
    assert outbox.status().num_refused == 1


def test_a_new_epoch_numbers_every_waiting_row_anew(outbox: Outbox) -> None:
    before = outbox.epoch
    for number in range(4):
        outbox.put("telemetry", {"n": number}, now=NOW)
    outbox.acknowledge([1, 2])
    outbox.begin_epoch()
    batch = outbox.next_batch()
    assert batch is not None
    assert outbox.epoch != before
    assert [item.seq for item in batch.items] == [1, 2]
    assert [item.body["n"] for item in batch.items] == [2, 3]
    assert outbox.put("telemetry", {"n": 9}, now=NOW) == 3


def test_two_lives_of_one_disk_give_a_waiting_row_the_same_new_place(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    first = open_outbox(tmp_path / "disk")
    first.put("sale", {"n": 1}, now=NOW)
    first.close()
    shutil.copytree(tmp_path / "disk", tmp_path / "image")
    lives = [open_outbox(tmp_path / name) for name in ("disk", "image")]
    lives[0].put("sale", {"n": 2}, now=NOW)
    assert lives[0].begin_epoch() == lives[1].begin_epoch()
    assert [life.next_batch().items[0].seq for life in lives] == [1, 1]  # type: ignore[union-attr]
    for life in lives:
        life.close()


def test_rows_the_hub_refused_come_last_in_a_new_epoch(outbox: Outbox) -> None:
    outbox.put("telemetry", {"n": 1}, now=NOW)
    outbox.put("telemetry", {"n": 2}, now=NOW)
    outbox.refuse({"1": "body_altered"})
    outbox.begin_epoch()
    batch = outbox.next_batch()
    assert batch is not None
    assert [(item.seq, item.body["n"]) for item in batch.items] == [(1, 2)]


def test_a_basket_can_be_deleted_on_request(outbox: Outbox) -> None:
    outbox.put("case", {"n": 1}, now=NOW, pictures=[b"mine"], basket_id="b-1")
    outbox.put("case", {"n": 2}, now=NOW, pictures=[b"other"], basket_id="b-2")
    assert outbox.delete_basket("b-1") == 1
    assert kinds(outbox) == ["dropped", "case"]
    assert [data for _, data in outbox.pictures_to_upload()] == [b"other"]


def test_everything_survives_closing_and_opening(tmp_path: Path) -> None:
    first = open_outbox(tmp_path)
    first.put("sale", {"n": 1}, now=NOW)
    first._rows.close()
    first._pictures.close()
    again = open_outbox(tmp_path)
    assert again.epoch == first.epoch
    assert kinds(again) == ["sale"]
    again._rows.close()
    again._pictures.close()
