"""Weak labels: what a shopper or a barcode said about items of hard cases, vetted by pictures.

Flow: cases with named items -> claims -> vetted -> rows ; blocked cases rise in the review queue

A weak label never is a label of a reviewer: it has its own source, a version takes it only where it
was asked to, and a reviewer's answer takes its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from sync.hard_case import HardCase
from trainer.label_vetting import Status, Vetted, WeakSource
from trainer.store import audit
from trainer.store.cases import read_body
from trainer.store.dataset_tables import WEAK_LABELS
from trainer.store.review_tables import GOLD_CASES
from trainer.store.schema import CASES, RECEIVED

RAISED_BY = 200  # value of a case whose claim pictures contradict: a person decides it first
BARCODE = "scan"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one camera saw an item."""

    camera_id: str
    blob: str
    xyxy: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """What was said about one item of a case, and where it lies in each picture."""

    case_id: str
    box_id: str
    item_id: str
    sku_id: str
    source: WeakSource
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class StoredWeakLabel:
    """One region with what was said and what became of it."""

    weak_id: int
    case_id: str
    camera_id: str
    item_id: str
    sku_id: str
    source: WeakSource
    status: Status
    reason: str
    rival: str
    margin: int
    vetted_with: str
    at: datetime


def claims_to_vet(connection: Connection, limit: int) -> list[Claim]:
    """Claims of at most so many cases that nobody reviewed and nothing vetted."""
    done = select(WEAK_LABELS.c.case_id)
    query = (
        select(CASES.c.case_id, CASES.c.box_id, RECEIVED.c.body)
        .join(RECEIVED, RECEIVED.c.received_id == CASES.c.received_id)
        .where(CASES.c.status == "new", CASES.c.reason == "corrected")
        .where(CASES.c.case_id.not_in(done))
        .where(CASES.c.case_id.not_in(select(GOLD_CASES.c.case_id)))
        .order_by(CASES.c.case_id)
        .limit(limit)
    )
    after, found = "", list[Claim]()
    while not found:
        rows = connection.execute(query.where(CASES.c.case_id > after)).all()
        if not rows:
            break
        after = rows[-1].case_id
        for row in rows:
            case = read_body(row.body)
            found += claims_of(case, row.case_id, row.box_id) if case else []
    return found


def claims_of(case: HardCase, case_id: str, box_id: str) -> list[Claim]:
    """What was said about the items of a case."""
    named: dict[str, tuple[str, WeakSource]] = {}
    places: dict[str, list[Place]] = {}
    for picture in case.pictures:
        for item in picture.items:
            if item.answered:
                is_scan = item.named_by == BARCODE
                named[item.item_id] = (item.answered, "barcode" if is_scan else "shopper")
                place = Place(picture.camera_id, picture.blob, item.xyxy)
                places.setdefault(item.item_id, []).append(place)
    return [
        Claim(case_id, box_id, item_id, sku_id, source, tuple(places[item_id]))
        for item_id, (sku_id, source) in named.items()
    ]


def keep_vetted(
    connection: Connection, vetted: Sequence[tuple[Claim, Vetted]], *, vetted_with: str,
    now: datetime, actor: str,
) -> None:  # fmt: skip
    """Keep what became of claims; those that another request kept meanwhile stay."""
    ids = {claim.case_id for claim, _ in vetted}
    known = set(
        connection.execute(
            select(WEAK_LABELS.c.case_id).where(WEAK_LABELS.c.case_id.in_(ids))
        ).scalars()
    )
    new = [(claim, said) for claim, said in vetted if claim.case_id not in known]
    rows = [
        {
            "case_id": claim.case_id, "camera_id": place.camera_id, "item_id": claim.item_id,
            "x1": place.xyxy[0], "y1": place.xyxy[1], "x2": place.xyxy[2], "y2": place.xyxy[3],
            "sku_id": claim.sku_id, "source": claim.source, "status": said.status,
            "reason": said.reason, "rival": said.rival, "margin": said.margin,
            "vetted_with": vetted_with, "at": now,
        }
        for claim, said in new
        for place in claim.places
    ]  # fmt: skip
    if rows:
        connection.execute(insert(WEAK_LABELS), rows)
    blocked = {claim.case_id: said.reason for claim, said in new if said.status == "blocked"}
    connection.execute(
        update(CASES)
        .where(CASES.c.case_id.in_(blocked), CASES.c.status == "new")
        .values(value=CASES.c.value + RAISED_BY)
    )
    subjects = {f"case:{case_id}": {"reason": reason} for case_id, reason in blocked.items()}
    audit.record_many(
        connection, now=now, actor=actor, action="weak_label_blocked", subjects=subjects
    )


def page(
    connection: Connection, *, status: str, source: str, after: int, limit: int
) -> list[StoredWeakLabel]:
    """Weak labels in the order in which they were vetted."""
    weak = WEAK_LABELS.c
    query = select(*(weak[name] for name in StoredWeakLabel.__slots__)).where(weak.weak_id > after)
    if status:
        query = query.where(weak.status == status)
    if source:
        query = query.where(weak.source == source)
    rows = connection.execute(query.order_by(weak.weak_id).limit(limit)).mappings()
    return [StoredWeakLabel(**row) for row in rows]


def counts(connection: Connection) -> list[dict[str, Any]]:
    """How many regions by source, status and reason."""
    weak = WEAK_LABELS.c
    names = ("source", "status", "reason")
    columns = [weak[name] for name in names]
    rows = connection.execute(
        select(*columns, func.count()).group_by(*columns).order_by(*columns)
    ).all()
    return [{**dict(zip(names, row[:3], strict=True)), "count": int(row[3])} for row in rows]
