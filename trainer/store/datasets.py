"""Versions of data sets: kept once, listed, paged, pinned, withdrawn, deleted.

Flow: VersionInMaking -> rows for questions; the manifest itself is the blob of its version id

Rows answer "which versions hold this picture, this SKU, this answer" and pages of any size; what
counts is the manifest. A version that is pinned, or that a registered model names, stays.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from trainer.dataset.dataset_version import VersionInMaking
from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.dataset_tables import (
    DATASET_BOXES,
    DATASET_ITEMS,
    DATASET_QUARANTINE,
    DATASETS,
)
from trainer.store.model_tables import MODELS

MIN_PREFIX = 8  # hex digits that may stand for a whole version id
PORTION = 5_000  # rows inserted at a time


class DatasetError(DegradedError):
    """A data set that cannot be made, changed or deleted so."""

    code = "dataset.refused"


class UnknownDatasetError(DatasetError):
    """No such version."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """A version without its items.

    Attributes:
        withdrawn: why it may not be used any more; empty where it may.
    """

    dataset_no: int
    version_id: str
    name: str
    note: str
    recipe: dict[str, str]
    counts: dict[str, int]
    size: int
    is_pinned: bool
    withdrawn: str
    by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which items of a version, which page."""

    after: int = -1
    limit: int = 100
    split: str = ""
    store_id: str = ""
    sku_id: str = ""


def keep(
    connection: Connection, making: VersionInMaking, *, note: str, size: int, now: datetime,
    actor: str,
) -> StoredDataset:  # fmt: skip
    """Keep a settled version; one that is here already stays as it is."""
    version_id = making.version_id
    known = _row(connection, version_id)
    if known is not None:
        return known
    connection.execute(
        insert(DATASETS).values(
            version_id=version_id, name=making.name, note=note, recipe=making.recipe,
            counts=making.counts, size=size, is_pinned=False, withdrawn="", by=actor,
            created_at=now,
        )
    )  # fmt: skip
    stored = find(connection, version_id)
    for table, rows in (
        (DATASET_ITEMS, _item_rows(stored.dataset_no, making)),
        (DATASET_BOXES, _box_rows(stored.dataset_no, making)),
        (DATASET_QUARANTINE, _bad_rows(stored.dataset_no, making)),
    ):
        _insert(connection, table, rows)
    _audit(connection, now, actor, "dataset_created", version_id, name=making.name,
           items=str(making.counts["items"]))  # fmt: skip
    return stored


def find(connection: Connection, version: str) -> StoredDataset:
    """A version by its id, or by a beginning of it that only one has.

    Raises:
        UnknownDatasetError: there is none, or several.
    """
    found = _row(connection, version)
    if found is not None:
        return found
    if len(version) >= MIN_PREFIX and set(version) <= set("0123456789abcdef"):
        query = select(DATASETS.c.version_id).where(DATASETS.c.version_id.startswith(version))
        ids = list(connection.execute(query.limit(2)).scalars())
        one = _row(connection, ids[0]) if len(ids) == 1 else None
        if one is not None:
            return one
    raise UnknownDatasetError(f"no data set {version[:64]!r}", hint="see hubctl dataset list")


def list_all(connection: Connection, *, name: str, before: int, limit: int) -> list[StoredDataset]:
    """The newest first; `before` is the number of the last one of the page before, 0 at first."""
    query = select(DATASETS).order_by(DATASETS.c.dataset_no.desc()).limit(limit)
    if name:
        query = query.where(DATASETS.c.name == name)
    if before:
        query = query.where(DATASETS.c.dataset_no < before)
    return [_stored(dict(row)) for row in connection.execute(query).mappings()]


def items_page(connection: Connection, dataset_no: int, query: ItemQuery) -> list[dict[str, Any]]:
    """One page of items in their order, with the SKUs of their boxes."""
    items = DATASET_ITEMS.c
    chosen = select(
        items.position, items.picture, items.store_id, items.camera_id, items.day, items.source,
        items.source_id, items.split, items.num_boxes,
    ).where(items.dataset_no == dataset_no, items.position > query.after)  # fmt: skip
    if query.split:
        chosen = chosen.where(items.split == query.split)
    if query.store_id:
        chosen = chosen.where(items.store_id == query.store_id)
    if query.sku_id:
        boxes = DATASET_BOXES.c
        chosen = chosen.where(
            items.position.in_(
                select(boxes.position)
                .where(boxes.sku_id == query.sku_id, boxes.dataset_no == dataset_no)
                .where(boxes.position > query.after)
                .order_by(boxes.position)
            )
        )
    rows = connection.execute(chosen.order_by(items.position).limit(query.limit)).mappings()
    found = [dict(row) for row in rows]
    names = _skus_at(connection, dataset_no, [row["position"] for row in found])
    return [{**row, "skus": names.get(row["position"], [])} for row in found]


def quarantine_page(
    connection: Connection, dataset_no: int, *, reason: str, after: int, limit: int
) -> list[dict[str, Any]]:
    """One page of the quarantine, with every reason."""
    bad = DATASET_QUARANTINE.c
    query = (
        select(bad.position, bad.picture, bad.source, bad.source_id, bad.camera_id, bad.reasons)
        .where(bad.dataset_no == dataset_no, bad.position > after)
        .order_by(bad.position)
        .limit(limit)
    )
    if reason:
        query = query.where(bad.reason == reason)
    return [dict(row) for row in connection.execute(query).mappings()]


def quarantine_counts(connection: Connection, dataset_no: int) -> dict[str, int]:
    """How many pictures by their first reason."""
    bad = DATASET_QUARANTINE.c
    query = select(bad.reason, func.count()).where(bad.dataset_no == dataset_no)
    rows = connection.execute(query.group_by(bad.reason).order_by(bad.reason))
    return {str(reason): int(count) for reason, count in rows}


def blob_of_picture(connection: Connection, dataset_no: int, picture: str) -> str:
    """The blob an item's picture lies in; empty where the version holds no such picture."""
    query = select(DATASET_ITEMS.c.blob).where(
        DATASET_ITEMS.c.picture == picture, DATASET_ITEMS.c.dataset_no == dataset_no
    )
    return str(connection.execute(query.limit(1)).scalar() or "")


def models_of(connection: Connection, version_ids: Sequence[str]) -> list[dict[str, str]]:
    """Registered models whose lineage names one of these versions, newest first."""
    told = MODELS.c.lineage["dataset"].as_string()
    query = (
        select(MODELS.c.bundle_id, MODELS.c.name, MODELS.c.version, MODELS.c.stage, told)
        .where(told.in_(list(version_ids)))
        .order_by(MODELS.c.registered_at.desc(), MODELS.c.bundle_id)
    )
    names = ("bundle_id", "name", "version", "stage", "dataset")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query)]


def set_pin(
    connection: Connection, version: str, *, is_pinned: bool, now: datetime, actor: str
) -> StoredDataset:
    """Keep a version from deletion, or let it go again."""
    stored = find(connection, version)
    where = DATASETS.c.dataset_no == stored.dataset_no
    connection.execute(update(DATASETS).where(where).values(is_pinned=is_pinned))
    action = "dataset_pinned" if is_pinned else "dataset_unpinned"
    _audit(connection, now, actor, action, stored.version_id)
    return find(connection, stored.version_id)


def drop(connection: Connection, version: str, *, now: datetime, actor: str) -> StoredDataset:
    """Delete a version's rows; the caller deletes its manifest.

    Raises:
        DatasetError: it is pinned, or a model was made from it.
    """
    stored = find(connection, version)
    if stored.is_pinned:
        raise DatasetError("the version is pinned", hint="hubctl dataset pin --off")
    if models := models_of(connection, [stored.version_id]):
        raise DatasetError(
            f"model {models[0]['bundle_id'][:12]} was made from it", hint="its provenance stays"
        )
    for table in (DATASET_BOXES, DATASET_ITEMS, DATASET_QUARANTINE, DATASETS):
        connection.execute(delete(table).where(table.c.dataset_no == stored.dataset_no))
    _audit(connection, now, actor, "dataset_deleted", stored.version_id, name=stored.name)
    return stored


def withdraw(
    connection: Connection, dataset_nos: Sequence[int], reason: str, *, now: datetime, actor: str
) -> None:
    """Mark versions as not to be used any more, and say why."""
    query = select(DATASETS.c.version_id).where(DATASETS.c.dataset_no.in_(dataset_nos))
    for version_id in connection.execute(query).scalars().all():
        _audit(connection, now, actor, "dataset_withdrawn", version_id, reason=reason)
    connection.execute(
        update(DATASETS).where(DATASETS.c.dataset_no.in_(dataset_nos)).values(withdrawn=reason)
    )


def _item_rows(number: int, making: VersionInMaking) -> Iterator[dict[str, Any]]:
    for position, (item, blob) in enumerate(making.items()):
        yield {
            "dataset_no": number, "position": position, "picture": item.picture, "blob": blob,
            "store_id": item.store_id, "camera_id": item.camera_id, "day": item.day,
            "source": item.source, "source_id": item.source_id, "split": item.split,
            "num_boxes": len(item.boxes),
        }  # fmt: skip


def _box_rows(number: int, making: VersionInMaking) -> Iterator[dict[str, Any]]:
    for position, (item, _) in enumerate(making.items()):
        for place, box in enumerate(item.boxes):
            yield {
                "dataset_no": number, "position": position, "box_no": place, "sku_id": box.sku_id,
                "source": box.source, "answer_id": box.answer_id,
            }  # fmt: skip


def _bad_rows(number: int, making: VersionInMaking) -> Iterator[dict[str, Any]]:
    for position, one in enumerate(making.quarantined()):
        yield {
            "dataset_no": number, "position": position, "picture": one.picture,
            "source": one.source, "source_id": one.source_id, "camera_id": one.camera_id,
            "reason": one.reasons[0], "reasons": list(one.reasons),
        }  # fmt: skip


def _insert(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    left = iter(rows)
    while portion := list(islice(left, PORTION)):
        connection.execute(insert(table), portion)


def _skus_at(
    connection: Connection, dataset_no: int, positions: Sequence[int]
) -> dict[int, list[str]]:
    boxes = DATASET_BOXES.c
    query = (
        select(boxes.position, boxes.sku_id)
        .where(boxes.dataset_no == dataset_no, boxes.position.in_(positions))
        .order_by(boxes.position, boxes.box_no)
    )
    found: dict[int, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.position, []).append(row.sku_id)
    return found


def _row(connection: Connection, version_id: str) -> StoredDataset | None:
    where = DATASETS.c.version_id == version_id
    row = connection.execute(select(DATASETS).where(where)).mappings().first()
    return None if row is None else _stored(dict(row))


def _stored(row: dict[str, Any]) -> StoredDataset:
    values = {name: row[name] for name in StoredDataset.__slots__}
    return StoredDataset(**{**values, "is_pinned": bool(row["is_pinned"])})


def _audit(
    connection: Connection, now: datetime, actor: str, action: str, version_id: str, **details: str
) -> None:
    audit.record(
        connection, now=now, actor=actor, action=action, subject=f"dataset:{version_id}",
        details=details,
    )  # fmt: skip
