"""Command line of the simulated fleet: `python -m tools.fleet_sim --boxes 10000 --rounds 3 --json`.

Exit codes: 0 nothing lost, 1 something was, 2 wrong usage.
"""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tools.fleet_sim.checkin_rounds import FleetFigures, Plan, simulate
from tools.fleet_sim.rollout_sim import RELEASES, Release, RolloutFigures, SimFleet, roll_out
from tools.fleet_sim.rollout_store import StoreDesk

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help="A fleet of boxes.")


@app.callback(invoke_without_command=True)
def check_ins(
    context: typer.Context,
    boxes: Annotated[int, typer.Option(help="Simulated boxes.", min=1)] = 10_000,
    rounds: Annotated[int, typer.Option(help="Check-ins of each box.", min=1)] = 3,
    round_s: Annotated[float, typer.Option(help="Seconds of a round; 60 in the field.")] = 60.0,
    rows: Annotated[int, typer.Option(help="Outbox rows of a box per round.", min=0)] = 1,
    outage_s: Annotated[float, typer.Option(help="The hub is killed and away; 0: never.")] = 20.0,
    limit: Annotated[int, typer.Option(help="max_requests_per_s of the hub.")] = 500,
    folder: Annotated[Path | None, typer.Option(help="Work here; else a temporary one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Real signed check-ins and batches of many boxes against one real hub process."""
    if context.invoked_subcommand is not None:
        return
    plan = Plan(boxes, rounds, round_s, rows, outage_s, limit)
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix="tillsight-fleet-") as scratch,
        Progress(console=Console(stderr=True)) as progress,
    ):
        task = progress.add_task("check-ins", total=boxes * rounds)
        figures = simulate(
            plan, Path(scratch), lambda count: progress.update(task, completed=count)
        )
    _say(figures, as_json=as_json)
    raise typer.Exit(0 if figures.is_right else 1)


@app.command()
def rollout(
    boxes: Annotated[int, typer.Option(help="Boxes of the fleet.", min=1000)] = 10_000,
    seed: Annotated[int, typer.Option(help="Which boxes are away, what they sell.")] = 1,
    through_store: Annotated[
        bool, typer.Option("--through-store", help="Through a hub's own tables, in SQLite.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """A good release and six bad ones on a virtual clock; 1 where a bad one left ring 1 (pilot)."""
    play = play_through_store if through_store else play_by_rules
    results, looks = zip(*(play(release, boxes, seed) for release in RELEASES), strict=True)
    if as_json:
        rows = [asdict(one) | look for one, look in zip(results, looks, strict=True)]
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    else:
        columns = ("release", "phase", "ring", "reason", "hours", "swapped", "offered")
        table = Table(*columns, *looks[0], title=f"Releases in a fleet of {boxes} boxes")
        for one, look in zip(results, looks, strict=True):
            table.add_row(*(str(getattr(one, name)) for name in columns), *map(str, look.values()))
        Console(width=150).print(table)
    good, *bad = results
    is_right = good.phase == "done" and all(
        one.phase == "stopped" and one.ring in ("lab", "pilot") for one in bad
    )
    raise typer.Exit(0 if is_right else 1)


def play_by_rules(
    release: Release, boxes: int, seed: int
) -> tuple[RolloutFigures, dict[str, float]]:
    """The rules alone."""
    return roll_out(release, boxes, seed), {}


def play_through_store(
    release: Release, boxes: int, seed: int
) -> tuple[RolloutFigures, dict[str, float]]:
    """A hub's own tables; also how long one look at the whole fleet took."""
    desks: list[StoreDesk] = []
    with tempfile.TemporaryDirectory(prefix="tillsight-rollout-") as scratch:

        def desk_of(fleet: SimFleet) -> StoreDesk:
            desks.append(StoreDesk(Path(scratch), fleet))
            return desks[-1]

        ended = roll_out(release, boxes, seed, desk_of)
        desks[-1].close()
    looks = sorted(desks[-1].look_s)
    return ended, {
        "looks": len(looks),
        "look_s_p50": round(looks[len(looks) // 2], 2),
        "look_s_max": round(looks[-1], 2),
    }


def _say(figures: FleetFigures, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(figures.as_json(), indent=2) + "\n")
        return
    table = Table("figure", "value", title="A fleet against one hub")
    for name, value in figures.as_json().items():
        table.add_row(name, f"{value:g}")
    Console().print(table)


if __name__ == "__main__":
    app(prog_name="python -m tools.fleet_sim")
