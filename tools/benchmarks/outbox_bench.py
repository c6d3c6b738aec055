"""tools/bench outbox: events through everything that can go wrong, none lost, none twice.

Flow: options -> World -> Verdict -> report

Exit code 1 where an event was lost or is at the hub twice.
"""

import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from tools.benchmarks.outbox_life import World
from tools.benchmarks.report import Figure, Report, machine, publish

TELL_EVERY = 10_000  # events, where the output is no terminal


def outbox(
    events: Annotated[int, typer.Option(help="Acknowledged events, in batches of 50.")] = 20_000,
    boxes: Annotated[int, typer.Option(help="Box processes at a time.", min=1)] = 4,
    life: Annotated[int, typer.Option(help="Batches until a box is killed, about.", min=1)] = 300,
    hub_life: Annotated[float, typer.Option(help="Seconds until the hub is, about.")] = 60.0,
    folder: Annotated[Path | None, typer.Option(help="Work here; else a temporary one.")] = None,
    minutes: Annotated[float, typer.Option(help="Put no more after so long; 0: no limit.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Which faults happen when.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """Events through killed boxes and hubs, lost answers, duplicates, restored disks, clones."""
    facts = machine()
    console = Console(stderr=True)
    columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn())
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix="tillsight-outbox-") as scratch,
        Progress(*columns, TimeRemainingColumn(), console=console) as progress,
    ):
        task = progress.add_task("events", total=events)
        told = 0

        def advance(count: int) -> None:
            nonlocal told
            progress.advance(task, count)
            done = int(progress.tasks[0].completed)
            if not console.is_terminal and done - told >= TELL_EVERY:
                told = done
                console.print(f"{done} of {events} events, {time.monotonic() - began:.0f} s")

        world = World(
            Path(scratch), events, num_boxes=boxes, batches_per_life=life, hub_life_s=hub_life,
            seed=seed, limit_s=minutes * 60 or float("inf"),
            on_progress=advance,
        )  # fmt: skip
        verdict = world.run()
    seconds = time.monotonic() - began
    figures = [Figure(name, value) for name, value in asdict(verdict).items()]
    figures += [Figure(name, count, "times") for name, count in sorted(world.faults.items())]
    figures.append(Figure("time", round(seconds, 1), "s"))
    words = f"{boxes} boxes, seed {seed}; a box lives for about {life} batches of 50"
    report = Report("The outbox, through everything", words, facts, figures=figures)
    publish(report, as_json=as_json, out=out)
    if not verdict.is_right:
        raise typer.Exit(1)
