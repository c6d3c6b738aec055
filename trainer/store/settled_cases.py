"""Labels on their way back: baskets that two models priced differently and that people labelled.

Flow: labelled cases of a box and its candidate -> SettledBasket for the answer to its check-in

The largest count of one camera is taken: cameras look at the same tray. A case with a box that
nobody could name is no truth and is left out. Reads only.
"""

from collections import Counter

from sqlalchemy import Connection, select

from sync.hard_case import CaseReason
from sync.protocol import SettledBasket
from trainer.store.review_tables import LABELS
from trainer.store.schema import CASES, RECEIVED

MAX_SETTLED = 100
NO_GOODS = "not_item"


def settled_baskets(
    connection: Connection, box_id: str, candidate: str
) -> tuple[SettledBasket, ...]:
    """The newest ones about this candidate of this box."""
    if not candidate:
        return ()
    rows = connection.execute(
        select(CASES.c.case_id, CASES.c.basket_id)
        .join(RECEIVED, RECEIVED.c.received_id == CASES.c.received_id)
        .where(
            CASES.c.box_id == box_id,
            CASES.c.reason == CaseReason.SHADOW_DISAGREES.value,
            CASES.c.status == "labelled",
            RECEIVED.c.body["bundle_id"].as_string() == candidate,
        )
        .order_by(CASES.c.created_at.desc())
        .limit(MAX_SETTLED)
    ).all()
    baskets = {row.case_id: row.basket_id for row in rows}
    if not baskets:
        return ()
    counts = _pieces(connection, list(baskets))
    return tuple(
        SettledBasket(basket_id=basket_id, truth=counts[case_id])
        for case_id, basket_id in baskets.items()
        if counts.get(case_id)
    )


def _pieces(connection: Connection, case_ids: list[str]) -> dict[str, dict[str, int]]:
    """Case -> SKU -> pieces; empty where a box has no name."""
    found: dict[str, dict[str, Counter[str]]] = {}
    unsure: set[str] = set()
    query = select(LABELS.c.case_id, LABELS.c.camera_id, LABELS.c.kind, LABELS.c.sku_id)
    for row in connection.execute(query.where(LABELS.c.case_id.in_(case_ids))):
        if row.kind == NO_GOODS:
            continue
        if row.kind != "sku" or not row.sku_id:
            unsure.add(row.case_id)
        cameras = found.setdefault(row.case_id, {})
        cameras.setdefault(row.camera_id, Counter())[row.sku_id] += 1
    most: dict[str, dict[str, int]] = {}
    for case_id, cameras in found.items():
        pieces: Counter[str] = Counter()
        for seen in cameras.values():
            pieces |= seen
        most[case_id] = {} if case_id in unsure else dict(sorted(pieces.items()))
    return most
