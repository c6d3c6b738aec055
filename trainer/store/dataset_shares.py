"""What a version is made of, and where a picture of it lies that was left out.

Flow: rows of a version -> pictures per store and per source ; quarantined picture -> its blob

A picture of a blind basket is never found here: whoever trains may know of it, not see it.
"""

from sqlalchemy import Connection, func, select

from trainer.dataset.quality import BLIND
from trainer.store.dataset_tables import DATASET_ITEMS, DATASET_QUARANTINE, PICTURE_FACTS

Shares = dict[str, dict[str, int]]


def shares_of(connection: Connection, dataset_no: int) -> dict[str, Shares]:
    """`{"stores": {"s1": {"train": 80}}, "sources": {"case": {"train": 70}}}`, by split."""
    items = DATASET_ITEMS.c
    found: dict[str, Shares] = {}
    for kind, column in (("stores", items.store_id), ("sources", items.source)):
        query = (
            select(column, items.split, func.count())
            .where(items.dataset_no == dataset_no)
            .group_by(column, items.split)
            .order_by(column, items.split)
        )
        shares: Shares = {}
        for name, split, count in connection.execute(query):
            shares.setdefault(str(name), {})[str(split)] = int(count)
        found[kind] = shares
    return found


def blob_of_quarantined(connection: Connection, dataset_no: int, picture: str) -> str:
    """The blob a picture lies in that was left out; empty where it is none, or a blind one."""
    bad = DATASET_QUARANTINE.c
    where = (bad.dataset_no == dataset_no) & (bad.picture == picture)
    reasons = connection.execute(select(bad.reasons).where(where)).scalars().all()
    if not picture or not reasons or any(BLIND in found for found in reasons):
        return ""
    query = select(PICTURE_FACTS.c.blob).where(PICTURE_FACTS.c.picture == picture)
    return str(connection.execute(query.limit(1)).scalar() or "")
