"""The two files of the outbox: small rows that must arrive, and pictures that may be given up.

Numbered by `PRAGMA user_version`. Plain statements that any SQLite binding understands, so the
power-cut test drives this very code over a simulated disk.
"""

from typing import Any

ROWS_VERSION = 1
PICTURES_VERSION = 1

ROWS_STATEMENTS = (
    """CREATE TABLE meta (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        epoch TEXT NOT NULL,
        next_seq INTEGER NOT NULL,
        num_dropped INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE TABLE row (
        seq INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        value INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        body TEXT NOT NULL,
        body_sha256 TEXT NOT NULL,
        blobs TEXT NOT NULL,
        size INTEGER NOT NULL,
        num_attempts INTEGER NOT NULL DEFAULT 0,
        refused TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX row_by_value ON row (value, seq)",
)

PICTURES_STATEMENTS = (
    """CREATE TABLE picture (
        sha256 TEXT PRIMARY KEY,
        seq INTEGER NOT NULL,
        value INTEGER NOT NULL,
        basket_id TEXT NOT NULL,
        size INTEGER NOT NULL,
        is_uploaded INTEGER NOT NULL DEFAULT 0,
        sealed BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX picture_by_value ON picture (value, seq)",
    "CREATE INDEX picture_by_basket ON picture (basket_id)",
)


def migrate_rows(connection: Any, epoch: str) -> None:
    """Bring the file of rows up to date inside the caller's transaction; new files get `epoch`."""
    if _version(connection) < ROWS_VERSION:
        for statement in ROWS_STATEMENTS:
            connection.execute(statement)
        connection.execute("INSERT INTO meta (id, epoch, next_seq) VALUES (1, ?, 1)", (epoch,))
        connection.execute(f"PRAGMA user_version = {ROWS_VERSION}")


def migrate_pictures(connection: Any) -> None:
    """Bring the file of pictures up to date inside the caller's transaction."""
    if _version(connection) < PICTURES_VERSION:
        for statement in PICTURES_STATEMENTS:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {PICTURES_VERSION}")


def _version(connection: Any) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
