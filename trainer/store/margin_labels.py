"""Items of a store whose truth is known, beside what the cameras had said about them.

Flow: hard cases with evidence + labels, vetted claims -> KnownItems per bundle

A reviewer's word counts first, then a barcode, then a shopper whose word the pictures bear out. A
shopper who contradicts the box with nothing behind it is in dispute: that is counted, not believed.
An item counts once, however many cases of its basket show it. Reads only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select

from sync.hard_case import HardCase, ItemEvidence
from trainer.store.cases import read_body
from trainer.store.catalogue_tables import SKUS
from trainer.store.dataset_tables import WEAK_LABELS
from trainer.store.review_tables import LABELS
from trainer.store.schema import CASES, RECEIVED
from trainer.store.weak_labels import Claim, claims_of

MAX_CASES = 5_000  # the newest; about ten times what proves 0.5 %

Source = Literal["reviewer", "barcode", "shopper"]
Standing = Literal["known", "contested", "unclear", "waiting"]
# Of two cases that show one item the one further left counts.
RANK: dict[tuple[Standing, Source], int] = {
    ("known", "reviewer"): 0, ("unclear", "reviewer"): 0, ("known", "barcode"): 1,
    ("known", "shopper"): 2, ("contested", "barcode"): 3, ("contested", "shopper"): 3,
    ("waiting", "shopper"): 4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownItem:
    """One item of one basket.

    Attributes:
        truth: SKU; empty where no goods lay there.
        standing: `contested` and `waiting` items were named by a shopper or a barcode, and
            pictures contradict that or were not asked yet; `unclear` ones a reviewer cannot name.
    """

    evidence: ItemEvidence
    truth: str
    source: Source
    standing: Standing


@dataclass(frozen=True, slots=True)
class BundleItems:
    """What is known about one bundle's decisions in one store."""

    bundle_id: str
    items: list[KnownItem] = field(default_factory=list)

    def having(self, standing: Standing) -> list[KnownItem]:
        """Those of one standing."""
        return [item for item in self.items if item.standing == standing]


@dataclass(frozen=True, slots=True)
class LabelMarks:
    """Up to where labels, vetted claims and cases have been looked at."""

    label_id: int = 0
    weak_id: int = 0
    received_id: int = 0


def newest_marks(connection: Connection) -> LabelMarks:
    """The newest of each."""
    columns = (LABELS.c.label_id, WEAK_LABELS.c.weak_id, CASES.c.received_id)
    found = [connection.execute(select(func.max(column))).scalar() or 0 for column in columns]
    return LabelMarks(*found)


def stores_touched(connection: Connection, since: LabelMarks) -> set[str]:
    """Stores about which anything came in since."""
    cases = CASES.c
    queries = (
        select(cases.store_id).join(LABELS, LABELS.c.case_id == cases.case_id)
        .where(LABELS.c.label_id > since.label_id),
        select(cases.store_id).join(WEAK_LABELS, WEAK_LABELS.c.case_id == cases.case_id)
        .where(WEAK_LABELS.c.weak_id > since.weak_id),
        select(cases.store_id).where(cases.received_id > since.received_id),
    )  # fmt: skip
    found = {one for query in queries for one in connection.execute(query.distinct()).scalars()}
    return {store_id for store_id in found if store_id}


def items_by_bundle(
    connection: Connection, store_id: str, since: datetime
) -> dict[str, BundleItems]:
    """Bundle -> its items of this store, of cases that are not older."""
    reviewed = _reviewed(connection, store_id, since)
    vetted = _vetted(connection, store_id, since)
    rows = connection.execute(
        select(CASES.c.case_id, CASES.c.box_id, CASES.c.status, RECEIVED.c.body)
        .join(RECEIVED, RECEIVED.c.received_id == CASES.c.received_id)
        .where(CASES.c.store_id == store_id, CASES.c.created_at >= since)
        .where(CASES.c.status != "skipped")
        .order_by(CASES.c.created_at.desc(), CASES.c.case_id)
        .limit(MAX_CASES)
    ).all()
    best: dict[tuple[str, str, str, str], KnownItem] = {}
    for row in reversed(rows):
        case = read_body(row.body)
        if case is None or not case.evidence:
            continue
        is_labelled = row.status == "labelled"
        said = reviewed.get(row.case_id, {}) if is_labelled else None
        for item in _known_items(case, row.case_id, row.box_id, said, vetted):
            key = (case.bundle_id, row.box_id, case.basket_id, item.evidence.item_id)
            if key not in best or _rank(item) < _rank(best[key]):
                best[key] = item
    found: dict[str, BundleItems] = {}
    for (bundle_id, *_), item in best.items():
        found.setdefault(bundle_id, BundleItems(bundle_id)).items.append(item)
    return found


def families_of(connection: Connection, sku_ids: Sequence[str]) -> dict[str, str]:
    """SKU -> look-alike family, as the hub's catalogue has it; of SKUs that came after a bundle."""
    wanted = (SKUS.c.sku_id.in_(sku_ids), SKUS.c.family.is_not(None), SKUS.c.family != "")
    rows = connection.execute(select(SKUS.c.sku_id, SKUS.c.family).where(*wanted))
    return {row.sku_id: row.family for row in rows}


def _known_items(
    case: HardCase, case_id: str, box_id: str, said: Mapping[str, set[str]] | None,
    vetted: Mapping[tuple[str, str], str],
) -> list[KnownItem]:  # fmt: skip
    """Items of a case that somebody spoke about; `said` None where no reviewer did."""
    if said is not None:
        return [_reviewed_item(e, said[e.item_id]) for e in case.evidence if e.item_id in said]
    claims = {claim.item_id: claim for claim in claims_of(case, case_id, box_id)}
    return [
        _claimed_item(e, claims[e.item_id], vetted.get((case_id, e.item_id), ""))
        for e in case.evidence
        if e.item_id in claims
    ]


def _reviewed_item(evidence: ItemEvidence, names: set[str]) -> KnownItem:
    """By what the reviewer said in every picture; `<unknown>` in one of them makes it unclear."""
    skus = {name for name in names if name and not name.startswith("<")}
    if len(skus) > 1 or "<unknown>" in names:
        return KnownItem(evidence, "", "reviewer", "unclear")
    return KnownItem(evidence, next(iter(skus), ""), "reviewer", "known")


def _claimed_item(evidence: ItemEvidence, claim: Claim, vetting: str) -> KnownItem:
    """By what a shopper or a barcode said: two witnesses of three, or it waits."""
    agrees = claim.sku_id == evidence.best
    standing: Standing = "known"
    if vetting == "blocked" or (claim.source == "shopper" and not agrees and not vetting):
        standing = "contested"
    elif claim.source == "shopper" and not vetting:
        standing = "waiting"
    return KnownItem(evidence, claim.sku_id, claim.source, standing)


def _rank(item: KnownItem) -> int:
    return RANK[item.standing, item.source]


def _reviewed(
    connection: Connection, store_id: str, since: datetime
) -> dict[str, dict[str, set[str]]]:
    """Case -> item -> what it was called, over all pictures."""
    rows = connection.execute(
        select(LABELS.c.case_id, LABELS.c.item_id, LABELS.c.kind, LABELS.c.sku_id)
        .join(CASES, CASES.c.case_id == LABELS.c.case_id)
        .where(CASES.c.store_id == store_id, CASES.c.created_at >= since)
    )
    found: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        name = row.sku_id if row.kind == "sku" else f"<{row.kind}>"
        found.setdefault(row.case_id, {}).setdefault(row.item_id, set()).add(name)
    return found


def _vetted(connection: Connection, store_id: str, since: datetime) -> dict[tuple[str, str], str]:
    """(case, item) -> accepted or blocked."""
    rows = connection.execute(
        select(WEAK_LABELS.c.case_id, WEAK_LABELS.c.item_id, WEAK_LABELS.c.status)
        .join(CASES, CASES.c.case_id == WEAK_LABELS.c.case_id)
        .where(CASES.c.store_id == store_id, CASES.c.created_at >= since)
    )
    return {(row.case_id, row.item_id): row.status for row in rows}
