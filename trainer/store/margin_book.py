"""Stores' own margins as they were computed: kept, read, switched off and on; every change audited.

Flow: MarginRow -> store_margins, audit -> rows that are to be signed
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, insert, select

from sync.store_margins import MarginEntry
from trainer.store import audit
from trainer.store.margin_tables import STORE_MARGINS
from trainer.store.monitor_hours import mark, set_mark

State = Literal["waiting", "doubled", "proven"]
IN_FORCE = ("doubled", "proven")
NUM_SIGNED = 8  # bundles of one store: what serves, came before, is on trial
ACTOR = "hub"


@dataclass(frozen=True, slots=True)
class MarginRow:
    """A store's margins for one bundle.

    Attributes:
        state: `waiting` for labels, `doubled` until they prove the bound, `proven`.
        counts: items by source that counted; `contested`, `waiting`, `unclear` that did not.
    """

    store_id: str
    bundle_id: str
    state: State
    entry: MarginEntry
    counts: Mapping[str, int]
    computed_at: datetime


def rows_of(connection: Connection, store_id: str) -> list[MarginRow]:
    """Every bundle of a store, computed last first."""
    query = (
        select(STORE_MARGINS)
        .where(STORE_MARGINS.c.store_id == store_id)
        .order_by(STORE_MARGINS.c.computed_at.desc(), STORE_MARGINS.c.bundle_id)
    )
    return [
        MarginRow(**{**row, "entry": MarginEntry.model_validate(row["entry"])})
        for row in connection.execute(query).mappings()
    ]


def keep(connection: Connection, row: MarginRow) -> None:
    """Keep what was computed; margins in force do not go for want of labels."""
    known = {r.bundle_id: r for r in rows_of(connection, row.store_id)}.get(row.bundle_id)
    if known is not None and known.state in IN_FORCE and row.state not in IN_FORCE:
        return
    where = (STORE_MARGINS.c.store_id == row.store_id, STORE_MARGINS.c.bundle_id == row.bundle_id)
    connection.execute(delete(STORE_MARGINS).where(*where))
    connection.execute(
        insert(STORE_MARGINS).values(
            store_id=row.store_id, bundle_id=row.bundle_id, state=row.state,
            entry=row.entry.model_dump(mode="json"), counts=dict(row.counts),
            computed_at=row.computed_at,
        )
    )  # fmt: skip
    if known is None or decided(known.entry) != decided(row.entry) or known.state != row.state:
        details = {name: str(value) for name, value in row.entry.model_dump().items()}
        audit.record(
            connection, now=row.computed_at, actor=ACTOR, action="store_margins_computed",
            subject=f"store:{row.store_id}", details={"state": row.state, **details},
        )  # fmt: skip


def decided(entry: MarginEntry) -> tuple[str, int, int, bool]:
    """What boxes act on; counts alone are no reason to sign anew."""
    return (
        entry.bundle_id, entry.accept_margin_mnat, entry.family_margin_mnat, entry.is_proven,
    )  # fmt: skip


def entries_to_sign(connection: Connection, store_id: str) -> tuple[MarginEntry, ...]:
    """What boxes of the store are to be told; nothing while a person has switched it off."""
    if is_off(connection, store_id):
        return ()
    rows = [row for row in rows_of(connection, store_id) if row.state in IN_FORCE]
    return tuple(sorted((r.entry for r in rows[:NUM_SIGNED]), key=lambda e: e.bundle_id))


def is_off(connection: Connection, store_id: str) -> bool:
    """Whether a person has switched the store back to the bundles' own margins."""
    return bool(mark(connection, _switch(store_id)))


def switch(
    connection: Connection, store_id: str, *, is_on: bool, note: str, now: datetime, actor: str
) -> None:
    """Switch a store's own margins off or on again."""
    set_mark(connection, _switch(store_id), int(not is_on))
    action = "store_margins_on" if is_on else "store_margins_off"
    audit.record(
        connection, now=now, actor=actor, action=action, subject=f"store:{store_id}",
        details={"note": note},
    )  # fmt: skip


def note_signed(
    connection: Connection, store_id: str, generation: int, num_bundles: int, *, now: datetime
) -> None:
    """The catalogue key has signed."""
    audit.record(
        connection, now=now, actor=ACTOR, action="store_margins_signed",
        subject=f"store:{store_id}",
        details={"generation": str(generation), "bundles": str(num_bundles)},
    )  # fmt: skip


def _switch(store_id: str) -> str:
    return f"margins_off:{store_id}"
