"""tools/bench drift: false alarms of quiet weeks, baskets until a packaging change is noticed.

Flow: simulated shops -> the rule of trainer/monitoring/drift.py -> counts -> report

Exit code 1 with --strict where a bar is missed.
"""

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from tools.benchmarks.drift_shop import DriftShop
from tools.benchmarks.report import Figure, Report, machine, publish
from trainer.monitoring.counts import cut_windows
from trainer.monitoring.drift import Drift, DriftRule, judge

QUIET_DAYS = 28
WATCH_DAYS = 14
SHARES = (0.05, 0.1, 0.2)


@dataclass(frozen=True, slots=True)
class ShopResult:
    """One shop: quiet weeks, and one run per share of packs that changed."""

    quiet: list[Drift]
    changed: dict[float, list[Drift]]


def run_shop(seed: int, shares: tuple[float, ...] = SHARES, rule: DriftRule | None = None,
             watch_days: int = WATCH_DAYS) -> ShopResult:  # fmt: skip
    """28 days to learn, 28 quiet days, and from the same past other packs from day 28 on."""
    chosen = rule or DriftRule()
    shop = DriftShop(seed)
    past = shop.days(0, chosen.past_days)
    quiet = judge(cut_windows([*past, *shop.days(28, QUIET_DAYS)], chosen.window_items), chosen)
    changed: dict[float, list[Drift]] = {}
    for share in shares:
        other = DriftShop(seed)
        before = other.days(0, chosen.past_days)
        other.change_packs(share)
        hours = [*before, *other.days(28, watch_days)]
        changed[share] = judge(cut_windows(hours, chosen.window_items), chosen)
    return ShopResult(quiet, changed)


def first_alarm(drifts: list[Drift]) -> int | None:
    """Baskets until the first signal alarmed; None where none did."""
    found = [d.baskets_to_alarm for d in drifts if d.baskets_to_alarm is not None]
    return min(found) if found else None


def drift(
    shops: Annotated[int, typer.Option(help="Simulated shops.", min=1)] = 20,
    seed: Annotated[int, typer.Option(help="Of the first shop.")] = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 on a missed bar.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """Quiet weeks must not alarm; a packaging change must, and how many baskets that takes."""
    facts, rule = machine(), DriftRule()
    results = [run_shop(seed + number) for number in range(shops)]
    false = sum(d.state == "alarm" for r in results for d in r.quiet)
    watched = sum(d.num_watched for r in results for d in r.quiet)
    promised = f"promised: fewer than {watched / rule.alarm_windows:.1f} false alarms"
    figures = [
        Figure("false alarms", false, "", f"{shops} shops, {QUIET_DAYS} quiet days, 7 signals"),
        Figure("windows watched", watched, "", promised),
    ]
    missed = false > max(1.0, 2 * watched / rule.alarm_windows)
    for share in SHARES:
        took = [first_alarm(r.changed[share]) for r in results]
        seen = sorted(t for t in took if t is not None)
        figures.append(Figure(f"packs of {share:.0%} of sales change: noticed", len(seen), "shops"))
        if seen:
            figures.append(Figure("  baskets until then, median", median(seen)))
            figures.append(Figure("  baskets until then, most", seen[-1]))
        by = {d.signal: 0 for d in results[0].quiet}
        for result in results:
            for d in result.changed[share]:
                by[d.signal] += d.state == "alarm"
        figures.append(Figure("  by", ", ".join(f"{n} {c}" for n, c in by.items() if c)))
        missed |= share >= 0.1 and len(seen) < len(took)
    words = f"simulated shops of 300 baskets a day, windows of {rule.window_items} items"
    publish(Report("Drift", words, facts, figures=figures), as_json=as_json, out=out)
    if strict and missed:
        raise typer.Exit(1)
