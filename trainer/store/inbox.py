"""What boxes send: every row once, acknowledged only after the commit.

Flow: Batch -> received (UNIQUE box, epoch, seq) -> cases

A row that comes twice, same time and same digest, is acknowledged again and has no second effect.
The same number with another row means a restored disk or a clone; the caller answers 409, once
everything below that number is acknowledged: a box that begins a new epoch then takes along nothing
that is here already.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from sync.protocol import Batch, BatchItem
from trainer.errors import DegradedError
from trainer.store.schema import BLOBS, BOX_EPOCHS, CASES, RECEIVED


class EpochConflictError(DegradedError):
    """A row under a number that held something else: the box must begin a new epoch."""

    code = "outbox.epoch_conflict"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one batch."""

    acked: tuple[int, ...]
    acked_through: int
    refused: dict[str, str]
    missing_blobs: tuple[str, ...]


def canonical_body(body: dict[str, Any]) -> bytes:
    """The bytes whose sha256 is `BatchItem.body_sha256`."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def take_batch(
    connection: Connection, box_id: str, store_id: str | None, batch: Batch, *, now: datetime
) -> Taken:
    """Store the rows of a batch inside the caller's transaction.

    Raises:
        EpochConflictError: a number is taken by another row, and no row before it was taken.
    """
    known = _known_rows(connection, box_id, batch)
    acked: list[int] = []
    taken: list[BatchItem] = []
    refused: dict[str, str] = {}
    missing: list[str] = []
    for item in batch.items:
        here = known.get(item.seq)
        if here is not None and _is_same_row(item, here):
            acked.append(item.seq)
            continue
        if here is not None and not _is_found_again(item, here):
            if acked or refused:
                break  # the box hears of the conflict when it comes with the rest
            raise EpochConflictError(
                f"row {item.seq} of epoch {batch.epoch[:8]} holds something else here",
                hint="the box begins a new epoch and sends its queue again",
            )
        reason = _reason_to_refuse(item)
        absent = _absent_blobs(connection, item.blobs)
        if reason:
            refused[str(item.seq)] = reason
        elif absent:
            missing.extend(absent)
        else:
            if here is not None:
                _forget_drop(connection, box_id, batch.epoch, item.seq)
            taken.append(item)
            known[item.seq] = _Here(item.body_sha256, item.created_at, item.kind)
            acked.append(item.seq)
    _store(connection, box_id, store_id, batch.epoch, taken, now)
    through = _advance(connection, box_id, batch.epoch)
    return Taken(tuple(acked), through, refused, tuple(dict.fromkeys(missing)))


@dataclass(frozen=True, slots=True)
class _Here:
    body_sha256: str
    created_at: datetime
    kind: str


def _is_same_row(item: BatchItem, here: _Here) -> bool:
    """Whether the row that is here is this one, or this one before it was given up.

    The time is part of it: a restored box may say the same again and mean another sale.
    """
    is_digest_right = here.body_sha256 == item.body_sha256 or item.kind == "dropped"
    return is_digest_right and here.created_at == item.created_at


def _is_found_again(item: BatchItem, here: _Here) -> bool:
    """Whether a row that was reported as dropped comes after all, from a restored disk."""
    return here.kind == "dropped" and here.created_at == item.created_at


def _forget_drop(connection: Connection, box_id: str, epoch: str, seq: int) -> None:
    connection.execute(
        delete(RECEIVED).where(
            RECEIVED.c.box_id == box_id,
            RECEIVED.c.epoch == epoch,
            RECEIVED.c.seq == seq,
            RECEIVED.c.kind == "dropped",
        )
    )


def _known_rows(connection: Connection, box_id: str, batch: Batch) -> dict[int, _Here]:
    numbers = [item.seq for item in batch.items]
    columns = (RECEIVED.c.seq, RECEIVED.c.body_sha256, RECEIVED.c.created_at, RECEIVED.c.kind)
    rows = connection.execute(
        select(*columns).where(
            RECEIVED.c.box_id == box_id,
            RECEIVED.c.epoch == batch.epoch,
            RECEIVED.c.seq.in_(numbers),
        )
    )
    return {row.seq: _Here(row.body_sha256, row.created_at, row.kind) for row in rows}


def _reason_to_refuse(item: BatchItem) -> str:
    if hashlib.sha256(canonical_body(item.body)).hexdigest() != item.body_sha256:
        return "body_altered"
    if item.kind == "case" and not item.body.get("reason"):
        return "case_without_reason"
    return ""


def _absent_blobs(connection: Connection, wanted: Iterable[str]) -> list[str]:
    names = list(wanted)
    if not names:
        return []
    here = set(
        connection.execute(
            select(BLOBS.c.sha256).where(BLOBS.c.sha256.in_(names), BLOBS.c.is_complete)
        ).scalars()
    )
    return [name for name in names if name not in here]


def _store(
    connection: Connection,
    box_id: str,
    store_id: str | None,
    epoch: str,
    items: list[BatchItem],
    now: datetime,
) -> None:
    """Insert rows, all of a batch in one statement; a case also gets its row for reviewers."""
    rows = [
        {
            "box_id": box_id,
            "epoch": epoch,
            "seq": item.seq,
            "kind": item.kind,
            "body_sha256": item.body_sha256,
            "body": item.body,
            "created_at": item.created_at,
            "received_at": now,
        }
        for item in items
    ]
    plain = [row for row in rows if row["kind"] != "case"]
    if plain:
        connection.execute(insert(RECEIVED), plain)
    for row, item in zip(rows, items, strict=True):
        if item.kind == "case":
            result: Any = connection.execute(insert(RECEIVED).values(row))
            received_id = result.inserted_primary_key[0]
            _store_case(connection, box_id, store_id, item, received_id)


def _store_case(
    connection: Connection, box_id: str, store_id: str | None, item: BatchItem, received_id: int
) -> None:
    connection.execute(
        insert(CASES).values(
            case_id=str(item.body.get("case_id") or uuid.uuid4().hex)[:40],
            received_id=received_id,
            box_id=box_id,
            store_id=store_id,
            basket_id=str(item.body.get("basket_id", ""))[:120],
            reason=str(item.body["reason"])[:40],
            value=int(item.body.get("value", 0)),
            created_at=item.created_at,
        )
    )


def _advance(connection: Connection, box_id: str, epoch: str) -> int:
    """Move the mark below which every row of the epoch is here; its new value."""
    where = (BOX_EPOCHS.c.box_id == box_id) & (BOX_EPOCHS.c.epoch == epoch)
    through = connection.execute(select(BOX_EPOCHS.c.acked_through).where(where)).scalar() or 0
    in_epoch = (RECEIVED.c.box_id == box_id) & (RECEIVED.c.epoch == epoch)
    rows = connection.execute(
        select(RECEIVED.c.seq).where(in_epoch, RECEIVED.c.seq > through).order_by(RECEIVED.c.seq)
    ).scalars()
    moved = through
    for seq in rows:
        if seq != moved + 1:
            break
        moved = seq
    if moved != through:
        connection.execute(update(BOX_EPOCHS).where(where).values(acked_through=moved))
    return int(moved)


def count_received(connection: Connection) -> dict[str, int]:
    """Rows per kind, for the dashboard and the conservation test."""
    rows = connection.execute(select(RECEIVED.c.kind, func.count()).group_by(RECEIVED.c.kind)).all()
    return {row[0]: int(row[1]) for row in rows}


def count_by_box(connection: Connection) -> dict[str, int]:
    """Rows of each box, for the test that nothing was lost on the way."""
    rows = connection.execute(
        select(RECEIVED.c.box_id, func.count()).group_by(RECEIVED.c.box_id)
    ).all()
    return {row[0]: int(row[1]) for row in rows}
