"""What triggers ask the database: labels, drift and SKUs that are new since a moment."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from trainer.monitoring.triggers import Facts, TriggerPlan
from trainer.store.cases import read_body
from trainer.store.catalogue_tables import SKUS
from trainer.store.monitor_tables import ALERTS
from trainer.store.review_tables import LABELS
from trainer.store.schema import CASES, RECEIVED

MAX_PAIR_LABELS = 5_000


def facts_for(
    connection: Connection, plan: TriggerPlan, since: datetime, budget: Facts,
    accuracy: dict[str, float],
) -> Facts:  # fmt: skip
    """What its conditions ask for, added to what its firings say; the rest is not looked up."""
    kinds = {condition.kind for condition in plan.conditions}
    drifts = select(ALERTS.c.place).where(ALERTS.c.kind == "drift", ALERTS.c.opened_at > since)
    changed = select(func.count()).select_from(SKUS).where(SKUS.c.updated_at > since)
    return replace(
        budget,
        labels=new_labels(connection, since) if "labels" in kinds else {},
        drifts=tuple(connection.execute(drifts).scalars()) if "drift" in kinds else (),
        accuracy=accuracy,
        num_skus_changed=connection.execute(changed).scalar_one() if "catalogue" in kinds else 0,
    )


def new_labels(connection: Connection, since: datetime) -> dict[str, dict[str, int]]:
    """Labels that name an SKU, counted in each way."""
    fresh = (LABELS.c.at > since) & (LABELS.c.kind == "sku")
    by_sku = connection.execute(
        select(LABELS.c.sku_id, func.count()).where(fresh).group_by(LABELS.c.sku_id)
    )
    per_sku = {str(sku): int(count) for sku, count in by_sku}
    by_store = connection.execute(
        select(CASES.c.store_id, func.count())
        .join(LABELS, LABELS.c.case_id == CASES.c.case_id)
        .where(fresh)
        .group_by(CASES.c.store_id)
    )
    return {
        "all": {"": sum(per_sku.values())},
        "sku": per_sku,
        "store": {str(store or ""): int(count) for store, count in by_store},
        "pair": confused_pairs(connection, since),
    }


def confused_pairs(connection: Connection, since: datetime) -> dict[str, int]:
    """`guess|label` -> how often the box's best guess was another SKU than the label."""
    rows = connection.execute(
        select(LABELS.c.camera_id, LABELS.c.item_id, LABELS.c.sku_id, RECEIVED.c.body)
        .join(CASES, CASES.c.case_id == LABELS.c.case_id)
        .join(RECEIVED, RECEIVED.c.received_id == CASES.c.received_id)
        .where(LABELS.c.at > since, LABELS.c.kind == "sku")
        .order_by(LABELS.c.label_id.desc())
        .limit(MAX_PAIR_LABELS)
    )
    found: Counter[str] = Counter()
    for row in rows:
        case = read_body(row.body)
        for picture in case.pictures if case else ():
            for item in picture.items:
                is_it = (picture.camera_id, item.item_id) == (row.camera_id, row.item_id)
                if is_it and item.guesses:
                    guess = item.guesses[0][0]
                    found[f"{guess}|{row.sku_id}"] += guess != row.sku_id
    return {pair: count for pair, count in found.items() if count}
