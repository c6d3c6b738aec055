"""Labels in bulk: all of them for a file, guesses of what waits, and a file of them into cases."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from sync.hard_case import CaseItem
from trainer.label_exchange import LabeledImage
from trainer.labeling import Label, Labels
from trainer.store import audit
from trainer.store.answers import write_labels
from trainer.store.cases import find_case, read_body
from trainer.store.review_tables import GOLD_CASES, LABELS
from trainer.store.schema import CASES, RECEIVED
from trainer.store.sku_table import names_and_pictures

MAX_PROBLEMS = 200


def all_images(connection: Connection, store_id: str = "") -> list[LabeledImage]:
    """Every picture of every labelled case, in order of case; gold questions stay inside."""
    query = (
        select(CASES.c.case_id, RECEIVED.c.body)
        .join(RECEIVED, RECEIVED.c.received_id == CASES.c.received_id)
        .where(CASES.c.status == "labelled")
        .where(CASES.c.case_id.not_in(select(GOLD_CASES.c.case_id)))
        .order_by(CASES.c.case_id)
    )
    if store_id:
        query = query.where(CASES.c.store_id == store_id)
    labels = _labels_by_picture(connection)
    images: list[LabeledImage] = []
    for row in connection.execute(query):
        case = read_body(row.body)
        for picture in case.pictures if case else ():
            given = labels.get((row.case_id, picture.camera_id), [])
            images.append(
                LabeledImage(
                    row.case_id, picture.camera_id, picture.width, picture.height, tuple(given)
                )
            )
    return images


def waiting_images(connection: Connection, store_id: str, limit: int) -> list[LabeledImage]:
    """Pictures of cases that wait, the most valuable first, with what the box took items for."""
    query = (
        select(CASES.c.case_id, RECEIVED.c.body)
        .join(RECEIVED, RECEIVED.c.received_id == CASES.c.received_id)
        .where(CASES.c.status == "new")
        .where(CASES.c.case_id.not_in(select(GOLD_CASES.c.case_id)))
        .order_by(CASES.c.value.desc(), CASES.c.case_id)
        .limit(limit)
    )
    if store_id:
        query = query.where(CASES.c.store_id == store_id)
    return [
        LabeledImage(
            row.case_id, picture.camera_id, picture.width, picture.height,
            tuple(_guess(item) for item in picture.items),
        )
        for row in connection.execute(query)
        if (case := read_body(row.body)) is not None
        for picture in case.pictures
    ]  # fmt: skip


def take_images(
    connection: Connection, images: list[LabeledImage], *, actor: str, now: datetime, apply: bool
) -> tuple[int, int, list[str]]:
    """Cases and boxes a file holds, and what is wrong with it; taken only without problems."""
    by_case: dict[str, Labels] = {}
    problems: list[str] = []
    for image in images:
        by_case.setdefault(image.case_id, {})[image.camera_id] = image.labels
    for case_id, labels in by_case.items():
        problems += _problems(connection, case_id, labels)
    if apply and not problems:
        for case_id, labels in by_case.items():
            write_labels(connection, case_id, labels, source=actor, now=now)
            connection.execute(
                update(CASES).where(CASES.c.case_id == case_id).values(status="labelled")
            )
        subjects: dict[str, dict[str, str]] = {f"case:{case_id}": {} for case_id in by_case}
        audit.record_many(
            connection, now=now, actor=actor, action="labels_imported", subjects=subjects
        )
    num_boxes = sum(len(image.labels) for image in images)
    return len(by_case), num_boxes, problems[:MAX_PROBLEMS]


def _guess(item: CaseItem) -> Label:
    x1, y1, x2, y2 = item.xyxy
    best = item.guesses[0][0] if item.guesses else ""
    return Label(item.item_id, (x1, y1, x2, y2), "sku" if best else "unknown", best)


def _labels_by_picture(connection: Connection) -> dict[tuple[str, str], list[Label]]:
    found: dict[tuple[str, str], list[Label]] = {}
    for row in connection.execute(select(LABELS).order_by(LABELS.c.label_id)):
        label = Label(row.item_id, (row.x1, row.y1, row.x2, row.y2), row.kind, row.sku_id)
        found.setdefault((row.case_id, row.camera_id), []).append(label)
    return found


def _problems(connection: Connection, case_id: str, labels: Labels) -> list[str]:
    exists = connection.execute(select(CASES.c.case_id).where(CASES.c.case_id == case_id)).scalar()
    if not exists:
        return [f"case {case_id[:40]}: not here"]
    _, case = find_case(connection, case_id)
    sizes = {picture.camera_id: (picture.width, picture.height) for picture in case.pictures}
    named = {label.sku_id for given in labels.values() for label in given if label.sku_id}
    unknown = sorted(named - set(names_and_pictures(connection, sorted(named))))
    found = [f"case {case_id}: no SKU {sku_id[:80]}" for sku_id in unknown]
    for camera_id, given in labels.items():
        width, height = sizes.get(camera_id, (0, 0))
        if any(x.xyxy[2] > width or x.xyxy[3] > height for x in given):
            found.append(f"case {case_id}: a box leaves the picture of {camera_id[:80]}")
    return found
