"""How long pictures of boxes live at the centre: until they are asked away, too old, or of no row.

Flow: basket id, or age -> rows emptied, blob rows gone -> names of files to delete

The caller deletes the files inside the same transaction: a cut between the two leaves rows that
still name them, so it can be asked again. A blob that another row of its box names stays, and so
does what no box sent or what is an artefact: a row may name anything, but erases only its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy import String as Text

from trainer.store import audit
from trainer.store.artifact_tables import ARTIFACTS
from trainer.store.dataset_tables import DATASET_ITEMS
from trainer.store.release_tables import BLIND_ITEMS
from trainer.store.schema import BLOBS, BOXES, CASES, COMMANDS, RECEIVED

WITH_PICTURES = ("case", "recording")
PORTION = 500  # rows or names in one statement


@dataclass(frozen=True, slots=True)
class PictureDays:
    """Days that each class of pictures is kept.

    Attributes:
        case: a hard case; one in a version of a data set stays as long as that.
        recording: a whole basket; one in a blind set stays as long as that.
        unnamed: a last picture that a newer one replaced, or an upload whose row never came.
    """

    case: int = 180
    recording: int = 365
    unnamed: int = 2


def forget_basket(
    connection: Connection, basket_id: str, *, now: datetime, actor: str
) -> tuple[str, ...]:
    """Empty every row of a basket that holds pictures; names of the files to delete.

    A data set or blind set that holds one of them cannot be rebuilt whole afterwards: who is in a
    picture comes first.
    """
    rows = connection.execute(
        select(RECEIVED.c.received_id, RECEIVED.c.box_id, RECEIVED.c.body).where(
            RECEIVED.c.kind.in_(WITH_PICTURES),
            RECEIVED.c.body["basket_id"].as_string() == basket_id,
        )
    ).all()
    doomed = _erase(connection, rows)
    connection.execute(
        update(CASES).where(CASES.c.basket_id == basket_id).values(status="forgotten")
    )
    audit.record(connection, now=now, actor=actor, action="basket_forgotten", subject=basket_id,
                 details={"blobs": str(len(doomed))})  # fmt: skip
    return doomed


def expire(connection: Connection, days: PictureDays, *, now: datetime) -> tuple[str, ...]:
    """Erase some of what is too old; names of the files to delete. Call until there are none."""
    doomed: list[str] = []
    for kind, kept_days in (("case", days.case), ("recording", days.recording)):
        rows = _old_rows(connection, kind, now - timedelta(days=kept_days))
        doomed += _erase(connection, rows)
        ids = [row.received_id for row in rows]
        connection.execute(
            update(CASES).where(CASES.c.received_id.in_(ids)).values(status="expired")
        )
    doomed += _unnamed(connection, now - timedelta(days=days.unnamed))
    if doomed:
        audit.record(connection, now=now, actor="hub", action="pictures_expired", subject="blobs",
                     details={"blobs": str(len(doomed))})  # fmt: skip
    return tuple(doomed)


def _old_rows(connection: Connection, kind: str, before: datetime) -> list[Any]:
    """Rows with pictures that nothing holds on to."""
    query = (
        select(RECEIVED.c.received_id, RECEIVED.c.box_id, RECEIVED.c.body)
        .where(RECEIVED.c.kind == kind, RECEIVED.c.created_at < before)
        .where(RECEIVED.c.body.cast(Text) != "{}")
        .where(RECEIVED.c.received_id.not_in(select(BLIND_ITEMS.c.received_id)))
        .order_by(RECEIVED.c.created_at)
    )
    found: list[Any] = []
    for row in connection.execute(query):
        names = blobs_named(row.body)
        held = select(DATASET_ITEMS.c.blob).where(DATASET_ITEMS.c.blob.in_(names)).limit(1)
        if connection.execute(held).scalar() is None:
            found.append(row)
        if len(found) == PORTION:
            break
    return found


def _erase(connection: Connection, rows: Iterable[Any]) -> tuple[str, ...]:
    """Empty rows, keep their numbers; blobs of their boxes that no other row names."""
    doomed: list[str] = []
    for row in rows:
        connection.execute(
            update(RECEIVED).where(RECEIVED.c.received_id == row.received_id).values(body={})
        )
        doomed += [
            name
            for name in blobs_named(row.body)
            if _is_own(connection, name, row.box_id) and not _is_named(connection, name, row.box_id)
        ]
    names = tuple(dict.fromkeys(doomed))
    for begin in range(0, len(names), PORTION):
        portion = names[begin : begin + PORTION]
        connection.execute(delete(BLOBS).where(BLOBS.c.sha256.in_(portion)))
    return names


def _unnamed(connection: Connection, before: datetime) -> tuple[str, ...]:
    """Blobs of boxes that were to belong to a row, a check-in or a command, and belong to none."""
    doomed: list[str] = []
    for box_id, told in connection.execute(select(BOXES.c.box_id, BOXES.c.check_in)).all():
        old = set(
            connection.execute(
                select(BLOBS.c.sha256)
                .where(BLOBS.c.box_id == box_id, BLOBS.c.created_at < before)
                .where(BLOBS.c.sha256.not_in(select(ARTIFACTS.c.sha256)))
            ).scalars()
        )
        if not old:
            continue
        old -= set((told or {}).get("last_picture", {}).values())
        commands = select(COMMANDS.c.blob).where(COMMANDS.c.box_id == box_id)
        old -= set(connection.execute(commands).scalars())
        bodies = select(RECEIVED.c.body).where(
            RECEIVED.c.box_id == box_id, RECEIVED.c.kind.in_(WITH_PICTURES)
        )
        for body in connection.execute(bodies).scalars():
            old.difference_update(blobs_named(body))
        doomed += sorted(old)[: PORTION - len(doomed)]
        if len(doomed) >= PORTION:
            break
    connection.execute(delete(BLOBS).where(BLOBS.c.sha256.in_(doomed)))
    return tuple(doomed)


def blobs_named(body: dict[str, Any]) -> list[str]:
    """Blobs that a case or a recording names; its form is not trusted."""
    pictures = body.get("pictures")
    listed = pictures if isinstance(pictures, list) else []
    named = [p.get("blob") for p in listed if isinstance(p, dict)]
    return [name for name in (*named, body.get("blob")) if isinstance(name, str) and name]


def _is_own(connection: Connection, name: str, box_id: str) -> bool:
    owner = connection.execute(select(BLOBS.c.box_id).where(BLOBS.c.sha256 == name)).scalar()
    artefact = select(ARTIFACTS.c.sha256).where(ARTIFACTS.c.sha256 == name)
    return owner == box_id and connection.execute(artefact).scalar() is None


def _is_named(connection: Connection, name: str, box_id: str) -> bool:
    """Whether a row of the box that is not emptied, or its last check-in, still names the blob."""
    text = RECEIVED.c.body.cast(Text)
    row = connection.execute(
        select(RECEIVED.c.received_id)
        .where(RECEIVED.c.box_id == box_id, RECEIVED.c.kind.in_(WITH_PICTURES))
        .where(text.contains(name, autoescape=True))
        .limit(1)
    ).scalar()
    told = connection.execute(select(BOXES.c.check_in).where(BOXES.c.box_id == box_id)).scalar()
    return row is not None or name in (told or {}).get("last_picture", {}).values()
