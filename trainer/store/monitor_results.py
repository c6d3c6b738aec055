"""What monitoring concludes of each place: drift, expected accuracy, alerts; kept until the next.

Flow: hours of a store -> places (store, its cameras), hours of all -> rings -> drift -> alerts

Every place is judged on the bundle that it saw most items with on its newest day. What lies further
back than LOOKBACK is not read; a person may set a place's past anew ("this is normal now").
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from sync.hard_case import CaseReason
from sync.recognition_report import CONFIDENCE_EDGES, NUM_BINS, bin_of
from trainer.monitoring.accuracy import expected_accuracy
from trainer.monitoring.counts import Counts, cut_windows, total
from trainer.monitoring.drift import STANDARD, Drift, DriftRule, judge
from trainer.store import alerts, audit
from trainer.store.cases import read_body
from trainer.store.drift_days import forget_days, keep_day
from trainer.store.monitor_hours import hours_since, mark, set_mark, stores_heard, to_counts
from trainer.store.monitor_tables import MONITOR_RESULTS
from trainer.store.review_tables import LABELS
from trainer.store.schema import CASES, RECEIVED

LOOKBACK = timedelta(days=90)
RECENT_DAYS = 7  # what expected accuracy is about
MAX_REVIEWED = 5_000

Hours = list[tuple[datetime, Counts]]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What there is to keep of a place, and its signals that alarm."""

    place: str
    result: dict[str, Any]
    alarms: list[Drift]


@dataclass(frozen=True, slots=True)
class PlaceResult:
    """What was concluded of a place when it was last judged."""

    place: str
    at: datetime
    result: dict[str, Any]


def judge_all(
    connection: Connection, *, now: datetime, rule: DriftRule = STANDARD
) -> list[Conclusion]:
    """Judge every place; this only reads, and may take a while."""
    since, found = now - LOOKBACK, []
    rings: dict[str, dict[datetime, list[Counts]]] = {}
    reviewed = reviewed_bins(connection, now - LOOKBACK)
    for store_id in stores_heard(connection, since):
        places: dict[str, Hours] = {}
        for row in hours_since(connection, since, store_id=store_id):
            counts = to_counts(row)
            if store_id:
                places.setdefault(f"store:{store_id}", []).append((row["at"], counts))
            if row["camera"]:
                name = f"camera:{row['box_id']}/{row['camera']}"
                places.setdefault(name, []).append((row["at"], counts))
            if row["ring"]:
                rings.setdefault(row["ring"], {}).setdefault(row["at"], []).append(counts)
        for place, hours in places.items():
            found.append(_judge_place(connection, place, hours, reviewed.get(store_id), now, rule))
    for ring, by_hour in rings.items():
        hours = [(at, c) for at, parts in sorted(by_hour.items()) for c in parts]
        found.append(_judge_place(connection, f"ring:{ring}", hours, None, now, rule))
    return found


def keep_all(connection: Connection, found: Iterable[Conclusion], *, now: datetime) -> int:
    """Keep what was concluded and open alerts; how many places."""
    num = 0
    for one in found:
        num += 1
        _keep(connection, one.place, now, one.result)
        keep_day(connection, one.place, one.result, now=now)
        if one.alarms:
            names = ", ".join(d.signal for d in one.alarms)
            facts = {
                "signals": [asdict(d) for d in one.alarms],
                "bundle_id": one.result["bundle_id"],
            }
            alerts.raise_alert(
                connection, "drift", one.place, f"{one.place} looks different: {names}", facts,
                now=now,
            )  # fmt: skip
    forget_days(connection, now=now)
    return num


def results(connection: Connection, kind: str = "") -> list[PlaceResult]:
    """What is known of every place; `kind` is store, camera, ring or empty."""
    query = select(MONITOR_RESULTS).order_by(MONITOR_RESULTS.c.place)
    if kind:
        query = query.where(MONITOR_RESULTS.c.place.like(f"{kind}:%"))
    return [PlaceResult(r["place"], r["at"], r["result"]) for r in
            connection.execute(query).mappings()]  # fmt: skip


def accuracies(connection: Connection) -> dict[str, float]:
    """Expected accuracy by store, where reviewed items stand behind it."""
    found = {}
    for told in results(connection, "store"):
        estimate = told.result.get("accuracy")
        if estimate and estimate["is_checked"]:
            found[told.place.removeprefix("store:")] = float(estimate["expected"])
    return found


def set_new_past(
    connection: Connection, place: str, *, note: str, now: datetime, actor: str
) -> None:
    """What was before is no past any more: the place learns again from now on."""
    set_mark(connection, f"past:{place}", int(now.timestamp()))
    alerts.settle(connection, "drift", place, note=f"a new past: {note}"[:2000], now=now)
    audit.record(connection, now=now, actor=actor, action="past_set_anew",
                 subject=f"place:{place}", details={"note": note[:300]})  # fmt: skip


def reviewed_bins(
    connection: Connection, since: datetime
) -> dict[str, tuple[list[int], list[int]]]:
    """Store -> reviewed and right items per bin of confidence, of cases taken at random."""
    rows = connection.execute(
        select(LABELS.c.camera_id, LABELS.c.item_id, LABELS.c.sku_id, CASES.c.store_id,
               RECEIVED.c.body)
        .join(CASES, CASES.c.case_id == LABELS.c.case_id)
        .join(RECEIVED, RECEIVED.c.received_id == CASES.c.received_id)
        .where(CASES.c.reason == CaseReason.RANDOM, CASES.c.status == "labelled")
        .where(LABELS.c.at > since)
        .order_by(LABELS.c.label_id.desc())
        .limit(MAX_REVIEWED)
    )  # fmt: skip
    found: dict[str, tuple[list[int], list[int]]] = {}
    for row in rows:
        case = read_body(row.body)
        items = [
            item
            for picture in (case.pictures if case else ())
            if picture.camera_id == row.camera_id
            for item in picture.items
            if item.item_id == row.item_id and item.guesses
        ]
        for item in items:
            sku_id, per_mille = item.guesses[0]
            looked, right = found.setdefault(row.store_id or "", ([0] * NUM_BINS, [0] * NUM_BINS))
            where = bin_of(per_mille, CONFIDENCE_EDGES)
            looked[where] += 1
            right[where] += sku_id == row.sku_id
    return found


def _judge_place(
    connection: Connection, place: str, hours: Hours,
    reviewed: tuple[list[int], list[int]] | None, now: datetime, rule: DriftRule,
) -> Conclusion:  # fmt: skip
    past_from = mark(connection, f"past:{place}")
    kept = [(at, c) for at, c in hours if at.timestamp() >= past_from]
    bundle_id = _bundle_of(c for _, c in kept)
    merged = _by_hour(kept, bundle_id)
    windows = cut_windows(merged, rule.window_items)
    watch = mark(connection, f"watch:{place}")
    drifts = judge(windows, rule, date.fromordinal(watch) if watch else None)
    recent = [c for c in merged if (now.date() - c.day).days < RECENT_DAYS]
    looked, right = reviewed or ([0] * NUM_BINS, [0] * NUM_BINS)
    estimate = expected_accuracy(list(total(recent).confidence), looked, right) if recent else None
    result = {
        "bundle_id": bundle_id,
        "num_windows": len(windows),
        "drift": [asdict(d) for d in drifts],
        "accuracy": None if estimate is None else asdict(estimate),
    }
    return Conclusion(place, result, [d for d in drifts if d.state == "alarm"])


def _by_hour(hours: Hours, bundle_id: str) -> list[Counts]:
    """One entry per hour, of this bundle or of none."""
    made: dict[datetime, Counts] = {}
    for at, counts in hours:
        if counts.bundle_id in ("", bundle_id):
            made.setdefault(at, Counts(counts.day, bundle_id)).add(counts)
    return [made[at] for at in sorted(made)]


def _bundle_of(counts: Iterable[Counts]) -> str:
    """The bundle most items were seen with on the newest day with any."""
    seen: dict[tuple[Any, str], int] = {}
    for one in counts:
        if one.bundle_id:
            key = (one.day, one.bundle_id)
            seen[key] = seen.get(key, 0) + one.num_items + one.num_pieces
    newest = max((day for day, _ in seen), default=None)
    of_day = {bundle: num for (day, bundle), num in seen.items() if day == newest}
    return max(of_day, key=lambda bundle: of_day[bundle], default="")


def _keep(connection: Connection, place: str, now: datetime, result: dict[str, Any]) -> None:
    where = MONITOR_RESULTS.c.place == place
    changed = connection.execute(update(MONITOR_RESULTS).where(where).values(at=now, result=result))
    if changed.rowcount == 0:
        connection.execute(insert(MONITOR_RESULTS).values(place=place, at=now, result=result))
