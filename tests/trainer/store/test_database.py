"""Many threads of one hub write to one SQLite file: each gets its turn."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import OperationalError

from trainer.store import database
from trainer.store.database import open_database, reading, writing
from trainer.store.schema import STORES

NUM_THREADS, NUM_WRITES = 24, 12


def test_no_writer_is_turned_away_while_others_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With SQLite's own waiting alone, and 20 ms of patience, most of them would be."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    engine = open_database(f"sqlite:///{tmp_path / 'hub.db'}")

    def write(thread: int) -> None:
        for number in range(NUM_WRITES):
            with writing(engine) as connection:
                connection.execute(
                    insert(STORES).values(
                        store_id=f"{thread}-{number}", name="shop", created_at=datetime.now(UTC)
                    )
                )

    with ThreadPoolExecutor(NUM_THREADS) as pool:
        list(pool.map(write, range(NUM_THREADS)))
    with reading(engine) as connection:
        num = connection.execute(select(func.count()).select_from(STORES)).scalar()
    engine.dispose()
    assert num == NUM_THREADS * NUM_WRITES


def test_a_transaction_that_fails_lets_the_next_one_in(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'hub.db'}")
    with pytest.raises(OperationalError), writing(engine) as connection:
        connection.execute(text("SELECT nonsense"))
    with writing(engine) as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
