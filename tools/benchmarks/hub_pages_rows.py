"""A hub database as large as a chain: SKUs, cases, audit, one version of millions of pictures.

Flow: number of pictures -> rows -> database of a hub

What a page shows is drawn from the row's number, so a test can say what must come. Written through
the driver: the tables are the hub's own, the indices too.
"""

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import Engine, Table, insert

from sync.box_report import SaleLine, SaleReport
from sync.hard_case import CaseItem, CasePicture, CaseReason, HardCase
from trainer.dataset.manifest import SPLITS
from trainer.store.answers import labels_as_json
from trainer.store.catalogue_tables import SKUS
from trainer.store.database import writing
from trainer.store.dataset_tables import DATASET_BOXES, DATASET_ITEMS, DATASETS
from trainer.store.model_tables import MODELS
from trainer.store.review_tables import ANSWERS, LABELS
from trainer.store.schema import AUDIT, BOX_EPOCHS, BOXES, CASES, RECEIVED, STORES

NUM_SKUS = 12_600  # the catalogue of the largest published shop
NUM_STORES = 40
PICTURES_PER_CASE = 10  # of 4,000,000 pictures 400,000 cases wait or were answered
SOLD = 10  # a picture of this number is of a case that was answered
CACHE_KIB = 1_500_000  # an index of random digests that does not fit is written many times over
CONVERTED = frozenset({datetime, dict, list})
AT = datetime(2026, 1, 1, tzinfo=UTC)
VERSION = "d" * 64
BUNDLE = "b" * 64
BASKET = "box-0-lane-1-0-1"
STATUSES = ("new", "labelled", "labelled", "labelled", "second", "skipped")
REVIEWERS = ("ada", "bob", "rita")

Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows of each kind."""

    pictures: int
    skus: int = NUM_SKUS

    @property
    def cases(self) -> int:
        """Hard cases, and entries of the audit."""
        return max(1, self.pictures // PICTURES_PER_CASE)


def picture_of(number: int) -> str:
    """The digest of a picture."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def sku_of(number: int, sizes: Sizes) -> str:
    """The SKU of a picture."""
    return f"sku-{number % sizes.skus:05d}"


def split_of(number: int) -> str:
    """The split of a picture: eight of ten teach."""
    return SPLITS[max(0, number % 10 - 7)]


def fill(engine: Engine, sizes: Sizes, only: Collection[str] = ()) -> None:
    """Write every row.

    Args:
        only: names of tables; the others stay empty. Without, all are filled.
    """
    _fill_small(engine, sizes)
    for table, rows in (
        (SKUS, _skus(sizes)),
        (RECEIVED, _received(sizes)),
        (CASES, _cases(sizes)),
        (ANSWERS, _answers(sizes)),
        (LABELS, _labels(sizes)),
        (AUDIT, _audit(sizes)),
        (DATASET_ITEMS, _items(sizes)),
        (DATASET_BOXES, _boxes(sizes)),
    ):
        if not only or table.name in only:
            _write(engine, table, rows)


def _write(engine: Engine, table: Table, rows: Rows) -> None:
    """Through the driver: SQLAlchemy takes four times as long for a row."""
    first = next(rows)
    names = ", ".join(f'"{name}"' for name in first)
    marks = ", ".join("?" * len(first))
    command = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"
    with writing(engine) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        driver.executemany(command, (_values(row) for row in chain([first], rows)))


def _values(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(_stored(value) if type(value) in CONVERTED else value for value in row.values())


def _stored(value: Any) -> str:
    """As SQLAlchemy keeps it in SQLite."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return json.dumps(value)


def _fill_small(engine: Engine, sizes: Sizes) -> None:
    with writing(engine) as connection:
        stores = [{"store_id": f"s{n}", "name": f"Store {n}", "created_at": AT}
                  for n in range(NUM_STORES)]  # fmt: skip
        connection.execute(insert(STORES), stores)
        boxes = [
            {"box_id": f"box-{n}", "store_id": f"s{n}", "public_key": f"{n:064x}",
             "status": "enrolled", "created_at": AT}
            for n in range(NUM_STORES)
        ]  # fmt: skip
        connection.execute(insert(BOXES), boxes)
        epochs = [{"box_id": f"box-{n}", "epoch": "0" * 32, "last_counter": 0, "first_seen_at": AT}
                  for n in range(NUM_STORES)]  # fmt: skip
        connection.execute(insert(BOX_EPOCHS), epochs)
        counts = {"items": sizes.pictures, "boxes": sizes.pictures, "skus": sizes.skus}
        connection.execute(
            insert(DATASETS).values(
                dataset_no=1, version_id=VERSION, name="chain", note="", recipe={}, counts=counts,
                size=0, is_pinned=False, withdrawn="", by="ada", created_at=AT,
            )
        )  # fmt: skip
        connection.execute(
            insert(MODELS).values(
                bundle_id=BUNDLE, name="chain", version="1", embedder_id="drawn-01", manifest={},
                lineage={"dataset": VERSION, "run_id": "run-1"}, note="", stage="registered",
                registered_by="ada", registered_at=AT,
            )
        )  # fmt: skip


def _skus(sizes: Sizes) -> Rows:
    for n in range(sizes.skus):
        name = f"Product {n} of family {n // 12}"
        yield {
            "sku_id": sku_of(n, sizes), "gtin": f"{95200000000000 + n:014d}", "names": {"en": name},
            "name": name, "search_text": name.lower(), "unit": "each",
            "category": f"group-{n % 30}/", "family": f"family-{n // 12}",
            "weight_tolerance_g": 5.0, "tare_g": 0.0, "allergens": [], "deposit_minor": 0,
            "tax_class": "standard", "status": "active", "version": 1, "updated_at": AT,
        }  # fmt: skip


def _received(sizes: Sizes) -> Rows:
    picture = CasePicture(
        camera_id="cam0", blob="0" * 64, width=1280, height=720,
        items=(CaseItem(item_id="i0", xyxy=(10, 20, 210, 320),
                        guesses=(("sku-00001", 520), ("sku-00002", 400))),),
    )  # fmt: skip
    case = HardCase(
        case_id="case-00000000", basket_id="", lane_id="lane-1", reason=CaseReason.UNCERTAIN,
        value=0, at=AT, bundle_id=BUNDLE, pictures=(picture,),
    ).model_dump(mode="json")  # fmt: skip
    for n in range(sizes.cases):
        basket_id = f"box-{n % NUM_STORES}-lane-1-0-{n}"
        yield _received_row(n, "case", case | {"case_id": f"case-{n:08d}", "basket_id": basket_id})
    sale = SaleReport(
        lane_id="lane-1", basket_id=BASKET, bundle_id=BUNDLE, currency="EUR", total_minor=199,
        pieces={sku_of(SOLD, sizes): 1}, by_origin={"vision": 1},
        lines=(SaleLine(sku_id=sku_of(SOLD, sizes), pieces=1, origin="vision"),),
    ).model_dump(mode="json")  # fmt: skip
    for n in range(sizes.cases, sizes.cases + sizes.cases // 10):
        basket_id = f"box-{n % NUM_STORES}-lane-1-0-x{n}"
        yield _received_row(n, "sale", sale | {"basket_id": basket_id})
    yield _received_row(2 * sizes.cases, "sale", sale) | {"box_id": "box-0"}


def _received_row(n: int, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "received_id": n + 1, "box_id": f"box-{n % NUM_STORES}", "epoch": "0" * 32, "seq": n + 1,
        "kind": kind, "body_sha256": f"{n:064x}", "body": body, "created_at": _at(n),
        "received_at": _at(n),
    }  # fmt: skip


def _cases(sizes: Sizes) -> Rows:
    for n in range(sizes.cases):
        yield {
            "case_id": f"case-{n:08d}", "received_id": n + 1, "box_id": f"box-{n % NUM_STORES}",
            "store_id": f"s{n % NUM_STORES}", "basket_id": f"box-{n % NUM_STORES}-lane-1-0-{n}",
            "reason": "uncertain", "value": n % 997, "status": STATUSES[n % len(STATUSES)],
            "created_at": _at(n),
        }  # fmt: skip


def _is_labelled(n: int) -> bool:
    return STATUSES[n % len(STATUSES)] == "labelled"


def _answers(sizes: Sizes) -> Rows:
    for n in range(sizes.cases):
        if _is_labelled(n):
            yield {
                "answer_id": n + 1, "case_id": f"case-{n:08d}", "reviewer": REVIEWERS[n % 3],
                "at": _at(n), "seconds": 4.0, "pictures": labels_as_json({}), "num_boxes": 1,
                "is_undone": False, "status_before": "new",
            }  # fmt: skip


def _labels(sizes: Sizes) -> Rows:
    for n in range(sizes.cases):
        if _is_labelled(n):
            yield {
                "case_id": f"case-{n:08d}", "camera_id": "cam0", "item_id": "i0", "x1": 10,
                "y1": 20, "x2": 210, "y2": 320, "kind": "sku", "sku_id": sku_of(n, sizes),
                "source": REVIEWERS[n % 3], "at": _at(n), "origin": "reviewer",
                "answer_id": n + 1,
            }  # fmt: skip


def _audit(sizes: Sizes) -> Rows:
    for n in range(sizes.cases):
        yield {"at": _at(n), "actor": REVIEWERS[n % 3], "action": "case_answered",
               "subject": f"case:case-{n:08d}", "details": {}}  # fmt: skip


def _items(sizes: Sizes) -> Rows:
    for n in range(sizes.pictures):
        name = picture_of(n)
        yield {
            "dataset_no": 1, "position": n, "picture": name, "blob": name,
            "store_id": f"s{n % NUM_STORES}", "camera_id": "cam0", "day": "2026-01-01",
            "source": "case", "source_id": f"case-{n // PICTURES_PER_CASE:08d}",
            "split": split_of(n), "num_boxes": 1,
        }  # fmt: skip


def _boxes(sizes: Sizes) -> Rows:
    for n in range(sizes.pictures):
        yield {"dataset_no": 1, "position": n, "box_no": 0, "sku_id": sku_of(n, sizes),
               "source": "reviewer", "answer_id": n // PICTURES_PER_CASE + 1}  # fmt: skip


def _at(n: int) -> datetime:
    return AT + timedelta(seconds=n)
