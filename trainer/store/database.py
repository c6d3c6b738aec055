"""Opens the hub database: SQLite by default, PostgreSQL by one URL.

Only the hub writes it; workers and hubctl speak HTTP. On SQLite every write transaction takes the
lock at once and is on disk when it ends (WAL, synchronous=FULL); the threads of this process stand
in a queue for it, as SQLite's own waiting is a lottery that some lose for seconds.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from trainer.errors import FatalError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 10_000
QUEUE = "tillsight_write_queue"


class DatabaseError(FatalError):
    """The hub database cannot be opened or brought up to date."""

    code = "store.database"


def open_database(url: str) -> Engine:
    """An engine on a database with the newest schema.

    Args:
        url: `sqlite:////var/lib/tillsight/hub/hub.db` or `postgresql+psycopg://user@host/name`.

    Raises:
        DatabaseError: the URL is wrong, the server is away, or the migration failed.
    """
    try:
        engine = _engine(url)
        _migrate(engine)
    except (SQLAlchemyError, ArgumentError, OSError) as err:
        raise DatabaseError(
            f"hub database cannot be opened: {type(err).__name__}: {_safe(str(err), url)}",
            hint="check `database_url` in hub.toml, disk space, and that the server runs",
        ) from err
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction; committed, and on disk, when the block ends."""
    queue = engine.get_execution_options().get(QUEUE)
    with queue or nullcontext(), engine.connect() as connection:
        options = connection.execution_options(is_write=True)
        with options.begin():
            yield options


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read transaction."""
    with engine.connect() as connection, connection.begin():
        yield connection


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=8)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, module=_sqlite_module(), connect_args={"timeout": 10.0},
        execution_options={QUEUE: threading.Lock()},
    )  # fmt: skip
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _sqlite_module() -> Any:
    """A current SQLite: 3.7.0 to 3.51.2 can corrupt a WAL file with two connections."""
    try:
        import pysqlite3
    except ImportError:
        import sqlite3

        return sqlite3
    return pysqlite3


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _safe(text: str, url: str) -> str:
    """An error text without the password of the URL, first line only."""
    password = make_url(url).password if "://" in url else None
    first = text.splitlines()[0] if text else ""
    return first.replace(str(password), "***") if password else first
