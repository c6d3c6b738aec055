"""What a shop asks of its own counters: most asked, corrected, confused, never seen, how long.

Flow: sales and labelled cases in counts -> Insights per store and day

Pure. Time per basket is from the first item to payment, as boxes report it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

TOP = 20


@dataclass(frozen=True, slots=True)
class Sale:
    """One paid basket, in counts."""

    store_id: str
    day: str
    num_asks: int
    num_corrections: int
    seconds: int
    pieces: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CaseFact:
    """One item of a case: why it was sent, what the box thought, what a person said."""

    store_id: str
    day: str
    reason: str
    guess: str
    label: str


@dataclass(frozen=True, slots=True)
class DayRow:
    """One store on one day."""

    store_id: str
    day: str
    num_baskets: int
    num_pieces: int
    num_asks: int
    num_corrections: int
    seconds_median: float
    seconds_p90: float


@dataclass(frozen=True, slots=True)
class Insights:
    """The lists; each names at most 20, the most frequent first.

    Attributes:
        most_asked: best guess of items the box asked about or did not know.
        most_corrected: what the box had charged or guessed before a person named another SKU.
        most_confused: `guess|label` of labelled items.
        never_seen: SKUs of the catalogue that were not sold in the time.
    """

    days: list[DayRow] = field(default_factory=list)
    most_asked: list[tuple[str, int]] = field(default_factory=list)
    most_corrected: list[tuple[str, int]] = field(default_factory=list)
    most_confused: list[tuple[str, int]] = field(default_factory=list)
    most_sold: list[tuple[str, int]] = field(default_factory=list)
    never_seen: list[str] = field(default_factory=list)
    num_never_seen: int = 0


def insights_of(
    sales: Iterable[Sale], facts: Iterable[CaseFact], catalogue: Iterable[str]
) -> Insights:
    """Everything that is asked of some days."""
    by_day: dict[tuple[str, str], list[Sale]] = {}
    sold: Counter[str] = Counter()
    for sale in sales:
        by_day.setdefault((sale.store_id, sale.day), []).append(sale)
        sold.update(sale.pieces)
    asked: Counter[str] = Counter()
    corrected: Counter[str] = Counter()
    confused: Counter[str] = Counter()
    for fact in facts:
        if fact.reason in ("uncertain", "unknown_object") and fact.guess:
            asked[fact.guess] += 1
        is_other = bool(fact.label and fact.guess and fact.guess != fact.label)
        if fact.reason == "corrected" and is_other:
            corrected[fact.guess] += 1
        if is_other:
            confused[f"{fact.guess}|{fact.label}"] += 1
    unseen = sorted(set(catalogue) - set(sold))
    return Insights(
        days=[_day(*key, found) for key, found in sorted(by_day.items())],
        most_asked=asked.most_common(TOP),
        most_corrected=corrected.most_common(TOP),
        most_confused=confused.most_common(TOP),
        most_sold=sold.most_common(TOP),
        never_seen=unseen[:500],
        num_never_seen=len(unseen),
    )


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which a share lies, of the values themselves; 0 for none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _day(store_id: str, day: str, sales: list[Sale]) -> DayRow:
    seconds = [float(sale.seconds) for sale in sales]
    return DayRow(
        store_id, day, len(sales), sum(sum(s.pieces.values()) for s in sales),
        sum(s.num_asks for s in sales), sum(s.num_corrections for s in sales),
        float(median(seconds)), quantile(seconds, 0.9),
    )  # fmt: skip
