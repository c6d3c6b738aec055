"""Was anything lost? What the boxes' journals hold against what the hub has committed.

Flow: journals (read only) + hub database (read only) -> EventCount

Counted from the two ends' own files, not from what anybody said: every paid basket must be at the
hub once, and no number of any outbox may be missing.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge.basket.basket_events import Paid
from edge.basket.journal import event_of


@dataclass(frozen=True)
class EventCount:
    """What was counted.

    Attributes:
        paid: baskets that the journals say were paid; sales: those of them at the hub.
        missing, doubled, unknown: paid and not at the hub; there twice; there and never paid.
        rows, gaps: rows of the outboxes at the hub, and numbers missing between them.
        double_paid: baskets that a journal says were paid twice.
    """

    paid: int
    sales: int
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    unknown: tuple[str, ...]
    double_paid: tuple[str, ...]
    rows: int
    gaps: int

    @property
    def is_whole(self) -> bool:
        """Nothing lost, nothing twice."""
        return not (self.missing or self.doubled or self.unknown or self.double_paid or self.gaps)

    def words(self) -> str:
        """One line."""
        return (
            f"{self.paid} baskets paid in the journals, {self.sales} of them at the hub; "
            f"{len(self.missing)} missing, {len(self.doubled)} twice, {len(self.unknown)} unknown, "
            f"{len(self.double_paid)} paid twice; {self.rows} rows of the outboxes, "
            f"{self.gaps} numbers missing"
        )


def count_events(journals: list[Path], hub_database: Path) -> EventCount:
    """Count both ends; call it when the outboxes are empty."""
    paid = Counter(basket for path in journals for basket in _paid_baskets(path))
    sales, numbers = _at_hub(hub_database)
    return EventCount(
        paid=len(paid),
        sales=len(set(sales) & set(paid)),
        missing=tuple(sorted(set(paid) - set(sales))),
        doubled=tuple(sorted(b for b, number in sales.items() if number > 1)),
        unknown=tuple(sorted(set(sales) - set(paid))),
        double_paid=tuple(sorted(b for b, number in paid.items() if number > 1)),
        rows=sum(len(found) for found in numbers.values()),
        gaps=sum(max(found) - len(found) for found in numbers.values()),
    )


def _paid_baskets(journal: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        events = map(event_of, connection.execute("SELECT * FROM event ORDER BY position"))
        return [event.basket_id for event in events if isinstance(event.body, Paid)]


def _at_hub(database: Path) -> tuple[Counter[str], dict[tuple[str, str], set[int]]]:
    """Sales by basket, and the numbers that came from each box's outbox."""
    sales: Counter[str] = Counter()
    numbers: dict[tuple[str, str], set[int]] = defaultdict(set)
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT box_id, epoch, seq, kind, body FROM received")
        for box_id, epoch, seq, kind, body in rows:
            numbers[box_id, epoch].add(int(seq))
            if kind == "sale":
                sales[str(json.loads(body)["basket_id"])] += 1
    return sales, numbers
