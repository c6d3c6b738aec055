"""Boxes that belong here: counters against replay, the nonce ratchet against clones, commands.

Every function takes the caller's connection, so one request is one transaction.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from sync.protocol import CheckIn, RemoteCommand
from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.schema import BOX_EPOCHS, BOXES, COMMANDS


class EnrolmentError(DegradedError):
    """A box may not belong to this hub; the message says why."""

    code = "fleet.enrolment"


class ReplayError(DegradedError):
    """A request that was seen before."""

    code = "identity.replayed"


class CloneError(DegradedError):
    """Two machines use one identity; both are shut out until a person looks."""

    code = "identity.cloned"


@dataclass(frozen=True, slots=True)
class BoxRow:
    """A box as the hub knows it."""

    box_id: str
    public_key: str
    next_public_key: str
    status: str
    store_id: str | None
    ring: str
    nonce: str
    previous_nonce: str


def find_box(connection: Connection, box_id: str) -> BoxRow | None:
    """A box by its name."""
    row = connection.execute(select(BOXES).where(BOXES.c.box_id == box_id)).mappings().first()
    if row is None:
        return None
    return BoxRow(**{name: row[name] for name in BoxRow.__slots__})


def must_find_box(connection: Connection, box_id: str) -> BoxRow:
    """A box by its name.

    Raises:
        EnrolmentError: no such box.
    """
    box = find_box(connection, box_id)
    if box is None:
        raise EnrolmentError(f"no box {box_id}", hint="see hubctl fleet list")
    return box


def use_counter(
    connection: Connection, box_id: str, epoch: str, counter: int, *, now: datetime
) -> None:
    """Accept a request's counter once.

    Raises:
        ReplayError: it is not larger than the last one of this epoch.
    """
    where = (BOX_EPOCHS.c.box_id == box_id) & (BOX_EPOCHS.c.epoch == epoch)
    last = connection.execute(select(BOX_EPOCHS.c.last_counter).where(where)).scalar()
    if last is None:
        connection.execute(
            insert(BOX_EPOCHS).values(
                box_id=box_id, epoch=epoch, last_counter=counter, first_seen_at=now
            )
        )
        return
    if counter <= last:
        raise ReplayError(f"request {counter} of {box_id} was seen; the last one is {last}")
    connection.execute(update(BOX_EPOCHS).where(where).values(last_counter=counter))


def check_in(connection: Connection, box: BoxRow, message: CheckIn, *, now: datetime) -> str:
    """Note how a box is doing and turn its nonce ratchet; the next nonce.

    A box that never got the last answer shows the nonce before; the lost one is then void. A copy
    of the box forks this chain at its first or second contact: one of the two shows a void nonce.

    Raises:
        CloneError: the nonce is neither the current nor the one before.
    """
    fresh = secrets.token_hex(16)
    if message.nonce == box.nonce or not box.nonce:  # empty: a person readmitted the box
        previous = box.nonce
    elif message.nonce == box.previous_nonce:
        previous = box.previous_nonce
    else:
        raise CloneError(
            f"box {box.box_id} shows a nonce that is not its own",
            hint="two machines have this key: replace the box, then readmit it",
        )
    connection.execute(
        update(BOXES)
        .where(BOXES.c.box_id == box.box_id)
        .values(
            nonce=fresh, previous_nonce=previous, seen_at=now,
            check_in=message.model_dump(mode="json"),
        )
    )  # fmt: skip
    return fresh


def set_next_key(connection: Connection, box_id: str, public_key: str, *, now: datetime) -> None:
    """A new key stands beside the old one until its first use."""
    connection.execute(
        update(BOXES).where(BOXES.c.box_id == box_id).values(next_public_key=public_key)
    )
    audit.record(connection, now=now, actor=box_id, action="rekey_asked", subject=box_id)


def adopt_next_key(connection: Connection, box: BoxRow, *, now: datetime) -> None:
    """The new key was used: the old one is worth nothing from here on."""
    connection.execute(
        update(BOXES)
        .where(BOXES.c.box_id == box.box_id)
        .values(public_key=box.next_public_key, next_public_key="")
    )
    audit.record(connection, now=now, actor=box.box_id, action="rekeyed", subject=box.box_id)


def ask_box(connection: Connection, box_id: str, kind: str, *, now: datetime, actor: str) -> str:
    """Queue a remote command; its id.

    Raises:
        EnrolmentError: no such box.
    """
    must_find_box(connection, box_id)
    command_id = uuid.uuid4().hex
    connection.execute(
        insert(COMMANDS).values(
            command_id=command_id, box_id=box_id, kind=kind, arguments={}, status="waiting",
            created_at=now,
        )
    )  # fmt: skip
    audit.record(connection, now=now, actor=actor, action=f"command_{kind}", subject=box_id)
    return command_id


def waiting_commands(connection: Connection, box_id: str) -> tuple[RemoteCommand, ...]:
    """Commands not yet answered; sent with every check-in until they are."""
    rows = connection.execute(
        select(COMMANDS)
        .where(COMMANDS.c.box_id == box_id, COMMANDS.c.status.in_(("waiting", "sent")))
        .order_by(COMMANDS.c.created_at)
        .limit(20)
    ).mappings()
    return tuple(
        RemoteCommand(
            command_id=row["command_id"], kind=row["kind"], arguments=dict(row["arguments"])
        )
        for row in rows
    )


def finish_command(
    connection: Connection, box_id: str, command_id: str, *, is_done: bool, message: str,
    blob: str, now: datetime,
) -> bool:  # fmt: skip
    """Note the result of a command of this box; False where it is none of its own."""
    result: Any = connection.execute(
        update(COMMANDS)
        .where(COMMANDS.c.command_id == command_id, COMMANDS.c.box_id == box_id)
        .values(status="done" if is_done else "failed", message=message, blob=blob, finished_at=now)
    )
    return bool(result.rowcount)
