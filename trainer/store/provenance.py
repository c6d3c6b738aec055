"""From a line of a receipt to the pictures and people behind it, and back.

Flow: basket, line -> sale -> model -> version -> pictures of the SKU -> answers -> reviewers
      picture | reviewer | store -> versions -> models, and models that began from those

A line is the model's only where vision named it; else a person or a barcode did, and that is told.
What a box of an older version did not report (single lines) is said to be missing, never guessed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from sync.box_report import SaleReport
from trainer.errors import DegradedError
from trainer.store.dataset_tables import DATASET_BOXES, DATASET_ITEMS, DATASET_QUARANTINE, DATASETS
from trainer.store.model_tables import MODELS
from trainer.store.onboarding_tables import ONBOARDINGS, SEGMENTS
from trainer.store.review_tables import ANSWERS
from trainer.store.schema import BOXES, CASES, RECEIVED

# Of a lineage: models whose rows or weights live on in it. A worker names the champion, whose rows
# of the gallery it keeps, and `started_from`, whose weights it trained on; people say `parent`.
PARENT_KEYS = ("parent", "started_from", "champion")


class ProvenanceError(DegradedError):
    """Something nobody has told the hub of."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of a receipt as the box reported it.

    Attributes:
        named_by: vision, answer, scan, search, attendant.
    """

    basket_id: str
    line_no: int
    sku_id: str
    pieces: int
    named_by: str
    box_id: str
    store_id: str
    bundle_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SeenModel:
    """A registered model, and why it is named: `dataset`, or the model it began from."""

    bundle_id: str
    name: str
    version: str
    stage: str
    lineage: dict[str, str]
    because_of: str


@dataclass(frozen=True, slots=True)
class TrainingPicture:
    """A picture that taught an SKU."""

    picture: str
    position: int
    source: str
    source_id: str
    store_id: str
    day: str
    label_source: str
    answer_id: int


@dataclass(frozen=True, slots=True)
class VersionUse:
    """A version of a data set that something is in."""

    version_id: str
    name: str
    split: str
    num_pictures: int


def sold_line(connection: Connection, basket_id: str, line_no: int) -> SoldLine:
    """A line of a receipt, counted from 1.

    Raises:
        ProvenanceError: no such basket or line, or the box told no lines.
    """
    parts = basket_id.split("-")  # <box>-<lane>-<epoch>-<n>: a box's id may hold `-` itself
    boxes = ["-".join(parts[:count]) for count in range(1, len(parts))]
    row = connection.execute(
        select(RECEIVED.c.body, RECEIVED.c.box_id, RECEIVED.c.created_at, BOXES.c.store_id)
        .join(BOXES, BOXES.c.box_id == RECEIVED.c.box_id)
        .where(RECEIVED.c.kind == "sale", RECEIVED.c.box_id.in_(boxes))
        .where(RECEIVED.c.body["basket_id"].as_string() == basket_id)
        .limit(1)
    ).first()
    if row is None:
        raise ProvenanceError(f"no sale of basket {basket_id[:120]!r}", hint="is it paid?")
    sale = SaleReport.model_validate(row.body)
    if not sale.lines:
        raise ProvenanceError(
            "the box reported this sale without its lines", hint="it runs an older version"
        )
    if not 1 <= line_no <= len(sale.lines):
        raise ProvenanceError(f"the receipt has {len(sale.lines)} lines", hint="count from 1")
    line = sale.lines[line_no - 1]
    return SoldLine(
        basket_id=basket_id,
        line_no=line_no,
        sku_id=line.sku_id,
        pieces=line.pieces,
        named_by=line.origin,
        box_id=row.box_id,
        store_id=row.store_id or "",
        bundle_id=sale.bundle_id,
        at=row.created_at,
    )


def model_of(connection: Connection, bundle_id: str) -> SeenModel | None:
    """The registered model of a bundle; None for one that came another way."""
    where = MODELS.c.bundle_id == bundle_id
    row = connection.execute(select(MODELS).where(where)).mappings().first()
    return None if row is None else _model(dict(row), "")


def training_pictures(
    connection: Connection, version_id: str, sku_id: str, limit: int
) -> tuple[int, list[TrainingPicture]]:
    """How many boxes of an SKU taught in a version, and the first of them."""
    boxes, items = DATASET_BOXES.c, DATASET_ITEMS.c
    number = select(DATASETS.c.dataset_no).where(DATASETS.c.version_id == version_id)
    query = (
        select(
            items.picture, items.position, items.source, items.source_id, items.store_id,
            items.day, boxes.source.label("label_source"), boxes.answer_id,
        )
        .join(
            DATASET_ITEMS,
            (items.dataset_no == boxes.dataset_no) & (items.position == boxes.position),
        )
        .where(boxes.sku_id == sku_id, boxes.dataset_no == number.scalar_subquery())
        .where(items.split == "train")
    )  # fmt: skip
    total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    rows = connection.execute(query.order_by(boxes.position, boxes.box_no).limit(limit))
    return int(total), [TrainingPicture(**row) for row in rows.mappings()]


def reviewers_of_sku(connection: Connection, version_id: str, sku_id: str) -> dict[str, int]:
    """Who named this SKU in the training part of a version, and how many boxes."""
    boxes, items = DATASET_BOXES.c, DATASET_ITEMS.c
    number = select(DATASETS.c.dataset_no).where(DATASETS.c.version_id == version_id)
    query = (
        select(ANSWERS.c.reviewer, func.count())
        .join(DATASET_BOXES, boxes.answer_id == ANSWERS.c.answer_id)
        .join(
            DATASET_ITEMS,
            (items.dataset_no == boxes.dataset_no) & (items.position == boxes.position),
        )
        .where(boxes.sku_id == sku_id, boxes.dataset_no == number.scalar_subquery())
        .where(items.split == "train")
        .group_by(ANSWERS.c.reviewer)
        .order_by(ANSWERS.c.reviewer)
    )
    return {str(name): int(count) for name, count in connection.execute(query)}


def onboardings_of_sku(connection: Connection, sku_id: str) -> list[dict[str, Any]]:
    """Who brought an SKU into the galleries without training, and the segments that came of it."""
    rows = connection.execute(
        select(ONBOARDINGS.c.onboarding_id, ONBOARDINGS.c.by, SEGMENTS.c.sha256, SEGMENTS.c.at)
        .join(SEGMENTS, SEGMENTS.c.onboarding_id == ONBOARDINGS.c.onboarding_id)
        .where(ONBOARDINGS.c.sku_id == sku_id)
        .order_by(SEGMENTS.c.at, SEGMENTS.c.sha256)
    )
    names = ("onboarding_id", "by", "segment", "at")
    return [dict(zip(names, row, strict=True)) for row in rows]


def versions_with_picture(connection: Connection, picture: str) -> list[VersionUse]:
    """Versions that hold a picture; split `quarantined` where they left it out."""
    found = _uses(
        connection,
        select(DATASET_ITEMS.c.dataset_no, DATASET_ITEMS.c.split, func.count())
        .where(DATASET_ITEMS.c.picture == picture)
        .group_by(DATASET_ITEMS.c.dataset_no, DATASET_ITEMS.c.split),
    )
    sources = select(DATASET_ITEMS.c.source_id).where(DATASET_ITEMS.c.picture == picture)
    known = set(connection.execute(sources).scalars())
    bad = DATASET_QUARANTINE.c
    query = (
        select(bad.dataset_no, func.max("quarantined"), func.count())
        .where(bad.source_id.in_(known), bad.picture == picture)
        .group_by(bad.dataset_no)
    )
    return found + _uses(connection, query)


def cases_of_picture(connection: Connection, picture: str) -> list[str]:
    """Cases, or onboardings, that a picture belongs to."""
    query = (
        select(DATASET_ITEMS.c.source_id)
        .where(DATASET_ITEMS.c.picture == picture)
        .distinct()
        .order_by(DATASET_ITEMS.c.source_id)
    )
    return list(connection.execute(query).scalars())


def reviewers_of_cases(connection: Connection, case_ids: Sequence[str]) -> dict[str, int]:
    """Who answered these cases, and how often."""
    query = select(ANSWERS.c.reviewer).where(
        ANSWERS.c.case_id.in_(case_ids), ANSWERS.c.is_undone.is_(False)
    )
    return dict(sorted(Counter(connection.execute(query).scalars()).items()))


def versions_with_reviewer(connection: Connection, reviewer: str) -> list[VersionUse]:
    """Versions with boxes that this person named."""
    boxes = DATASET_BOXES.c
    items = DATASET_ITEMS.c
    query = (
        select(boxes.dataset_no, items.split, func.count(items.position.distinct()))
        .select_from(ANSWERS)
        .join(DATASET_BOXES, boxes.answer_id == ANSWERS.c.answer_id)
        .join(
            DATASET_ITEMS,
            (items.dataset_no == boxes.dataset_no) & (items.position == boxes.position),
        )
        .where(ANSWERS.c.reviewer == reviewer)
        .group_by(boxes.dataset_no, items.split)
    )
    return _uses(connection, query)


def versions_with_store(connection: Connection, store_id: str) -> list[VersionUse]:
    """Versions that hold pictures of a store."""
    items = DATASET_ITEMS.c
    query = (
        select(items.dataset_no, items.split, func.count())
        .where(items.store_id == store_id)
        .group_by(items.dataset_no, items.split)
    )
    return _uses(connection, query)


def models_from(connection: Connection, version_ids: Iterable[str]) -> list[SeenModel]:
    """Models made from these versions, and every model that began from one of those."""
    wanted = set(version_ids)
    rows = [dict(row) for row in connection.execute(select(MODELS)).mappings()]
    found: dict[str, SeenModel] = {
        row["bundle_id"]: _model(row, row["lineage"]["dataset"])
        for row in rows
        if row["lineage"].get("dataset") in wanted
    }
    is_growing = True
    while is_growing:
        is_growing = False
        for row in rows:
            parents = [row["lineage"].get(key, "") for key in PARENT_KEYS]
            because = next((parent for parent in parents if parent in found), "")
            if because and row["bundle_id"] not in found:
                found[row["bundle_id"]] = _model(row, because)
                is_growing = True
    return [found[bundle_id] for bundle_id in sorted(found)]


def num_cases_of_store(connection: Connection, store_id: str) -> int:
    """Cases of a store that are still here."""
    query = select(func.count()).select_from(CASES)
    where = (CASES.c.store_id == store_id) & (CASES.c.status != "forgotten")
    return int(connection.execute(query.where(where)).scalar_one())


def _uses(connection: Connection, query: Any) -> list[VersionUse]:
    rows = connection.execute(query).all()
    numbers = {row[0] for row in rows}
    names = {
        row.dataset_no: (row.version_id, row.name)
        for row in connection.execute(
            select(DATASETS.c.dataset_no, DATASETS.c.version_id, DATASETS.c.name).where(
                DATASETS.c.dataset_no.in_(numbers)
            )
        )
    }
    uses = [VersionUse(*names[number], str(split), int(count)) for number, split, count in rows]
    return sorted(uses, key=lambda use: (use.name, use.version_id, use.split))


def _model(row: dict[str, Any], because_of: str) -> SeenModel:
    names = ("bundle_id", "name", "version", "stage", "lineage")
    return SeenModel(**{name: row[name] for name in names}, because_of=because_of)
