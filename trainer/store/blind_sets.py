"""Blind sets in the database: versions, their recordings, and every look that was spent.

Flow: received recordings -> version ; job -> look (once) -> what is left

A look is spent when a gate worker begins, not when it reports, so that a worker which looks and
never reports has paid. Pictures are read by `hub/blind_set_api.py` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from sync.recording import Recording
from trainer.release.blind_set import (
    BlindItem,
    BlindSetError,
    SpentSet,
    blind_set_id,
    inherited_looks,
    require_budget,
    require_whole,
)
from trainer.store import audit
from trainer.store.model_tables import VERDICTS
from trainer.store.release_tables import BLIND_ITEMS, BLIND_LOOKS, BLIND_SETS
from trainer.store.schema import BOXES, RECEIVED


class UnknownBlindSetError(BlindSetError):
    """No such version, or no such recording in it."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class StoredBlindSet:
    """One version and what is left of it."""

    blind_set_id: str
    version: int
    num_recordings: int
    budget: int
    looks_used: int
    note: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """One entry of the ledger."""

    look: int
    job_id: str
    bundle_id: str
    verdict: str
    by: str
    at: datetime


def create(
    connection: Connection, truths: Mapping[str, Mapping[str, int] | None] | None, *,
    budget: int, note: str, trained_baskets: frozenset[str], now: datetime, actor: str,
) -> StoredBlindSet:  # fmt: skip
    """A new version.

    Args:
        truths: recording -> what was in the basket, None for what was paid; None takes every
            recording that no training has seen, with what was paid.
        trained_baskets: baskets of which pictures stand in a data set.

    Raises:
        BlindSetError: see blind_set.require_whole; or this very version is there.
    """
    items = _items(connection, truths)
    if truths is None:
        items = [item for item in items if item.basket_id not in trained_baskets]
    require_whole(items, trained_baskets)
    digest = blind_set_id(items)
    older = {row.blind_set_id: row for row in list_sets(connection)}
    if digest in older:
        raise BlindSetError("this version is there already", hint="add or change a recording")
    spent = [SpentSet(_ids(connection, name), row.looks_used) for name, row in older.items()]
    version = 1 + max((row.version for row in older.values()), default=0)
    connection.execute(
        insert(BLIND_SETS).values(
            blind_set_id=digest, version=version, num_recordings=len(items), budget=budget,
            inherited_looks=inherited_looks(items, spent), note=note, created_by=actor,
            created_at=now,
        )
    )  # fmt: skip
    rows = [
        {"blind_set_id": digest, "recording_id": i.recording_id, "received_id": i.received_id,
         "basket_id": i.basket_id, "cluster": i.cluster, "truth": dict(i.truth)}
        for i in items
    ]  # fmt: skip
    connection.execute(insert(BLIND_ITEMS), rows)
    audit.record(
        connection, now=now, actor=actor, action="blind_set_created", subject=f"blind:{digest}",
        details={"version": str(version), "recordings": str(len(items))},
    )  # fmt: skip
    return find_set(connection, digest)


def list_sets(connection: Connection) -> list[StoredBlindSet]:
    """Every version, the newest first."""
    rows = connection.execute(select(BLIND_SETS).order_by(BLIND_SETS.c.version.desc())).mappings()
    return [_stored(connection, row) for row in rows]


def find_set(connection: Connection, name: str = "") -> StoredBlindSet:
    """A version by its digest; the newest where none is named.

    Raises:
        UnknownBlindSetError: there is none.
    """
    query = select(BLIND_SETS).order_by(BLIND_SETS.c.version.desc()).limit(1)
    query = query.where(BLIND_SETS.c.blind_set_id == name) if name else query
    row = connection.execute(query).mappings().first()
    if row is None:
        raise UnknownBlindSetError(f"no blind set {name[:64]!r}", hint="see hubctl blind list")
    return _stored(connection, row)


def items_of(connection: Connection, name: str) -> list[BlindItem]:
    """The recordings of a version, in order of their id."""
    query = select(BLIND_ITEMS).where(BLIND_ITEMS.c.blind_set_id == name)
    rows = connection.execute(query.order_by(BLIND_ITEMS.c.recording_id)).mappings()
    return [BlindItem(**{field: row[field] for field in BlindItem.__slots__}) for row in rows]


def recording_of(connection: Connection, name: str, recording_id: str) -> tuple[str, Recording]:
    """(box, recording) of one item, with its truth as the answer.

    Raises:
        UnknownBlindSetError: it is not in this version, or was forgotten since.
    """
    query = (
        select(RECEIVED.c.box_id, RECEIVED.c.body, BLIND_ITEMS.c.truth)
        .join(BLIND_ITEMS, BLIND_ITEMS.c.received_id == RECEIVED.c.received_id)
        .where(BLIND_ITEMS.c.blind_set_id == name, BLIND_ITEMS.c.recording_id == recording_id)
    )
    row = connection.execute(query).first()
    if row is None or not row.body:
        raise UnknownBlindSetError(f"no recording {recording_id[:40]!r}", hint="look at the set")
    truth = tuple(sorted(row.truth.items()))
    return row.box_id, Recording.model_validate({**row.body, "answer": truth})


def spend(
    connection: Connection, name: str, *, job_id: str, bundle_id: str, now: datetime, actor: str
) -> int:
    """Spend a look for a job; a job that runs again has its own already.

    Raises:
        BlindSetError: all are spent.
        UnknownBlindSetError: there is no such version.
    """
    known = connection.execute(select(BLIND_LOOKS.c.look).where(BLIND_LOOKS.c.job_id == job_id))
    look: int | None = known.scalar()
    if look is not None:
        return look
    found = find_set(connection, name)
    look = require_budget(found.looks_used, found.budget)
    connection.execute(
        insert(BLIND_LOOKS).values(
            blind_set_id=found.blind_set_id, look=look, job_id=job_id, bundle_id=bundle_id,
            by=actor, at=now,
        )
    )  # fmt: skip
    audit.record(
        connection, now=now, actor=actor, action="blind_look_spent",
        subject=f"blind:{found.blind_set_id}",
        details={"look": str(look), "of": str(found.budget), "bundle": bundle_id},
    )  # fmt: skip
    return look


def ledger(connection: Connection, name: str) -> list[Look]:
    """Every look at a version, the newest first, with what came of it."""
    verdict = VERDICTS.c
    rows = connection.execute(
        select(BLIND_LOOKS, verdict.verdict)
        .outerjoin(
            VERDICTS, (verdict.blind_set == BLIND_LOOKS.c.blind_set_id)
            & (verdict.look == BLIND_LOOKS.c.look),
        )
        .where(BLIND_LOOKS.c.blind_set_id == name)
        .order_by(BLIND_LOOKS.c.look.desc())
    )  # fmt: skip
    return [
        Look(row.look, row.job_id, row.bundle_id, row.verdict or "", row.by, row.at) for row in rows
    ]


def blind_baskets(connection: Connection) -> frozenset[str]:
    """Baskets of any version; a data set must leave all of them out."""
    return frozenset(connection.execute(select(BLIND_ITEMS.c.basket_id)).scalars())


def _items(
    connection: Connection, truths: Mapping[str, Mapping[str, int] | None] | None
) -> list[BlindItem]:
    query = (
        select(RECEIVED.c.received_id, RECEIVED.c.box_id, RECEIVED.c.body, BOXES.c.store_id)
        .join(BOXES, BOXES.c.box_id == RECEIVED.c.box_id)
        .where(RECEIVED.c.kind == "recording")
        .order_by(RECEIVED.c.received_id)
    )
    found: list[BlindItem] = []
    for row in connection.execute(query):
        if not row.body or (truths is not None and row.body["recording_id"] not in truths):
            continue
        recording = Recording.model_validate(row.body)
        told = None if truths is None else truths[recording.recording_id]
        cluster = f"{row.store_id or row.box_id}/{recording.at.date().isoformat()}"
        truth = dict(recording.answer) if told is None else dict(told)
        found.append(
            BlindItem(recording.recording_id, row.received_id, recording.basket_id, cluster, truth)
        )
    missing = set(truths or {}) - {item.recording_id for item in found}
    if missing:
        raise UnknownBlindSetError(f"no recording {min(missing)!r}", hint="was it forgotten?")
    return found


def _ids(connection: Connection, name: str) -> frozenset[str]:
    query = select(BLIND_ITEMS.c.recording_id).where(BLIND_ITEMS.c.blind_set_id == name)
    return frozenset(connection.execute(query).scalars())


def _stored(connection: Connection, row: Any) -> StoredBlindSet:
    query = select(func.max(BLIND_LOOKS.c.look)).where(
        BLIND_LOOKS.c.blind_set_id == row["blind_set_id"]
    )
    used = connection.execute(query).scalar() or row["inherited_looks"]
    names = (n for n in StoredBlindSet.__slots__ if n != "looks_used")
    return StoredBlindSet(**{name: row[name] for name in names}, looks_used=used)
