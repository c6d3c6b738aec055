"""SKUs as the centre keeps them: found, listed, changed with a version, retired but never deleted.

`CatalogueSku` is the form of people and files; the rules of sync/catalog.py hold for it. Every
change is audited field by field in the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, field_validator
from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select, update

from sync.catalog import Sku, gtin14
from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.catalogue_tables import PRICES, SKUS

Word = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f/]{1,80}$")]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,200}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$")]
Sort = Literal["sku_id", "name", "gtin", "category", "updated_at"]
Missing = Literal["", "gtin", "picture", "weight", "category"]
MAX_DETAIL_CHARS = 300


class SkuError(DegradedError):
    """An SKU that cannot be made or changed so."""

    code = "sku.refused"


class SkuChangedError(SkuError):
    """Somebody else changed it in the meantime."""

    code = "sku.changed"


class UnknownSkuError(SkuError):
    """No such SKU."""

    code = "not_found"


class CatalogueSku(Sku):
    """An SKU as a person writes it; sizes are bounded and unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    plu: str | None = Field(default=None, pattern=r"^[0-9A-Za-z]{1,20}$")
    names: dict[Language, Text] = Field(max_length=40)
    category_path: tuple[Word, ...] = Field(default=(), max_length=6)
    family: Word | None = None
    expected_weight_g: float | None = Field(default=None, gt=0, le=1_000_000)
    weight_tolerance_g: float = Field(default=5.0, ge=0, le=1_000_000)
    tare_g: float = Field(default=0.0, ge=0, le=1_000_000)
    allergens: tuple[Word, ...] = Field(default=(), max_length=40)
    deposit_minor: int = Field(default=0, ge=0, le=10**12)
    tax_class: Word = "standard"
    picture: None = None
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None

    @field_validator("gtin", mode="before")
    @classmethod
    def _any_length(cls, code: object) -> object:
        """EAN-8, UPC-A and EAN-13 are written as GTIN-14."""
        return gtin14(code) if isinstance(code, str) and code else code


@dataclass(frozen=True, slots=True)
class SkuQuery:
    """Which SKUs, in which order, which page."""

    text: str = ""
    category: str = ""
    family: str = ""
    unit: str = ""
    tax_class: str = ""
    status: str = "active"
    store_id: str = ""
    missing: Missing = ""
    sort: Sort = "name"
    is_descending: bool = False
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class StoredSku:
    """An SKU and what the centre knows beside it."""

    sku: CatalogueSku
    status: str
    version: int
    picture_blob: str
    updated_at: datetime


def find_sku(connection: Connection, sku_id: str) -> StoredSku:
    """An SKU by its id, retired ones too.

    Raises:
        UnknownSkuError: there is none.
    """
    row = connection.execute(select(SKUS).where(SKUS.c.sku_id == sku_id)).mappings().first()
    if row is None:
        raise UnknownSkuError(f"no SKU {sku_id[:80]!r}", hint="search by name or GTIN")
    return stored_sku(dict(row))


def list_skus(connection: Connection, query: SkuQuery) -> tuple[int, list[StoredSku]]:
    """How many there are, and one page of them."""
    chosen = _filtered(query)
    total = connection.execute(select(func.count()).select_from(chosen.subquery())).scalar_one()
    column = SKUS.c[query.sort]
    order = (column.desc(), SKUS.c.sku_id) if query.is_descending else (column, SKUS.c.sku_id)
    rows = connection.execute(chosen.order_by(*order).offset(query.offset).limit(query.limit))
    return total, [stored_sku(dict(row)) for row in rows.mappings()]


def all_active(connection: Connection) -> list[CatalogueSku]:
    """Every SKU that is not retired, in order of id."""
    rows = connection.execute(
        select(SKUS).where(SKUS.c.status == "active").order_by(SKUS.c.sku_id)
    ).mappings()
    return [stored_sku(dict(row)).sku for row in rows]


def names_and_pictures(connection: Connection, sku_ids: list[str]) -> dict[str, tuple[str, bool]]:
    """Name of each known SKU, and whether it has a picture."""
    rows = connection.execute(
        select(SKUS.c.sku_id, SKUS.c.name, SKUS.c.picture_blob).where(SKUS.c.sku_id.in_(sku_ids))
    )
    return {row.sku_id: (row.name, bool(row.picture_blob)) for row in rows}


def list_categories(connection: Connection) -> dict[str, int]:
    """Category path -> how many active SKUs are exactly there."""
    rows = connection.execute(
        select(SKUS.c.category, func.count())
        .where(SKUS.c.status == "active")
        .group_by(SKUS.c.category)
        .order_by(SKUS.c.category)
    )
    return {row[0].rstrip("/"): int(row[1]) for row in rows}


def create_sku(
    connection: Connection, sku: CatalogueSku, *, now: datetime, actor: str
) -> StoredSku:
    """A new SKU.

    Raises:
        SkuError: its id or its GTIN is taken.
    """
    if connection.execute(select(SKUS.c.sku_id).where(SKUS.c.sku_id == sku.sku_id)).scalar():
        raise SkuError(f"there is an SKU {sku.sku_id!r} already", hint="change it instead")
    _require_free_gtin(connection, sku)
    create_skus(connection, [sku], now=now, actor=actor)
    return find_sku(connection, sku.sku_id)


def create_skus(
    connection: Connection, skus: Sequence[CatalogueSku], *, now: datetime, actor: str
) -> None:
    """New SKUs that were checked before: ids and GTINs are free."""
    if not skus:
        return
    state = {"status": "active", "version": 1, "updated_at": now}
    connection.execute(insert(SKUS), [{**_columns(sku), **state} for sku in skus])
    audit.record_many(
        connection, now=now, actor=actor, action="sku_created",
        subjects={f"sku:{s.sku_id}": {"name": s.names["en"], "gtin": s.gtin} for s in skus},
    )  # fmt: skip


def change_sku(
    connection: Connection, sku: CatalogueSku, *, version: int, now: datetime, actor: str
) -> StoredSku:
    """Change an SKU that is still as the caller saw it.

    Raises:
        UnknownSkuError: there is none.
        SkuChangedError: the version is not the newest.
        SkuError: its GTIN is another's.
    """
    known = find_sku(connection, sku.sku_id)
    if known.version != version:
        raise SkuChangedError(
            f"{sku.sku_id} is at version {known.version}, not {version}",
            hint="load it again and look at what changed",
        )
    _require_free_gtin(connection, sku)
    changes = differences(known.sku, sku)
    if changes:
        _write(connection, sku.sku_id, version, now, _columns(sku))
        details = {
            name: f"{old} -> {new}"[:MAX_DETAIL_CHARS] for name, (old, new) in changes.items()
        }
        audit.record(
            connection, now=now, actor=actor, action="sku_changed",
            subject=f"sku:{sku.sku_id}", details=details,
        )  # fmt: skip
    return find_sku(connection, sku.sku_id)


def set_status(
    connection: Connection, sku_id: str, status: Literal["active", "retired"], *, now: datetime,
    actor: str,
) -> StoredSku:  # fmt: skip
    """Retire an SKU, or bring it back.

    Raises:
        UnknownSkuError: there is none.
    """
    known = find_sku(connection, sku_id)
    if known.status != status:
        _write(connection, sku_id, known.version, now, {"status": status})
        action = "sku_retired" if status == "retired" else "sku_restored"
        audit.record(connection, now=now, actor=actor, action=action, subject=f"sku:{sku_id}")
    return find_sku(connection, sku_id)


def set_picture(
    connection: Connection, sku_id: str, blob: str, *, now: datetime, actor: str
) -> StoredSku:
    """Name the blob of the catalogue picture.

    Raises:
        UnknownSkuError: there is none.
    """
    known = find_sku(connection, sku_id)
    _write(connection, sku_id, known.version, now, {"picture_blob": blob})
    audit.record(
        connection, now=now, actor=actor, action="sku_picture_set", subject=f"sku:{sku_id}",
        details={"blob": blob[:12]},
    )  # fmt: skip
    return find_sku(connection, sku_id)


def differences(old: CatalogueSku, new: CatalogueSku) -> dict[str, tuple[str, str]]:
    """Field -> (before, after) as text, for every field that differs."""
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return {
        name: (_said(before[name]), _said(after[name]))
        for name in before
        if before[name] != after[name]
    }


def stored_sku(row: dict[str, Any]) -> StoredSku:
    """A row as an SKU."""
    sku = CatalogueSku.model_construct(
        **{name: row[name] for name in CatalogueSku.model_fields if name in row},
        category_path=tuple(part for part in row["category"].split("/") if part),
    )
    object.__setattr__(sku, "allergens", tuple(row["allergens"]))
    object.__setattr__(sku, "size_cm", tuple(row["size_cm"]) if row["size_cm"] else None)
    return StoredSku(sku, row["status"], row["version"], row["picture_blob"], row["updated_at"])


def _said(value: object) -> str:
    return "" if value is None else str(value)


def _write(
    connection: Connection, sku_id: str, version: int, now: datetime, values: dict[str, Any]
) -> None:
    connection.execute(
        update(SKUS)
        .where(SKUS.c.sku_id == sku_id)
        .values(**values, version=version + 1, updated_at=now)
    )


def _require_free_gtin(connection: Connection, sku: CatalogueSku) -> None:
    if not sku.gtin:
        return
    other = connection.execute(
        select(SKUS.c.sku_id).where(
            SKUS.c.gtin == sku.gtin, SKUS.c.sku_id != sku.sku_id, SKUS.c.status == "active"
        )
    ).scalar()
    if other:
        raise SkuError(f"GTIN {sku.gtin} is of {other}", hint="retire that one, or mend the GTIN")


def _columns(sku: CatalogueSku) -> dict[str, Any]:
    values = sku.model_dump(mode="python", exclude={"category_path", "picture"})
    words = (sku.sku_id, sku.gtin.lstrip("0"), sku.gtin, sku.plu or "", sku.family or "",
             *sku.category_path, *sku.names.values())  # fmt: skip
    return {
        **values,
        "allergens": list(sku.allergens),
        "category": "".join(f"{part}/" for part in sku.category_path),
        "name": sku.names["en"],
        "search_text": " ".join(words).casefold(),
    }


def _filtered(query: SkuQuery) -> Select[Any]:
    chosen = select(SKUS)
    for name in ("family", "unit", "tax_class", "status"):
        if wanted := getattr(query, name):
            chosen = chosen.where(SKUS.c[name] == wanted)
    for word in query.text.casefold().split()[:8]:
        chosen = chosen.where(SKUS.c.search_text.contains(word, autoescape=True))
    if query.category:
        path = query.category.rstrip("/") + "/"
        chosen = chosen.where(SKUS.c.category.startswith(path, autoescape=True))
    if query.store_id:
        sold = select(PRICES.c.sku_id).where(PRICES.c.store_id == query.store_id)
        chosen = chosen.where(SKUS.c.sku_id.in_(sold))
    if query.missing:
        chosen = chosen.where(_lacks(query.missing))
    return chosen


def _lacks(what: str) -> ColumnElement[bool]:
    conditions: dict[str, ColumnElement[bool]] = {
        "gtin": SKUS.c.gtin == "",
        "picture": SKUS.c.picture_blob == "",
        "weight": and_(SKUS.c.expected_weight_g.is_(None), SKUS.c.unit == "each"),
        "category": or_(SKUS.c.category == "", SKUS.c.category.is_(None)),
    }
    return conditions[what]
