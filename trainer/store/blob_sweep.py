"""Which blobs nothing names any more, and their removal: reachability, age, pins.

Flow: every text of every table + signed metadata + JSON blobs that are named -> digests in use
      -> blobs not in use, old enough, not pinned -> rows and files removed, audited

The mark is conservative on purpose: a digest that stands anywhere in the database (but in the lists
of blobs themselves and in the audit) is in use, so a table that is new tomorrow is safe today. A
named JSON blob (a bundle's or data set's manifest) is read, and what it names is in use too.

An upload in progress is safe: whoever is about to name a blob asks for it or sends it first, which
makes it young, and what is young is never swept; what boxes named since the mark began is looked at
again in the transaction that removes.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import JSON, Connection, Engine, String, Table, Text, delete, func, insert, select

from trainer.store import audit
from trainer.store.artifact_tables import ARTIFACT_HOLDERS, ARTIFACTS
from trainer.store.blobs import FolderBlobs
from trainer.store.care_tables import BLOB_PINS
from trainer.store.database import reading, writing
from trainer.store.schema import AUDIT, BLOBS, METADATA, RECEIVED

DIGEST = re.compile(r"[0-9a-f]{64}")
OF_BLOBS = (BLOBS, ARTIFACTS, ARTIFACT_HOLDERS)
LISTS = frozenset({*(t.name for t in OF_BLOBS), AUDIT.name, BLOB_PINS.name, "alembic_version"})
MAX_MANIFEST_BYTES = 16 * 1024 * 1024
MIN_AGE_S = 24 * 3600.0
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What would go, or went.

    Attributes:
        num_named: in use or pinned; `num_young` spared for their age.
        doomed: (sha256, bytes); removed unless it was a dry run.
        spared: named again between the mark and the removal.
    """

    num_blobs: int
    num_named: int
    num_young: int
    doomed: tuple[tuple[str, int], ...]
    spared: tuple[str, ...]
    is_dry_run: bool


def sweep(
    engine: Engine, blobs: FolderBlobs, metadata: Path, *, is_dry_run: bool, now: datetime,
    actor: str, min_age_s: float = MIN_AGE_S,
) -> SweepReport:  # fmt: skip
    """Find what nothing names, and remove it unless it is a dry run.

    Args:
        metadata: folder of the signed metadata.
    """
    with reading(engine) as connection:
        last_received = connection.execute(select(func.max(RECEIVED.c.received_id))).scalar() or 0
        named = set(_digests_in_tables(connection)) | set(pins(connection))
    named |= _digests_in_files(metadata)
    named |= _named_by_blobs(blobs, named)
    listed = list(blobs.names())
    unnamed = [name for name in listed if name not in named]
    old = [name for name in unnamed if blobs.age_s(name) >= min_age_s]
    doomed = [(name, blobs.size(name)) for name in old]
    spared: list[str] = []
    if not is_dry_run:
        doomed, spared = _remove(engine, blobs, doomed, last_received, now, actor, min_age_s)
    return SweepReport(
        len(listed), len(listed) - len(unnamed), len(unnamed) - len(old), tuple(doomed),
        tuple(spared), is_dry_run,
    )  # fmt: skip


def pins(connection: Connection) -> dict[str, str]:
    """Pinned blobs and why."""
    rows = connection.execute(select(BLOB_PINS).order_by(BLOB_PINS.c.at)).mappings()
    return {row["sha256"]: row["note"] for row in rows}


def set_pin(
    connection: Connection, sha256: str, note: str | None, *, now: datetime, actor: str
) -> None:
    """Pin a blob, or with no note let go of it."""
    connection.execute(delete(BLOB_PINS).where(BLOB_PINS.c.sha256 == sha256))
    if note is not None:
        connection.execute(insert(BLOB_PINS).values(sha256=sha256, note=note, by=actor, at=now))
    action = "blob_unpinned" if note is None else "blob_pinned"
    audit.record(connection, now=now, actor=actor, action=action, subject=f"blob:{sha256}",
                 details={"note": note or ""})  # fmt: skip


def digests_named(connection: Connection) -> set[str]:
    """Every digest that the database names."""
    return set(_digests_in_tables(connection))


def _digests_in_tables(connection: Connection) -> Iterator[str]:
    for table in METADATA.sorted_tables:
        if table.name not in LISTS:
            yield from _digests_in(connection, table, None)


def _digests_in(connection: Connection, table: Table, after: int | None) -> Iterator[str]:
    columns = [c for c in table.columns if isinstance(c.type, String | Text | JSON)]
    if not columns:
        return
    query = select(*columns).execution_options(yield_per=PAGE)
    if after is not None:
        query = query.where(table.c.received_id > after)
    for row in connection.execute(query):
        for value in row:
            text = value if isinstance(value, str) else json.dumps(value)
            yield from DIGEST.findall(text)


def _digests_in_files(folder: Path) -> set[str]:
    """What the signed metadata names, every version of it."""
    found: set[str] = set()
    for path in folder.rglob("*"):
        if path.is_file():
            found.update(DIGEST.findall(path.read_text(errors="replace")))
            found.update(DIGEST.findall(path.name))
    return found


def _named_by_blobs(blobs: FolderBlobs, named: Collection[str]) -> set[str]:
    """What named JSON blobs name, and so on."""
    found: set[str] = set()
    waiting = list(named)
    while waiting:
        name = waiting.pop()
        for inner in _read_digests(blobs, name):
            if inner not in found and inner not in named:
                found.add(inner)
                waiting.append(inner)
    return found


def _read_digests(blobs: FolderBlobs, name: str) -> Iterable[str]:
    if not blobs.has(name) or not 2 < blobs.size(name) <= MAX_MANIFEST_BYTES:
        return ()
    with blobs.path(name).open("rb") as stream:
        if stream.read(1) not in (b"{", b"["):
            return ()
        stream.seek(0)
        return DIGEST.findall(stream.read().decode(errors="replace"))


def _remove(
    engine: Engine, blobs: FolderBlobs, doomed: list[tuple[str, int]], last_received: int,
    now: datetime, actor: str, min_age_s: float,
) -> tuple[list[tuple[str, int]], list[str]]:  # fmt: skip
    gone: list[tuple[str, int]] = []
    with writing(engine) as connection:
        fresh = set(_digests_in(connection, RECEIVED, last_received))
        for name, size in doomed:
            if name not in fresh and blobs.remove_if_old(name, min_age_s):
                for table in OF_BLOBS:
                    connection.execute(delete(table).where(table.c.sha256 == name))
                gone.append((name, size))
        if gone:
            details = {"blobs": str(len(gone)), "bytes": str(sum(size for _, size in gone))}
            audit.record(connection, now=now, actor=actor, action="blobs_swept",
                         subject="blobs", details=details)  # fmt: skip
    kept = {name for name, _ in gone}
    return gone, [name for name, _ in doomed if name not in kept]
