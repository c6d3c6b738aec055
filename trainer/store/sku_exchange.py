"""The catalogue as a CSV or JSON file, out and in, with a preview of what a file would change.

Flow: file -> rows -> CatalogueSku or an error with its line -> plan -> applied all or nothing

A cell that a spreadsheet would run as a formula is written with a leading apostrophe and read
back without it. Columns `name_<language>` hold names; lists, and the three lengths of
`size_cm`, stand with `|` between their parts.
"""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, select

from trainer.store.catalogue_tables import SKUS
from trainer.store.sku_table import (
    CatalogueSku,
    SkuError,
    StoredSku,
    change_sku,
    create_skus,
    differences,
    stored_sku,
)

MAX_ROWS = 200_000
MAX_CELL_CHARS = 10_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PLAIN = (
    "sku_id", "gtin", "plu", "unit", "family", "expected_weight_g", "weight_tolerance_g", "tare_g",
    "age_limit", "deposit_minor", "tax_class", "valid_from", "valid_until",
)  # fmt: skip
LISTS = ("category_path", "allergens", "size_cm")


class ImportFormError(SkuError):
    """A file that is no catalogue at all."""

    code = "import.malformed"


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """What is wrong with one row."""

    line: int
    sku_id: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a file would do.

    Attributes:
        changed: the SKU as it is and as it would be.
    """

    created: tuple[CatalogueSku, ...]
    changed: tuple[tuple[StoredSku, CatalogueSku], ...]
    num_unchanged: int
    problems: tuple[ImportProblem, ...]


def to_csv(skus: Iterable[CatalogueSku]) -> str:
    """Every SKU as one line; names in as many columns as there are languages."""
    rows = list(skus)
    languages = sorted({language for sku in rows for language in sku.names})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*PLAIN, *LISTS, *(f"name_{language}" for language in languages)])
    for sku in rows:
        said = sku.model_dump(mode="json")
        cells = [said[name] for name in PLAIN] + [_list_cell(said[name]) for name in LISTS]
        cells += [sku.names.get(language, "") for language in languages]
        writer.writerow([safe_cell("" if cell is None else str(cell)) for cell in cells])
    return out.getvalue()


def to_json(skus: Iterable[CatalogueSku]) -> str:
    """The form of sync/catalog.py, so that a bundle can take the file as it is."""
    listed = [sku.model_dump(mode="json", exclude={"picture"}) for sku in skus]
    return json.dumps({"format": 1, "skus": listed}, ensure_ascii=False, indent=1)


def read_csv(data: bytes) -> list[tuple[int, dict[str, Any]]]:
    """Line number and fields of each row.

    Raises:
        ImportFormError: not UTF-8, no header, too many rows, or a cell without end.
    """
    return [(line, _fields(row)) for line, row in csv_rows(data, needed="sku_id")]


def read_json(data: bytes) -> list[tuple[int, dict[str, Any]]]:
    """Number and fields of each entry.

    Raises:
        ImportFormError: no JSON, or no list of SKUs.
    """
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as err:
        raise ImportFormError(f"no JSON: {type(err).__name__}", hint="export one to see") from err
    skus = said.get("skus") if isinstance(said, dict) else said
    if not isinstance(skus, list) or not all(isinstance(entry, dict) for entry in skus):
        raise ImportFormError("no list `skus` of objects", hint="export one to see the form")
    if len(skus) > MAX_ROWS:
        raise ImportFormError(f"more than {MAX_ROWS} rows", hint="split the file")
    return [(i + 1, {**entry, "picture": None}) for i, entry in enumerate(skus)]


def csv_rows(data: bytes, *, needed: str) -> list[tuple[int, dict[str, str]]]:
    """Rows of a CSV file by its header; apostrophes before formulas are gone.

    Raises:
        ImportFormError: not UTF-8, no header, too many rows, or a cell without end.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise ImportFormError("the file is not UTF-8", hint="save it as CSV UTF-8") from err
    if "\x00" in text:
        raise ImportFormError("the file holds NUL bytes", hint="is it a spreadsheet? save as CSV")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        if needed not in (reader.fieldnames or ()):
            raise ImportFormError(f"no column {needed}", hint="export one to see the columns")
        for row in reader:
            rows.append((reader.line_num, _cells(row)))
            if len(rows) > MAX_ROWS:
                raise ImportFormError(f"more than {MAX_ROWS} rows", hint="split the file")
    except csv.Error as err:
        raise ImportFormError(f"line {reader.line_num}: {err}", hint="mend the line") from err
    return rows


def safe_cell(text: str) -> str:
    """A cell no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def plan_import(connection: Connection, rows: list[tuple[int, dict[str, Any]]]) -> ImportPlan:
    """Hold every row against the rules and against what is known."""
    known = {row["sku_id"]: stored_sku(dict(row))
             for row in connection.execute(select(SKUS)).mappings()}  # fmt: skip
    created: list[CatalogueSku] = []
    changed: list[tuple[StoredSku, CatalogueSku]] = []
    problems: list[ImportProblem] = []
    seen: set[str] = set()
    gtins = {s.sku.gtin: s.sku.sku_id for s in known.values() if s.status == "active"}
    for line, fields in rows:
        named = str(fields.get("sku_id", ""))[:80]
        try:
            sku = CatalogueSku.model_validate(fields)
        except ValidationError as err:
            problems.append(ImportProblem(line, named, _first_error(err)))
            continue
        if sku.sku_id in seen:
            problems.append(ImportProblem(line, named, "stands twice in the file"))
        elif sku.gtin and gtins.setdefault(sku.gtin, sku.sku_id) != sku.sku_id:
            problems.append(ImportProblem(line, named, f"GTIN is of {gtins[sku.gtin]}"))
        elif sku.sku_id not in known:
            created.append(sku)
        elif differences(known[sku.sku_id].sku, sku):
            changed.append((known[sku.sku_id], sku))
        seen.add(sku.sku_id)
    num_unchanged = len(rows) - len(created) - len(changed) - len(problems)
    return ImportPlan(tuple(created), tuple(changed), num_unchanged, tuple(problems))


def apply_import(connection: Connection, plan: ImportPlan, *, now: datetime, actor: str) -> None:
    """Do what the plan says, in the caller's transaction."""
    create_skus(connection, plan.created, now=now, actor=actor)
    for old, new in plan.changed:
        change_sku(connection, new, version=old.version, now=now, actor=actor)


def _cells(row: dict[str | Any, str | Any]) -> dict[str, str]:
    if None in row or None in row.values():
        raise csv.Error("more or fewer cells than the header")
    if any(len(cell) > MAX_CELL_CHARS for cell in row.values()):
        raise csv.Error(f"a cell of more than {MAX_CELL_CHARS} characters")
    return {
        name: cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS) else cell
        for name, cell in row.items()
    }


def _fields(row: dict[str, str]) -> dict[str, Any]:
    """Cells as fields; an empty cell is the default. Unknown columns are left to the form."""
    fields: dict[str, Any] = {"names": {}}
    for column, cell in row.items():
        text = cell.strip()
        if column.startswith("name_"):
            fields["names"] |= {column.removeprefix("name_"): text} if text else {}
        elif column in LISTS:
            parts = [part.strip() for part in text.split("|") if part.strip()]
            fields[column] = parts if parts or column != "size_cm" else None
        elif text:
            fields[column] = text
    return fields


def _list_cell(value: list[str] | list[float] | None) -> str:
    return "|".join(str(part) for part in value or ())


def _first_error(err: ValidationError) -> str:
    first = err.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
