"""Forgetting a store: its pictures, labels and recordings go; what was made of them is named.

Flow: store -> plan (cases, pictures, versions, models) -> rows emptied, blobs for the caller

Rows keep their numbers, so nothing is delivered twice. Sales in counts and the audit stay, and so
does every blob that a row names and its own box never sent. Versions that hold its pictures are
withdrawn: they cannot be rebuilt; models made from them, and models that began from those, must be
retrained, which nothing here does by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from trainer.store import audit, datasets, provenance
from trainer.store.artifact_tables import ARTIFACTS
from trainer.store.dataset_tables import DATASETS, PICTURE_FACTS, WEAK_LABELS
from trainer.store.picture_life import blobs_named
from trainer.store.provenance import SeenModel, VersionUse
from trainer.store.release_tables import BLIND_ITEMS
from trainer.store.review_tables import ANSWERS, CLAIMS, GOLD_CASES, LABELS
from trainer.store.schema import BLOBS, BOXES, CASES, RECEIVED
from trainer.store.stores import find_store

PORTION = 500


@dataclass(frozen=True, slots=True)
class ForgetPlan:
    """What forgetting a store takes, and what it leaves to do.

    Attributes:
        blobs: of its pictures and recordings.
        versions: data sets that hold its pictures.
        models: to be retrained.
        blind_sets: that hold its recordings, and must be made anew.
    """

    store_id: str
    num_cases: int
    num_labels: int
    num_answers: int
    num_recordings: int
    blobs: tuple[str, ...]
    versions: tuple[VersionUse, ...]
    models: tuple[SeenModel, ...]
    blind_sets: tuple[str, ...]


def plan(connection: Connection, store_id: str) -> ForgetPlan:
    """What it would take; nothing is changed.

    Raises:
        UnknownStoreError: there is no such store.
    """
    find_store(connection, store_id)
    mine = _cases_of(store_id)
    rows = _recordings(connection, store_id)
    versions = provenance.versions_with_store(connection, store_id)
    return ForgetPlan(
        store_id=store_id,
        num_cases=provenance.num_cases_of_store(connection, store_id),
        num_labels=_count(connection, LABELS, LABELS.c.case_id.in_(mine)),
        num_answers=_count(connection, ANSWERS, ANSWERS.c.case_id.in_(mine)),
        num_recordings=sum(bool(row.body) for row in rows),
        blobs=_own_blobs(connection, store_id, rows),
        versions=tuple(versions),
        models=tuple(provenance.models_from(connection, [use.version_id for use in versions])),
        blind_sets=_blind_sets(connection, [row.received_id for row in rows]),
    )


def forget(connection: Connection, store_id: str, *, now: datetime, actor: str) -> ForgetPlan:
    """Do it; the caller removes the blobs of the plan before the commit: a cut can be repeated.

    Raises:
        UnknownStoreError: there is no such store.
    """
    doomed = plan(connection, store_id)
    mine = _cases_of(store_id)
    for table in (LABELS, ANSWERS, GOLD_CASES, CLAIMS, WEAK_LABELS):
        connection.execute(delete(table).where(table.c.case_id.in_(mine)))
    received = select(CASES.c.received_id).where(CASES.c.store_id == store_id)
    numbers = [row.received_id for row in _recordings(connection, store_id)]
    connection.execute(update(RECEIVED).where(RECEIVED.c.received_id.in_(received)).values(body={}))
    for begin in range(0, len(numbers), PORTION):
        where = RECEIVED.c.received_id.in_(numbers[begin : begin + PORTION])
        connection.execute(update(RECEIVED).where(where).values(body={}))
    connection.execute(
        update(CASES).where(CASES.c.store_id == store_id).values(status="forgotten", basket_id="")
    )
    _drop_last_pictures(connection, store_id)
    for begin in range(0, len(doomed.blobs), PORTION):
        names = doomed.blobs[begin : begin + PORTION]
        connection.execute(delete(PICTURE_FACTS).where(PICTURE_FACTS.c.blob.in_(names)))
        connection.execute(delete(BLOBS).where(BLOBS.c.sha256.in_(names)))
    ids = sorted({use.version_id for use in doomed.versions})
    held = connection.execute(
        select(DATASETS.c.dataset_no).where(DATASETS.c.version_id.in_(ids))
    ).scalars()
    datasets.withdraw(
        connection, list(held), f"store {store_id} was forgotten", now=now, actor=actor
    )
    audit.record(
        connection, now=now, actor=actor, action="store_forgotten", subject=f"store:{store_id}",
        details={
            "cases": str(doomed.num_cases), "blobs": str(len(doomed.blobs)),
            "recordings": str(doomed.num_recordings), "datasets": ",".join(ids)[:2000],
            "retrain": ",".join(model.bundle_id for model in doomed.models)[:2000],
        },
    )  # fmt: skip
    return doomed


def _cases_of(store_id: str) -> Any:
    return select(CASES.c.case_id).where(CASES.c.store_id == store_id)


def _recordings(connection: Connection, store_id: str) -> Sequence[Any]:
    return connection.execute(
        select(RECEIVED.c.received_id, RECEIVED.c.box_id, RECEIVED.c.body)
        .join(BOXES, BOXES.c.box_id == RECEIVED.c.box_id)
        .where(RECEIVED.c.kind == "recording", BOXES.c.store_id == store_id)
    ).all()


def _own_blobs(connection: Connection, store_id: str, recordings: Sequence[Any]) -> tuple[str, ...]:
    """What rows and check-ins name and their own box sent: a row may name anything, even a path."""
    named: dict[str, dict[str, None]] = {}
    cases = connection.execute(
        select(RECEIVED.c.box_id, RECEIVED.c.body)
        .join(CASES, CASES.c.received_id == RECEIVED.c.received_id)
        .where(CASES.c.store_id == store_id)
    )
    for row in (*cases, *recordings):
        named.setdefault(row.box_id, {}).update(dict.fromkeys(blobs_named(row.body)))
    told = select(BOXES.c.box_id, BOXES.c.check_in).where(BOXES.c.store_id == store_id)
    for row in connection.execute(told):
        last = (row.check_in or {}).get("last_picture", {}).values()
        named.setdefault(row.box_id, {}).update(dict.fromkeys(map(str, last)))
    found: list[str] = []
    for box_id, names in named.items():
        sent = select(BLOBS.c.sha256).where(
            BLOBS.c.box_id == box_id, BLOBS.c.sha256.not_in(select(ARTIFACTS.c.sha256))
        )
        own = set(connection.execute(sent).scalars())
        found += [name for name in names if name in own]
    return tuple(found)


def _blind_sets(connection: Connection, received: list[int]) -> tuple[str, ...]:
    found: set[str] = set()
    for begin in range(0, len(received), PORTION):
        part = received[begin : begin + PORTION]
        query = select(BLIND_ITEMS.c.blind_set_id).where(BLIND_ITEMS.c.received_id.in_(part))
        found.update(connection.execute(query).scalars())
    return tuple(sorted(found))


def _drop_last_pictures(connection: Connection, store_id: str) -> None:
    rows = connection.execute(
        select(BOXES.c.box_id, BOXES.c.check_in).where(BOXES.c.store_id == store_id)
    ).all()
    for row in rows:
        if row.check_in:
            told = {**row.check_in, "last_picture": {}}
            connection.execute(
                update(BOXES).where(BOXES.c.box_id == row.box_id).values(check_in=told)
            )


def _count(connection: Connection, table: Any, where: Any) -> int:
    query = select(func.count()).select_from(table).where(where)
    return int(connection.execute(query).scalar_one())
