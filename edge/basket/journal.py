"""The journal of a lane: basket events in SQLite, on disk before anyone sees them.

Flow: drafted Events -> BEGIN IMMEDIATE, synchronous=FULL -> Events with ids -> counter

One process writes it. A damaged journal is set aside beside the new one and never deleted; the
epoch, which grows with every new journal, keeps basket ids unique. Decides nothing.
"""

import logging
import os
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlite_utils

from edge.basket.basket_events import Event, EventBody, SaleOpened
from edge.errors import JournalError
from edge.sqlite_file import SqliteError, immediate, open_sqlite

SCHEMA_VERSION = 2  # 2: events of the desk (refund, price change, practice); no other tables
NOTICE_SET_ASIDE = "journal.set_aside"
HINT_DISK = "free disk space or make the data folder writable; nothing is sold until then"

logger = logging.getLogger(__name__)

_BODY = msgspec.json.Decoder(EventBody)


class JournalDamagedError(JournalError):
    """What is in the file is no journal of ours; it is set aside."""


@dataclass
class Journal:
    """An open journal.

    Attributes:
        epoch: of this journal; part of every basket id.
        notices: what the screen should say about it.
    """

    path: Path
    epoch: int
    boot_id: str
    connection: Any
    notices: tuple[str, ...] = ()
    _last_id: int = field(default=0, repr=False)

    def append(self, drafts: Sequence[Event]) -> list[Event]:
        """Write events in one transaction; they are on disk when this returns.

        Raises:
            JournalError: nothing of it was written; the sale must be refused visibly.
        """
        events = [self._numbered(draft) for draft in drafts]
        try:
            with immediate(self.connection):
                self.connection.executemany(
                    "INSERT INTO event (event_id, basket_id, boot_id, at_ns, at_utc, command_id,"
                    " is_restart_point, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    [_row(event) for event in events],
                )
        except SqliteError as err:
            raise JournalError(
                f"journal {self.path.name}: {len(events)} events not written: {err}",
                hint=HINT_DISK,
            ) from err
        return events

    def probe(self) -> None:
        """Write something that means nothing, to learn whether the journal can be written.

        Raises:
            JournalError: it cannot.
        """
        try:
            with immediate(self.connection):
                self.connection.execute(
                    "INSERT INTO fact (name, value) VALUES ('probe', 1)"
                    " ON CONFLICT (name) DO UPDATE SET value = value + 1"
                )
        except SqliteError as err:
            raise JournalError(
                f"journal {self.path.name} cannot be written: {err}", hint=HINT_DISK
            ) from err

    def restart_events(self) -> list[Event]:
        """Events from the last one before which no basket was open or parked.

        Raises:
            JournalError: the journal cannot be read.
        """
        return list(
            self._read(
                "SELECT * FROM event WHERE position >= coalesce("
                "(SELECT max(position) FROM event WHERE is_restart_point = 1), 0)"
                " ORDER BY position"
            )
        )

    def all_events(self) -> list[Event]:
        """Every event, oldest first.

        Raises:
            JournalError: the journal cannot be read.
        """
        return list(self._read("SELECT * FROM event ORDER BY position"))

    def close(self) -> None:
        """Close the file; nothing is pending."""
        self.connection.close()

    def _read(self, query: str) -> Iterable[Event]:
        try:
            return [event_of(row) for row in self.connection.execute(query).fetchall()]
        except msgspec.MsgspecError as err:
            raise JournalDamagedError(
                f"journal {self.path.name} holds an event that cannot be read: {err}",
                hint="call support",
            ) from err
        except SqliteError as err:
            raise JournalError(
                f"journal {self.path.name} cannot be read: {err}", hint=HINT_DISK
            ) from err

    def _numbered(self, draft: Event) -> Event:
        """The event with its UUIDv7, larger than any before, and this boot."""
        moment = datetime.fromisoformat(draft.at_utc)
        number = max(uuid7_number(moment), self._last_id + 1)
        self._last_id = number
        return msgspec.structs.replace(
            draft, event_id=str(uuid.UUID(int=number)), boot_id=self.boot_id
        )


def open_journal(path: Path, boot_id: str) -> Journal:
    """Open a lane's journal, or begin a new one where it is missing or damaged.

    Raises:
        JournalError: it can be neither read nor written (read-only or full disk).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _open_checked(path, boot_id)
    except OSError as err:
        raise JournalError(
            f"journal {path.name} cannot be opened: {err.strerror}", hint=HINT_DISK
        ) from err
    except SqliteError as err:
        if not _is_damage(err):
            raise JournalError(
                f"journal {path.name} cannot be opened: {err}", hint=HINT_DISK
            ) from err
        logger.error("journal damaged path=%s reason=%s", path.name, err)  # noqa: TRY400
    except JournalDamagedError as err:
        logger.error("journal damaged path=%s reason=%s", path.name, err)  # noqa: TRY400
    return _begin_anew(path, boot_id)


def uuid7_number(moment: datetime) -> int:
    """A UUIDv7 as a number: 48 bits of milliseconds, version, variant, 74 random bits.

    Source: RFC 9562, section 5.7.
    """
    milliseconds = int(moment.timestamp() * 1000) & ((1 << 48) - 1)
    noise = int.from_bytes(os.urandom(10), "big")
    high = (noise >> 68) & 0xFFF
    low = noise & ((1 << 62) - 1)
    return milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low


def _open_checked(path: Path, boot_id: str) -> Journal:
    """Open, check, migrate. Any damage shows here and not in the middle of a sale."""
    is_new = not path.exists()
    connection = open_sqlite(path)
    try:
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            raise JournalDamagedError(f"journal {path.name}: {answer}")
        _migrate(connection)
        epoch = _epoch(connection, path, is_new)
        journal = Journal(path, epoch, boot_id, connection)
        journal.restart_events()
    except BaseException:
        connection.close()
        raise
    if is_new:
        _sync_folder(path.parent)
    return journal


def _begin_anew(path: Path, boot_id: str) -> Journal:
    """Set the damaged files aside under a name of their own and begin a new journal."""
    try:
        number = 1 + max(_numbers_set_aside(path), default=0)
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(path.with_name(f"{path.name}.damaged-{number}{suffix}"))
        _sync_folder(path.parent)
        journal = _open_checked(path, boot_id)
    except (OSError, SqliteError) as err:
        raise JournalError(
            f"journal {path.name} is damaged and no new one can be begun: {err}", hint=HINT_DISK
        ) from err
    journal.notices = (NOTICE_SET_ASIDE,)
    return journal


def _migrate(connection: Any) -> None:
    """Bring the schema up to SCHEMA_VERSION; each step once, in its own transaction."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"journal schema {version} is newer than this program's {SCHEMA_VERSION}",
            hint="install the newer program again",
        )
    if version < 1:
        with immediate(connection):
            _create_schema_1(connection)
            connection.execute("PRAGMA user_version = 1")
    if version < SCHEMA_VERSION:  # an older program must not take the new events for damage
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _create_schema_1(connection: Any) -> None:
    database = sqlite_utils.Database(connection)
    database.table("event").create(
        {
            "position": int,
            "event_id": str,
            "basket_id": str,
            "boot_id": str,
            "at_ns": int,
            "at_utc": str,
            "command_id": str,
            "is_restart_point": int,
            "body": str,
        },
        pk="position",
        not_null={"event_id", "basket_id", "boot_id", "at_ns", "at_utc", "body"},
        strict=True,
    )
    database.table("event").create_index(["event_id"], unique=True)
    database.table("event").create_index(["basket_id"])
    database.table("fact").create({"name": str, "value": int}, pk="name", strict=True)


def _epoch(connection: Any, path: Path, is_new: bool) -> int:
    """The journal's epoch; of a new one: one more than any journal of this folder ever had."""
    row = connection.execute("SELECT value FROM fact WHERE name = 'epoch'").fetchone()
    if row is not None:
        return int(row[0])
    remembered = path.with_name(f"{path.name}.epoch")
    before = int(remembered.read_text() or 0) if remembered.exists() else 0
    epoch = 1 + max(before, *(0, *_numbers_set_aside(path)))
    _write_durably(remembered, str(epoch))
    with immediate(connection):
        connection.execute("INSERT INTO fact (name, value) VALUES ('epoch', ?)", (epoch,))
    if not is_new:
        logger.warning("journal had no epoch path=%s epoch=%d", path.name, epoch)
    return epoch


def _numbers_set_aside(path: Path) -> list[int]:
    pattern = re.compile(re.escape(path.name) + r"\.damaged-(\d+)")
    return [int(m[1]) for p in path.parent.iterdir() if (m := pattern.match(p.name))]


def _is_damage(err: Exception) -> bool:
    """The file itself is wrong, as opposed to a disk that is full, read-only or away."""
    return any(text in str(err) for text in ("malformed", "not a database", "no such column"))


def _row(event: Event) -> tuple[str | int | bytes, ...]:
    body = event.body
    is_restart_point = isinstance(body, SaleOpened) and body.is_restart_point
    return (
        event.event_id,
        event.basket_id,
        event.boot_id,
        event.at_ns,
        event.at_utc,
        event.command_id,
        int(is_restart_point),
        msgspec.json.encode(body).decode(),
    )


def event_of(row: Any) -> Event:
    """A row as the event it was."""
    return Event(
        basket_id=row["basket_id"],
        at_ns=row["at_ns"],
        at_utc=row["at_utc"],
        body=_BODY.decode(row["body"]),
        command_id=row["command_id"] or "",
        event_id=row["event_id"],
        boot_id=row["boot_id"],
    )


def _write_durably(path: Path, text: str) -> None:
    """Write temp, fsync, rename, fsync the folder."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
