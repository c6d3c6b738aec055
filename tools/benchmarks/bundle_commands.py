"""Commands of tools/bench about bundles: verdict, swaps, shadow, bad-bundles.

Exit codes as of every command of tools/bench.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from edge.config import FACTORY_BUNDLE
from edge.edgectl.recordings import find_recordings
from sync.swap_policy import POLICIES
from tools.benchmarks import shadow_cost, verdict_table
from tools.benchmarks.report import Figure, Report, machine, publish
from tools.benchmarks.swap_rounds import SwapBench, empty_and_goods, p95
from tools.demo_run.clip_folder import ASSETS, read_clips

CLIP = "03_look_alikes"
BAD_BUNDLES = Path(__file__).resolve().parents[2] / "tests/edge/processes/test_bad_bundles.py"

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
Out = Annotated[Path | None, typer.Option(help="Also write the JSON document here.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("verdict")(verdict)
    app.command("swaps")(swaps)
    app.command("shadow")(shadow)
    app.command("bad-bundles")(bad_bundles)


def verdict(
    runs: Annotated[int, typer.Option(help="Simulated boxes per row.", min=10)] = 2000,
    baskets: Annotated[int, typer.Option(help="Baskets per box.", min=100)] = 20_000,
    policy: Annotated[str, typer.Option(help="Named policy.")] = "production",
    as_json: Json = False,
    out: Out = None,
) -> None:
    """False alarms and power of the verdict over a candidate, from simulated baskets."""
    facts, chosen = machine(), POLICIES[policy]
    rows = verdict_table.figures(runs, baskets, chosen)
    words = (
        f"{runs} boxes of {baskets} baskets, looked at every {verdict_table.LOOK_EVERY}; policy "
        f"{chosen.name}: alpha {chosen.alpha:g}, margin {chosen.margin:g}; both models wrong in "
        f"{verdict_table.BASE_ERROR:.0%}, {verdict_table.SHARED:.0%} of it in the same baskets"
    )
    publish(
        Report("Verdict over a candidate", words, facts, figures=rows), as_json=as_json, out=out
    )


def swaps(
    count: Annotated[int, typer.Option(help="Swaps.", min=1)] = 1000,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Hot swaps under load with the real networks: nothing lost, nothing doubled."""
    facts = machine()
    clip = next(r for r in find_recordings(ASSETS / "clips") if r.name == CLIP)
    empty, goods = empty_and_goods(list(clip.open_frames()))
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = SwapBench(Path(folder), empty, goods).run(count)
    rows = [
        Figure("swaps", found.swaps, "", f"in {time.monotonic() - started:.0f} s"),
        Figure("baskets", found.baskets, "", f"{found.journal_paid} payments in the journal"),
        Figure("frames without an answer", found.failed),
        Figure("baskets dropped", found.dropped, "", f"refused: {dict(found.refusals)}"),
        Figure("baskets priced otherwise", found.differ),
        Figure("questions answered", found.questions),
        Figure("leases refused", found.refused_leases, "", "a basket was open"),
        Figure("p95 of a frame in quiet time", round(p95(found.quiet_ms), 1), "ms"),
        Figure("p95 while a bundle is loaded", round(p95(found.loading_ms), 1), "ms"),
        Figure("p95 of the 15 frames after a swap", round(p95(found.around_ms), 1), "ms"),
    ]
    words = f"factory bundle ({FACTORY_BUNDLE.name}) and twins, pictures of {CLIP}, 30 fps"
    publish(Report("Swaps under load", words, facts, figures=rows), as_json=as_json, out=out)
    if not found.is_clean or found.swaps < count:
        raise typer.Exit(1)


def shadow(
    pairs: Annotated[int, typer.Option(help="Turns with a candidate, per kind.", min=1)] = 6,
    turn_s: Annotated[float, typer.Option(help="Length of a turn.", min=5)] = 30.0,
    cameras: Annotated[int, typer.Option(help="Cameras of the lane.", min=1, max=3)] = 2,
    kind: Annotated[str, typer.Option(help="live, deferred (a busy box) or both.")] = "both",
    as_json: Json = False,
    out: Out = None,
) -> None:
    """p95 of the active path with shadow on and off in turns, and what the shadow looked at."""
    if kind not in ("live", "deferred", "both"):
        raise typer.BadParameter("live, deferred or both")
    facts, rows = machine(), list[Figure]()
    clip = next(c for c in read_clips() if c.name == CLIP)
    for name in ("live", "deferred"):
        if kind in (name, "both"):
            with tempfile.TemporaryDirectory(prefix="ts-") as folder:
                rows += shadow_cost.measure(
                    clip, Path(folder), turn_s, pairs, cameras, is_busy=name == "deferred"
                )
    words = (
        f"{CLIP} looped, {cameras} cameras at 15 fps, baskets paid by themselves; turns of "
        f"{turn_s:g} s off, on, off, on, ...; deferred: a program beside it takes a core"
    )
    publish(Report("Cost of the shadow", words, facts, figures=rows), as_json=as_json, out=out)


def bad_bundles(
    repeat: Annotated[int, typer.Option(help="Times each kind.", min=1)] = 10,
) -> None:
    """Every kind of bad bundle, again and again; fails with the first that gets through."""
    for number in range(repeat):
        command = [sys.executable, "-m", "pytest", "-q", "-x", str(BAD_BUNDLES)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        typer.echo(f"round {number + 1}: {done.stdout.strip().splitlines()[-1]}")
        if done.returncode:
            typer.echo(done.stdout)
            raise typer.Exit(1)
