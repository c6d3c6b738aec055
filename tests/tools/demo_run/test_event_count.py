"""Both ends of the demo are counted: what is lost, doubled or unknown is found."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.basket.basket_events import Event, Paid
from edge.basket.journal import open_journal
from sync.protocol import Batch, BatchItem
from tools.demo_run.event_count import EventCount, count_events
from trainer.store.database import open_database, writing
from trainer.store.inbox import canonical_body, take_batch
from trainer.store.schema import BOXES

NOW = datetime.now(UTC)


def journal_of(folder: Path, *baskets: str) -> Path:
    path = folder / "journal-lane-1.db"
    journal = open_journal(path, "boot")
    journal.append([Event(name, 1, NOW.isoformat(), Paid(100)) for name in baskets])
    journal.close()
    return path


def hub_with(folder: Path, *rows: tuple[int, str, str]) -> Path:
    """Rows (number, kind, basket) of one box."""
    engine = open_database(f"sqlite:///{folder / 'hub.db'}")
    with writing(engine) as connection:
        connection.execute(
            BOXES.insert().values(
                box_id="box-1", public_key="ab" * 32, status="enrolled", created_at=NOW
            )
        )
        items = tuple(item(*row) for row in rows)
        batch = Batch(epoch="e" * 32, items=items)
        assert take_batch(connection, "box-1", None, batch, now=NOW).refused == {}
    engine.dispose()
    return folder / "hub.db"


def item(seq: int, kind: str, basket: str) -> BatchItem:
    body = {"basket_id": basket}
    digest = hashlib.sha256(canonical_body(body)).hexdigest()
    return BatchItem(seq=seq, kind=kind, created_at=NOW, body_sha256=digest, body=body)


def count(folder: Path, baskets: tuple[str, ...], *rows: tuple[int, str, str]) -> EventCount:
    return count_events([journal_of(folder, *baskets)], hub_with(folder, *rows))


def test_every_paid_basket_at_the_hub_once_is_whole(tmp_path: Path) -> None:
    found = count(
        tmp_path, ("b1", "b2"), (1, "sale", "b1"), (2, "telemetry", ""), (3, "sale", "b2")
    )
    assert found.is_whole
    assert (found.paid, found.sales, found.rows) == (2, 2, 3)


@pytest.mark.parametrize(
    ("baskets", "rows", "said"),
    [
        pytest.param(("b1", "b2"), [(1, "sale", "b1")], "1 missing", id="a sale is missing"),
        pytest.param(("b1",), [(1, "sale", "b1"), (2, "sale", "b1")], "1 twice", id="one twice"),
        pytest.param(("b1",), [(1, "sale", "b1"), (2, "sale", "b9")], "1 unknown", id="unknown"),
        pytest.param(("b1",), [(2, "sale", "b1")], "1 numbers missing", id="a number is missing"),
        pytest.param(("b1", "b1"), [(1, "sale", "b1")], "1 paid twice", id="paid twice"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, baskets: tuple[str, ...], rows: list[tuple[int, str, str]], said: str
) -> None:
    found = count(tmp_path, baskets, *rows)
    assert not found.is_whole
    assert said in found.words()
