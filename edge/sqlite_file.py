"""The one way to open an SQLite file on the box.

`pysqlite3` carries a current SQLite: versions 3.7.0 to 3.51.2 can corrupt a WAL file when two
connections write (fixed in 3.51.3), and system libraries are older. Rows that are acknowledged are
written inside `immediate()`; sqlite-utils does schema, migrations and reports on the same
connection.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import pysqlite3 as sqlite3
except ImportError:  # not Linux; the standard library's version is reported by `edgectl doctor`
    import sqlite3

Connection = sqlite3.Connection
SqliteError = sqlite3.Error
OperationalError = sqlite3.OperationalError
IntegrityError = sqlite3.IntegrityError

BUSY_TIMEOUT_MS = 5_000
JOURNAL_SIZE_LIMIT_BYTES = 4 * 1024 * 1024


def open_sqlite(path: Path, *, read_only: bool = False) -> Any:
    """A connection in WAL mode with synchronous=FULL and explicit transactions.

    Args:
        path: created where missing unless `read_only`.
        read_only: for readers of another process's file.

    Raises:
        SqliteError: the file cannot be opened or is damaged.
    """
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=5.0
    )
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_SIZE_LIMIT_BYTES}")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@contextlib.contextmanager
def immediate(connection: Any) -> Iterator[Any]:
    """One transaction that takes the write lock at once; on disk when the block ends.

    A deferred BEGIN that reads and then writes fails with "database is locked" under contention,
    whatever the busy timeout (reference measurement: 78 % of transactions).
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def sqlite_version() -> str:
    """Version of the SQLite library in use."""
    return str(sqlite3.sqlite_version)
