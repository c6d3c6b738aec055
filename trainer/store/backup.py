"""Backups of a hub that runs: database, keys, signed metadata, blobs; verified, restored.

Flow: state_dir + database -> DIR/snapshots/<time>/ and DIR/blobs/ -> verify -> an empty state_dir

Blobs are kept once by their digest, so a second backup copies only what is new. Order makes it
consistent without stopping anything: the signed timestamp is copied before what it names, the
database at one moment, blobs last (they only ever come before the rows that name them). A blob that
was forgotten on purpose meanwhile is listed as missing, not invented.

The backup holds the hub's keys, tokens and pictures' key: mode 0700, and it belongs in a safe.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from sync.durable_file import fsync_directory, write_durably
from trainer.errors import FatalError
from trainer.store.artifact_tables import ARTIFACTS
from trainer.store.blob_sweep import digests_named
from trainer.store.blobs import FolderBlobs
from trainer.store.database import open_database, reading
from trainer.store.schema import BLOBS
from trainer.store.table_dump import dump_tables, load_tables, require_empty

FORMAT = 1
DATABASE_FILE = "hub.db"
DUMP_FILE = "tables.jsonl.gz"
NOT_COPIED = ("hub.db", "hub.db-wal", "hub.db-shm", "updates/blobs", "blob_cache")


class BackupError(FatalError):
    """A backup that cannot be made, is damaged, or cannot be restored here."""

    code = "backup.refused"


@dataclass(frozen=True, slots=True)
class Place:
    """The hub that is saved or made again."""

    state_dir: Path
    database_url: str
    blobs: FolderBlobs


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What is in a snapshot; `missing` names blobs that the database knows and nobody has."""

    name: str
    database: str
    num_files: int
    num_blobs: int
    num_new_blobs: int
    num_bytes: int
    missing: tuple[str, ...]
    problems: tuple[str, ...] = ()


def create_backup(place: Place, to: Path, *, now: datetime, is_portable: bool) -> BackupReport:
    """A new snapshot; nothing of it counts before its manifest is written.

    Args:
        is_portable: tables as JSON for SQLite too, to be loaded into PostgreSQL.
    """
    name = now.strftime("%Y%m%dT%H%M%SZ")
    folder = to / "snapshots" / name
    for made in (to, to / "snapshots", to / "blobs", folder, folder / "state"):
        made.mkdir(mode=0o700, exist_ok=made != folder)
    files = _copy_state(place.state_dir, folder / "state")
    engine = open_database(place.database_url)
    database = _copy_database(engine, folder, is_portable=is_portable)
    with reading(engine) as connection:
        named = digests_named(connection) & _known_blobs(connection)
    engine.dispose()
    files[database] = _digest(folder / database)
    blobs, new_blobs, num_bytes = _copy_blobs(place.blobs, to / "blobs")
    missing = sorted(named - set(blobs))
    manifest = {"format": FORMAT, "created": now.isoformat(), "database": database,
                "files": files, "blobs": blobs, "missing": missing}  # fmt: skip
    write_durably(folder / "manifest.json", json.dumps(manifest, indent=1).encode(), mode=0o600)
    return BackupReport(
        name, database, len(files), len(blobs), new_blobs, num_bytes, tuple(missing)
    )


def list_backups(place: Path) -> list[str]:
    """Names of the snapshots that are complete, oldest first."""
    return sorted(path.parent.name for path in place.glob("snapshots/*/manifest.json"))


def describe_backup(place: Path, name: str) -> BackupReport:
    """What a snapshot says of itself; nothing of it is read again.

    Raises:
        BackupError: there is none of this name.
    """
    chosen, manifest = _read_manifest(place, name)
    return BackupReport(
        chosen, manifest["database"], len(manifest["files"]), len(manifest["blobs"]), 0, 0,
        tuple(manifest["missing"]),
    )  # fmt: skip


def verify_backup(place: Path, name: str = "") -> BackupReport:
    """Read everything of a snapshot again, the newest by default.

    Raises:
        BackupError: there is none.
    """
    chosen, manifest = _read_manifest(place, name)
    folder = place / "snapshots" / chosen
    problems = [
        f"{path}: not what was saved"
        for path, digest in manifest["files"].items()
        if not (folder / path).is_file() or _digest(folder / path) != digest
    ]
    num_bytes = 0
    for blob in manifest["blobs"]:
        path = place / "blobs" / blob[:2] / blob
        if not path.is_file() or _digest(path) != blob:
            problems.append(f"blob {blob}: damaged or gone")
        else:
            num_bytes += path.stat().st_size
    if manifest["database"] == DATABASE_FILE and not problems:
        problems += _check_sqlite(folder / DATABASE_FILE)
    return BackupReport(
        chosen, manifest["database"], len(manifest["files"]), len(manifest["blobs"]), 0,
        num_bytes, tuple(manifest["missing"]), tuple(problems),
    )  # fmt: skip


def restore_backup(source: Path, place: Place, name: str = "") -> BackupReport:
    """Make a hub again in an empty folder, from a snapshot that verifies.

    Raises:
        BackupError: damaged, or the place is not empty, or the kinds of database do not fit.
    """
    report = verify_backup(source, name)
    if report.problems:
        raise BackupError(
            f"{len(report.problems)} problems, first: {report.problems[0]}",
            hint="restore an older one: hubctl backup list",
        )
    is_sqlite = place.database_url.startswith("sqlite")
    if report.database == DATABASE_FILE and not is_sqlite:
        raise BackupError(
            "a copy of SQLite cannot be restored into PostgreSQL",
            hint="make the backup with --portable",
        )
    _require_new_place(place, is_sqlite=is_sqlite)
    folder = source / "snapshots" / report.name
    _, manifest = _read_manifest(source, report.name)
    for path in manifest["files"]:
        if path.startswith("state/"):
            _copy(folder / path, place.state_dir / path.removeprefix("state/"))
    _restore_database(folder / report.database, place.database_url)
    for blob, where in manifest["blobs"].items():
        kept = source / "blobs" / blob[:2] / blob
        if where == "flat":
            _copy(kept, place.state_dir / "updates" / "blobs" / blob)
        else:
            place.blobs.take_file(blob, kept)
    return report


def as_json(report: BackupReport) -> dict[str, Any]:
    """A report as the command line shows it."""
    return asdict(report)


def _copy_state(state_dir: Path, to: Path) -> dict[str, str]:
    """Everything but database and blobs; the signed timestamp first."""
    found = sorted(
        (p for p in state_dir.rglob("*") if p.is_file() and not _is_left_out(state_dir, p)),
        key=lambda path: (path.name != "timestamp.json", str(path)),
    )
    files = {}
    for path in found:
        relative = path.relative_to(state_dir).as_posix()
        _copy(path, to / relative)
        files[f"state/{relative}"] = _digest(to / relative)
    return files


def _is_left_out(state_dir: Path, path: Path) -> bool:
    relative = path.relative_to(state_dir).as_posix()
    return any(relative == name or relative.startswith(f"{name}/") for name in NOT_COPIED)


def _copy_database(engine: Engine, folder: Path, *, is_portable: bool) -> str:
    if engine.dialect.name != "sqlite" or is_portable:
        dump_tables(engine, folder / DUMP_FILE)
        return DUMP_FILE
    source = engine.raw_connection()
    try:
        driver = engine.dialect.loaded_dbapi
        target = driver.connect(str(folder / DATABASE_FILE))
        source.driver_connection.backup(target)  # type: ignore[union-attr]
        target.execute("PRAGMA journal_mode = DELETE")
        target.close()
    finally:
        source.close()
    (folder / DATABASE_FILE).chmod(0o600)
    return DATABASE_FILE


def _copy_blobs(blobs: FolderBlobs, to: Path) -> tuple[dict[str, str], int, int]:
    """Digest -> where it lies (`flat` is published, `deep` uploaded); new ones and their bytes."""
    found: dict[str, str] = {}
    new, num_bytes = 0, 0
    for name in list(blobs.names()):
        kept = to / name[:2] / name
        found[name] = "flat" if blobs.is_published(name) else "deep"
        if kept.is_file():
            continue
        try:
            with blobs.reading(name) as path:
                _copy(path, kept)
        except FileNotFoundError:
            del found[name]  # forgotten on purpose a moment ago
            continue
        if _digest(kept) != name:
            kept.unlink()
            raise BackupError(f"blob {name[:12]} is damaged here", hint="look at the disk")
        new, num_bytes = new + 1, num_bytes + kept.stat().st_size
    return found, new, num_bytes


def _known_blobs(connection: Connection) -> set[str]:
    return {
        str(name)
        for table in (BLOBS, ARTIFACTS)
        for name in connection.execute(select(table.c.sha256)).scalars()
    }


def _require_new_place(place: Place, *, is_sqlite: bool) -> None:
    used = [p.name for p in place.state_dir.glob("*")] if place.state_dir.is_dir() else []
    used = [name for name in used if name != "updates" or any(_files(place.state_dir / name))]
    if used:
        raise BackupError(
            f"{place.state_dir} is not empty: {used[0]}", hint="give another state_dir in hub.toml"
        )
    if not is_sqlite:
        engine = open_database(place.database_url)
        with reading(engine) as connection:
            require_empty(connection)
        engine.dispose()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _restore_database(saved: Path, url: str) -> None:
    if saved.name == DATABASE_FILE:
        target = Path(url.removeprefix("sqlite:///"))
        _copy(saved, target)
    engine = open_database(url)
    if saved.name == DUMP_FILE:
        load_tables(engine, saved)
    engine.dispose()


def _check_sqlite(path: Path) -> list[str]:
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        told = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()
    return [] if told == "ok" else [f"{path.name}: {told}"]


def _read_manifest(place: Path, name: str) -> tuple[str, dict[str, Any]]:
    known = list_backups(place)
    if not known or (name and name not in known):
        raise BackupError(f"no backup {name!r} in {place}", hint="hubctl backup create")
    chosen = name or known[-1]
    found: dict[str, Any] = json.loads((place / "snapshots" / chosen / "manifest.json").read_text())
    return chosen, found


def _copy(source: Path, target: Path) -> None:
    """A file with its rights, on disk when this returns."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = target.with_name(f"{target.name}.new")
    shutil.copy2(source, temporary)
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    temporary.replace(target)
    fsync_directory(target.parent)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
