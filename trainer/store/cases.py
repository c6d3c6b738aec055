"""Hard cases as people see them: found, listed, claimed for ten minutes, ranked.

The body is what the box sent (sync/hard_case.py); the order is labeling.py's. A claim keeps two
people from doing the same work and runs out by itself.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Select, delete, exists, func, insert, select

from sync.hard_case import HardCase
from trainer.errors import DegradedError
from trainer.labeling import GOLD_SHARE, WaitingCase, rank_cases, waiting_case
from trainer.store.review_tables import ANSWERS, CLAIMS, GOLD_CASES
from trainer.store.schema import CASES, RECEIVED

OPEN = ("new", "second", "disputed")
STATUSES = (*OPEN, "labelled", "skipped")
CLAIM_LIFE = timedelta(minutes=10)
NUM_RANKED = 300  # of the highest value; more are not looked at for one question
NUM_RECENT = 50


class CaseError(DegradedError):
    """A case that cannot be answered so."""

    code = "case.refused"


class UnknownCaseError(CaseError):
    """No such case, or none whose body can be read."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A case and what became of it."""

    case_id: str
    store_id: str
    box_id: str
    reason: str
    value: int
    status: str
    created_at: datetime
    num_answers: int


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Which cases, which page; empty is all."""

    status: str = ""
    store_id: str = ""
    reason: str = ""
    offset: int = 0
    limit: int = 50


def queue_counts(connection: Connection) -> dict[str, int]:
    """How many cases have each status."""
    rows = connection.execute(select(CASES.c.status, func.count()).group_by(CASES.c.status))
    found = {str(status): int(count) for status, count in rows}
    return {status: found.get(status, 0) for status in STATUSES}


def list_cases(connection: Connection, query: CaseQuery) -> tuple[int, list[StoredCase]]:
    """How many there are, and one page, the most valuable first."""
    count, chosen = select(func.count()).select_from(CASES), select(CASES.c.case_id)
    for name in ("status", "store_id", "reason"):
        if wanted := getattr(query, name):
            count = count.where(CASES.c[name] == wanted)
            chosen = chosen.where(CASES.c[name] == wanted)
    order = (CASES.c.value.desc(), CASES.c.case_id)
    # The page is found in an index first: answers are counted for its rows alone.
    ids = connection.execute(
        chosen.order_by(*order).offset(query.offset).limit(query.limit)
    ).scalars()
    rows = connection.execute(_listed().where(CASES.c.case_id.in_(list(ids))).order_by(*order))
    total = connection.execute(count).scalar_one()
    return total, [_stored(dict(row)) for row in rows.mappings()]


def find_case(connection: Connection, case_id: str) -> tuple[StoredCase, HardCase]:
    """A case with what the box sent.

    Raises:
        UnknownCaseError: there is none, or its body is of another form.
    """
    row = connection.execute(_listed().where(CASES.c.case_id == case_id)).mappings().first()
    body = connection.execute(
        select(RECEIVED.c.body)
        .join(CASES, CASES.c.received_id == RECEIVED.c.received_id)
        .where(CASES.c.case_id == case_id)
    ).scalar()
    case = None if body is None else read_body(body)
    if row is None or case is None:
        raise UnknownCaseError(f"no case {case_id[:40]!r}", hint="see GET /api/v1/cases")
    return _stored(dict(row)), case


def read_body(body: dict[str, Any]) -> HardCase | None:
    """What a box sent; None where it is of no known form."""
    try:
        return HardCase.model_validate(body)
    except ValidationError:
        return None


def claim_next(
    connection: Connection, reviewer: str, *, exclude: Collection[str], now: datetime
) -> str | None:
    """The best case for this person, theirs for ten minutes; None when nothing waits.

    Now and then it is a gold question, which nothing in the case tells.
    """
    connection.execute(delete(CLAIMS).where(CLAIMS.c.until <= now))
    chosen = _due_gold(connection, reviewer, exclude) or _best(connection, reviewer, exclude)
    if chosen is not None:
        claim(connection, chosen, reviewer, now=now)
    return chosen


def claim(connection: Connection, case_id: str, reviewer: str, *, now: datetime) -> None:
    """Hold a case for one person."""
    release(connection, case_id, reviewer)
    connection.execute(
        insert(CLAIMS).values(case_id=case_id, reviewer=reviewer, until=now + CLAIM_LIFE)
    )


def release(connection: Connection, case_id: str, reviewer: str) -> None:
    """Let go of a case."""
    connection.execute(
        delete(CLAIMS).where(CLAIMS.c.case_id == case_id, CLAIMS.c.reviewer == reviewer)
    )


def _due_gold(connection: Connection, reviewer: str, exclude: Collection[str]) -> str | None:
    """A gold question this person has not answered, if it is time for one."""
    since = connection.execute(
        select(ANSWERS.c.gold_wrong)
        .where(ANSWERS.c.reviewer == reviewer)
        .order_by(ANSWERS.c.answer_id.desc())
        .limit(GOLD_SHARE - 1)
    ).scalars()
    recent = list(since)
    if len(recent) < GOLD_SHARE - 1 or any(wrong is not None for wrong in recent):
        return None
    done = select(ANSWERS.c.case_id).where(ANSWERS.c.reviewer == reviewer)
    open_gold = (
        select(GOLD_CASES.c.case_id)
        .where(GOLD_CASES.c.case_id.not_in(done), GOLD_CASES.c.case_id.not_in(list(exclude)))
        .order_by(GOLD_CASES.c.case_id)
        .limit(1)
    )
    return connection.execute(open_gold).scalar()


def _best(connection: Connection, reviewer: str, exclude: Collection[str]) -> str | None:
    query = _with_body().where(CASES.c.case_id.in_(_most_valuable(connection, reviewer, exclude)))
    waiting = _waiting(connection, query.order_by(CASES.c.value.desc(), CASES.c.case_id))
    if not waiting:
        return None
    shown = select(ANSWERS.c.case_id).order_by(ANSWERS.c.answer_id.desc()).limit(NUM_RECENT)
    ids = list(connection.execute(shown).scalars())
    recent = _waiting(connection, _with_body().where(CASES.c.case_id.in_(ids)))
    return rank_cases(waiting, recent, 1)[0].case_id


def _most_valuable(connection: Connection, reviewer: str, exclude: Collection[str]) -> list[str]:
    """Open cases this person may be given: status by status, so that an index gives the order."""
    mine = (
        exists()
        .where(ANSWERS.c.case_id == CASES.c.case_id, ANSWERS.c.reviewer == reviewer)
        .where(ANSWERS.c.is_undone.is_(False))
    )
    held = select(CLAIMS.c.case_id).where(CLAIMS.c.reviewer != reviewer)
    gold = select(GOLD_CASES.c.case_id)
    found: list[tuple[int, str]] = []
    for status in OPEN:
        rows = connection.execute(
            select(CASES.c.value, CASES.c.case_id)
            .where(CASES.c.status == status, CASES.c.case_id.not_in(list(exclude)))
            .where(~mine, CASES.c.case_id.not_in(held), CASES.c.case_id.not_in(gold))
            .order_by(CASES.c.value.desc(), CASES.c.case_id)
            .limit(NUM_RANKED)
        )
        found += [(-row.value, row.case_id) for row in rows]
    return [case_id for _, case_id in sorted(found)[:NUM_RANKED]]


def _waiting(connection: Connection, query: Select[Any]) -> list[WaitingCase]:
    """Cases whose body can be read, with their traits."""
    found: list[WaitingCase] = []
    for row in connection.execute(query):
        case = read_body(row.body)
        if case is not None:
            found.append(waiting_case(case, row.value, row.store_id or ""))
    return found


def _with_body() -> Select[Any]:
    return select(CASES.c.case_id, CASES.c.value, CASES.c.store_id, RECEIVED.c.body).join(
        RECEIVED, RECEIVED.c.received_id == CASES.c.received_id
    )


def _listed() -> Select[Any]:
    answered = (
        select(func.count())
        .select_from(ANSWERS)
        .where(ANSWERS.c.case_id == CASES.c.case_id, ANSWERS.c.is_undone.is_(False))
        .scalar_subquery()
    )
    return select(CASES, answered.label("num_answers"))


def _stored(row: dict[str, Any]) -> StoredCase:
    values = {name: row[name] for name in StoredCase.__slots__}
    return StoredCase(**{**values, "store_id": row["store_id"] or ""})
