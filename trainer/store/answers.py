"""What people said about cases: kept as said, compared, taken back, made into labels.

Flow: answer -> gold | first | second | decision -> status of the case, labels

A first answer is final unless a second person is wanted; two that differ wait for a third, whose
word holds. An answer is never changed: undo marks it and opens the case again.
"""

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy import case as case_when

from sync.hard_case import HardCase
from trainer import labeling
from trainer.labeling import Label, Labels, ReviewerStats
from trainer.store import audit, cases
from trainer.store.cases import CaseError, StoredCase
from trainer.store.review_tables import ANSWERS, GOLD_CASES, LABELS
from trainer.store.schema import CASES

SURE_PER_MILLE = 900  # a guess the box would have charged without asking


class NothingToUndoError(CaseError):
    """There is no answer of this person that can be taken back."""

    code = "case.nothing_to_undo"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer led to.

    Attributes:
        gold_wrong: items wrong on a gold question; None where it was none.
    """

    answer_id: int
    status: str
    num_disagreements: int
    gold_wrong: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was given."""

    answer_id: int
    case_id: str
    reviewer: str
    at: datetime
    seconds: float
    is_undone: bool
    labels: Labels


def give_answer(
    connection: Connection, case: StoredCase, body: HardCase, labels: Labels, *,
    reviewer: str, seconds: float, now: datetime,
) -> Verdict:  # fmt: skip
    """Keep an answer and decide what becomes of the case.

    Raises:
        CaseError: it is settled, or this person has answered already.
    """
    cases.release(connection, case.case_id, reviewer)
    earlier = [a for a in answers_of(connection, case.case_id) if not a.is_undone]
    if any(answer.reviewer == reviewer for answer in earlier):
        raise CaseError("you have answered this case", hint="undo your answer first")
    truth = gold_of(connection, case.case_id)
    if truth is not None:
        wrong = len(labeling.disagreements(labels, truth))
        answer_id = _keep(connection, case, labels, reviewer, seconds, now, gold_wrong=wrong)
        return Verdict(answer_id, case.status, 0, wrong)
    if case.status not in cases.OPEN:
        raise CaseError(f"the case is {case.status}", hint="take the next one")
    differing: list[str] = []
    is_agreed: bool | None = None
    if case.status == "new":
        needs_second = labeling.is_second_wanted(case.case_id, labels, sure_guesses(body))
        status = "second" if needs_second else "labelled"
    elif case.status == "second" and earlier:
        differing = labeling.disagreements(labels, earlier[-1].labels)
        is_agreed = not differing
        status = "labelled" if is_agreed else "disputed"
        _mark_agreed(connection, earlier[-1].answer_id, is_agreed)
    else:
        status = "labelled"
    answer_id = _keep(connection, case, labels, reviewer, seconds, now, is_agreed=is_agreed)
    _set_status(connection, case.case_id, status)
    if status == "labelled":
        write_labels(
            connection, case.case_id, labels, source=reviewer, now=now, answer_id=answer_id
        )
    return Verdict(answer_id, status, len(differing), None)


def undo_newest(connection: Connection, reviewer: str, *, now: datetime) -> tuple[str, int]:
    """Take back the newest answer of a person; case and answer.

    Raises:
        NothingToUndoError: none, a gold question, or a colleague has answered since.
    """
    row = (
        connection.execute(
            select(ANSWERS)
            .where(ANSWERS.c.reviewer == reviewer, ANSWERS.c.is_undone.is_(False))
            .order_by(ANSWERS.c.answer_id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    if row is None or row["gold_wrong"] is not None:
        raise NothingToUndoError("no answer to take back", hint="only the newest one can be")
    earlier = [a for a in answers_of(connection, row["case_id"]) if not a.is_undone]
    if earlier[-1].answer_id != row["answer_id"]:
        raise NothingToUndoError("a colleague has answered since", hint="leave it to them")
    where = ANSWERS.c.answer_id == row["answer_id"]
    connection.execute(update(ANSWERS).where(where).values(is_undone=True, is_agreed=None))
    if len(earlier) > 1 and row["is_agreed"] is not None:
        _mark_agreed(connection, earlier[-2].answer_id, None)
    connection.execute(delete(LABELS).where(LABELS.c.case_id == row["case_id"]))
    _set_status(connection, row["case_id"], row["status_before"])
    cases.claim(connection, row["case_id"], reviewer, now=now)
    _audit(connection, now, reviewer, "answer_undone", row["case_id"])
    return str(row["case_id"]), int(row["answer_id"])


def skip_case(
    connection: Connection, case: StoredCase, *, reviewer: str, reason: str, now: datetime
) -> None:
    """Put a case aside: nobody can tell.

    Raises:
        CaseError: it is settled.
    """
    if case.status not in cases.OPEN:
        raise CaseError(f"the case is {case.status}", hint="take the next one")
    cases.release(connection, case.case_id, reviewer)
    if gold_of(connection, case.case_id) is None:
        _set_status(connection, case.case_id, "skipped")
    _audit(connection, now, reviewer, "case_skipped", case.case_id, reason=reason)


def set_gold(
    connection: Connection, case_id: str, labels: Labels | None, *, now: datetime, actor: str
) -> None:
    """Make a case a gold question with a known truth, or none again."""
    connection.execute(delete(GOLD_CASES).where(GOLD_CASES.c.case_id == case_id))
    if labels is not None:
        connection.execute(
            insert(GOLD_CASES).values(
                case_id=case_id, pictures=labels_as_json(labels), by=actor, at=now
            )
        )
    _audit(connection, now, actor, "gold_set" if labels else "gold_dropped", case_id)


def gold_of(connection: Connection, case_id: str) -> Labels | None:
    """The truth of a gold question; None where it is none."""
    found = connection.execute(
        select(GOLD_CASES.c.pictures).where(GOLD_CASES.c.case_id == case_id)
    ).scalar()
    return None if found is None else labels_from_json(found)


def answers_of(connection: Connection, case_id: str) -> list[Answer]:
    """Every answer to a case, oldest first."""
    rows = connection.execute(
        select(ANSWERS).where(ANSWERS.c.case_id == case_id).order_by(ANSWERS.c.answer_id)
    ).mappings()
    return [
        Answer(
            answer_id=row["answer_id"],
            case_id=row["case_id"],
            reviewer=row["reviewer"],
            at=row["at"],
            seconds=row["seconds"],
            is_undone=bool(row["is_undone"]),
            labels=labels_from_json(row["pictures"]),
        )
        for row in rows
    ]


def stats_by_reviewer(connection: Connection, reviewer: str = "") -> dict[str, ReviewerStats]:
    """How people label; one of them, or all."""
    told = ANSWERS.c
    wanted: list[ColumnElement[bool]] = [told.is_undone.is_(False)]
    if reviewer:
        wanted.append(told.reviewer == reviewer)
    sums = connection.execute(
        select(
            told.reviewer,
            func.count(),
            func.sum(told.num_boxes),
            func.count(told.gold_wrong),
            func.sum(case_when((told.gold_wrong == 0, 1), else_=0)),
            func.count(told.is_agreed),
            func.sum(case_when((told.is_agreed.is_(True), 1), else_=0)),
        )
        .where(*wanted)
        .group_by(told.reviewer)
        .order_by(told.reviewer)
    ).all()
    empty = {reviewer: labeling.reviewer_stats([], 0, [], [])} if reviewer else {}
    return empty | {
        row[0]: ReviewerStats(int(row[1]), int(row[2]), _median_seconds(connection, row[0], row[1]),
                              *(int(value) for value in row[3:]))
        for row in sums
    }  # fmt: skip


def write_labels(
    connection: Connection, case_id: str, labels: Labels, *, source: str, now: datetime,
    answer_id: int = 0,
) -> None:  # fmt: skip
    """Replace the labels of a case; those that no answer gave were imported."""
    origin = "reviewer" if answer_id else "import"
    connection.execute(delete(LABELS).where(LABELS.c.case_id == case_id))
    rows = [
        {
            "case_id": case_id, "camera_id": camera_id, "item_id": label.item_id,
            "x1": label.xyxy[0], "y1": label.xyxy[1], "x2": label.xyxy[2], "y2": label.xyxy[3],
            "kind": label.kind, "sku_id": label.sku_id, "source": source, "at": now,
            "origin": origin, "answer_id": answer_id,
        }
        for camera_id, given in labels.items()
        for label in given
    ]  # fmt: skip
    if rows:
        connection.execute(insert(LABELS), rows)


def sure_guesses(body: HardCase) -> Labels:
    """What the box would have charged without asking, as labels."""
    return {
        picture.camera_id: tuple(
            Label(item.item_id, item.xyxy, "sku", item.guesses[0][0])
            for item in picture.items
            if item.guesses and item.guesses[0][1] >= SURE_PER_MILLE
        )
        for picture in body.pictures
    }


def labels_as_json(labels: Labels) -> list[dict[str, Any]]:
    """Labels as they are stored and sent."""
    return [
        {
            "camera_id": camera_id,
            "boxes": [
                {"item_id": x.item_id, "xyxy": list(x.xyxy), "kind": x.kind, "sku_id": x.sku_id}
                for x in given
            ],
        }
        for camera_id, given in labels.items()
    ]


def labels_from_json(pictures: list[dict[str, Any]]) -> Labels:
    """The reverse."""
    return {
        picture["camera_id"]: tuple(
            Label(box["item_id"], tuple(box["xyxy"]), box["kind"], box["sku_id"])
            for box in picture["boxes"]
        )
        for picture in pictures
    }


def _keep(
    connection: Connection, case: StoredCase, labels: Labels, reviewer: str, seconds: float,
    now: datetime, *, gold_wrong: int | None = None, is_agreed: bool | None = None,
) -> int:  # fmt: skip
    result: Any = connection.execute(
        insert(ANSWERS).values(
            case_id=case.case_id,
            reviewer=reviewer,
            at=now,
            seconds=seconds,
            pictures=labels_as_json(labels),
            num_boxes=sum(len(given) for given in labels.values()),
            is_undone=False,
            gold_wrong=gold_wrong,
            is_agreed=is_agreed,
            status_before=case.status,
        )
    )
    _audit(connection, now, reviewer, "case_answered", case.case_id)
    return int(result.inserted_primary_key[0])


def _median_seconds(connection: Connection, reviewer: str, count: int) -> float:
    """The middle of the times per case: found by order, so that no answer is read whole."""
    query = (
        select(ANSWERS.c.seconds)
        .where(ANSWERS.c.reviewer == reviewer, ANSWERS.c.is_undone.is_(False))
        .order_by(ANSWERS.c.seconds)
        .offset((count - 1) // 2)
        .limit(2 - count % 2)
    )
    return round(float(median(connection.execute(query).scalars())), 2)


def _mark_agreed(connection: Connection, answer_id: int, is_agreed: bool | None) -> None:
    connection.execute(
        update(ANSWERS).where(ANSWERS.c.answer_id == answer_id).values(is_agreed=is_agreed)
    )


def _set_status(connection: Connection, case_id: str, status: str) -> None:
    connection.execute(update(CASES).where(CASES.c.case_id == case_id).values(status=status))


def _audit(
    connection: Connection, now: datetime, actor: str, action: str, case_id: str, **details: str
) -> None:
    audit.record(
        connection, now=now, actor=actor, action=action, subject=f"case:{case_id}",
        details=details,
    )  # fmt: skip
