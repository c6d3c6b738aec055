"""Large things move in their hours and at their pace; everything else always does."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.hard_cases.bulk_pace import BulkPace
from edge.hard_cases.delivery import deliver_round
from edge.hard_cases.outbox import Outbox
from edge.sqlite_file import open_sqlite
from sync.protocol import Batch, BatchReply

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class CountingHub:
    """Takes everything, and remembers in which order."""

    def __init__(self) -> None:
        self.came: list[str] = []

    def upload(self, data: bytes) -> str:
        self.came.append(f"picture {data.decode()}")
        return hashlib.sha256(data).hexdigest()

    def send_batch(self, batch: Batch) -> BatchReply:
        self.came += [item.kind for item in batch.items]
        numbers = tuple(item.seq for item in batch.items)
        return BatchReply(epoch=batch.epoch, acked_through=numbers[-1], acked=numbers)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    outbox = Outbox(open_sqlite(tmp_path / "rows.db"), open_sqlite(tmp_path / "pictures.db"))
    outbox.put("case", {"n": 1}, now=NOW, pictures=(b"a" * 1000, b"b" * 1000))
    outbox.put("sale", {"n": 2}, now=NOW)
    return outbox


@pytest.mark.parametrize(
    ("hours", "open_at"),
    [
        pytest.param("", set(range(24)), id="always"),
        pytest.param("22-06", {22, 23, 0, 1, 2, 3, 4, 5}, id="over midnight"),
        pytest.param("09-11", {9, 10}, id="by day"),
    ],
)
def test_hours_are_those_of_the_shops_clock(hours: str, open_at: set[int]) -> None:
    found = {hour for hour in range(24) if BulkPace(0, hours, hour=lambda h=hour: h).is_open}  # type: ignore[misc]
    assert found == open_at


def test_a_case_waits_for_its_hour_and_a_sale_does_not(outbox: Outbox) -> None:
    hub, hours = CountingHub(), [12]
    pace = BulkPace(0, "22-06", hour=lambda: hours[0])
    deliver_round(outbox, hub, pace=pace)
    assert hub.came == ["sale"]
    hours[0] = 23
    deliver_round(outbox, hub, pace=pace)
    assert hub.came[1:] == [f"picture {'a' * 1000}", f"picture {'b' * 1000}", "case"]


def test_pictures_keep_to_the_pace_on_average(outbox: Outbox) -> None:
    hub, now_s = CountingHub(), [0.0]
    pace = BulkPace(8, clock=lambda: now_s[0])  # 1,000 bytes a second
    for second in (0.0, 0.5, 1.0, 1.5, 2.0):
        now_s[0] = second
        deliver_round(outbox, hub, pace=pace)
    assert [word.split()[0] for word in hub.came] == ["picture", "sale", "picture", "case"]
    assert not pace.may_move or now_s[0] >= 2.0
