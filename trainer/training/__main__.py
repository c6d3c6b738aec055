"""Train from the command line: python -m trainer.training photos|search|pack|shards.

Exit codes: 0 done, 2 wrong input, 1 the run failed; called again, it continues where it stopped.
"""

import json
import logging
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from trainer.dataset.photo_list import PhotoList, joined, read_photo_list, without_judged
from trainer.dataset.photo_samples import Augmentation
from trainer.errors import DatasetError, TrainerError
from trainer.training import shard_commands
from trainer.training.launch import joined_place, start_detached, torchrun_command
from trainer.training.photo_head_run import DEFAULT
from trainer.training.photo_head_search import (
    BODIES,
    MIN_WINDOWS,
    HeadPlan,
    read_head_setting,
    search_heads,
)
from trainer.training.photo_run import FEATURES_NAME
from trainer.training.photo_search import SearchPlan, read_setting, search, with_setting
from trainer.training.photo_stages import Figure, Lists, Member, run_stages
from trainer.training.recipes import RECIPES, Recipe

MODULE = "trainer.training"
errors = Console(stderr=True)
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

shard_commands.register(app)


@app.callback()
def commands() -> None:
    """Train recognisers and detectors."""


@app.command()
def photos(
    train: Annotated[list[Path], typer.Option(help='Lists of "path, class, parent"; joined.')],
    out: Annotated[Path, typer.Option(help="Run folder; a run that is there continues.")],
    test: Annotated[
        Path | None, typer.Option(help="List that is judged; without lists, one fold.")
    ] = None,
    val: Annotated[
        Path | None, typer.Option(help="Judged too, and how sure to be is chosen on it.")
    ] = None,
    final: Annotated[
        bool, typer.Option(help="Then learn from --train and --val, and judge --test again.")
    ] = False,
    fold: Annotated[int, typer.Option(min=0, help="Fold that is judged.")] = 0,
    folds: Annotated[int, typer.Option(min=2, help="Blocks that each class is cut into.")] = 5,
    recipe: Annotated[
        list[str], typer.Option(help="One of the recipes; several answer together.")
    ] = ["lite2_photos", "lite0_photos"],  # noqa: B006
    epochs: Annotated[float, typer.Option(min=0.01)] = 12.0,
    seed: Annotated[int, typer.Option()] = 1,
    mirror: Annotated[
        list[str], typer.Option(help="Folder of things without print: mirrored; * for all.")
    ] = [],  # noqa: B006
    settings: Annotated[
        Path | None, typer.Option(help="search.json of `search`: train with its best.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Features of a recipe without a body; may be shared.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="By torchrun, on this machine.")] = 1,
    loaders: Annotated[int, typer.Option(min=0, help="Processes that prepare pictures.")] = 1,
    detach: Annotated[bool, typer.Option(help="Outlive this terminal; log in run.log.")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Fine-tune a recogniser on photographs of a list, and judge it."""
    arguments = [a for a in sys.argv[1:] if a != "--detach"]
    alone = [sys.executable, "-m", MODULE, *arguments]
    if detach:
        pid = start_detached(alone, out)
        errors.print(f"process {pid} trains; it writes {out}/run.log")
        return
    if processes > 1:
        command = torchrun_command(processes, MODULE, _without_processes(arguments))
        raise typer.Exit(subprocess.run(command, check=False).returncode)
    members = [_member(name, epochs, tuple(mirror), settings, seed) for name in recipe]
    learned, judged = _lists(train, [path for path in (val, test) if path is not None])
    asked = iter(judged)
    lists = Lists(
        learned, next(asked) if val is not None else None,
        next(asked) if test is not None else None, fold, folds,
    )  # fmt: skip
    with joined_place(num_loaders=loaders) as place:
        found = run_stages(
            members, lists, out, place,
            is_final=final, features_dir=cache, arguments=tuple(arguments),
        )  # fmt: skip
    if found:
        _tell(found, as_json)


@app.command(name="search")
def search_command(
    train: Annotated[list[Path], typer.Option(help='Lists of "path, class, parent"; joined.')],
    out: Annotated[Path, typer.Option(help="Folder; a search that is there continues.")],
    test: Annotated[
        Path | None, typer.Option(help="List on which best and default are compared at the end.")
    ] = None,
    recipe: Annotated[str, typer.Option(help="The champion.")] = "head_on_cached_features",
    trials: Annotated[int, typer.Option(min=1)] = 30,
    per_class: Annotated[int, typer.Option(min=4, help="Photographs of a class, a trial.")] = 12,
    epochs: Annotated[float, typer.Option(min=0.01, help="Of a trial.")] = 12.0,
    limit_ms: Annotated[float, typer.Option(help="Of one photograph, one thread.")] = 150.0,
    mirror: Annotated[list[str], typer.Option(help="As of `photos`.")] = [],  # noqa: B006
    cache: Annotated[Path | None, typer.Option(help="Kept features; may be shared.")] = None,
    body: Annotated[
        list[str], typer.Option(help="Frozen bodies to try, as lite2-260; all by default.")
    ] = [],  # noqa: B006
    min_window: Annotated[
        list[float], typer.Option(help="Least areas of kept windows; 0.3 and 0.6 by default.")
    ] = [],  # noqa: B006
    compare_epochs: Annotated[
        float, typer.Option(min=0.01, help="Full fine-tune: of the comparison.")
    ] = 4.0,
    px: Annotated[int, typer.Option(min=64, help="Full fine-tune: side of pictures.")] = 112,
    loaders: Annotated[int, typer.Option(min=0, help="Full fine-tune: helper processes.")] = 1,
) -> None:
    """Search rate, epochs, body, windows and more on a subset; compare on all photographs.

    A recipe without a body is searched on kept features, in seconds a trial; any other by short
    full fine-tunes, with freeze depth.
    """
    chosen = _recipe(recipe)
    learned, found = _lists(train, [test] if test is not None else [])
    judged = found[0] if found else None
    if chosen.body == "none":
        logging.getLogger("trainer").setLevel(logging.WARNING)  # a head is a matter of seconds
        heads = HeadPlan(
            trials, per_class, epochs=epochs, limit_ms=limit_ms, folders=tuple(mirror),
            bodies=tuple(body) or tuple(BODIES), min_windows=tuple(min_window) or MIN_WINDOWS,
        )  # fmt: skip
        kept = cache or out / FEATURES_NAME
        report = search_heads(chosen, learned, judged, out, kept, heads, errors.print)
    else:
        plan = SearchPlan(trials, per_class, epochs, compare_epochs, px, limit_ms, tuple(mirror))
        with joined_place(num_loaders=loaders) as place:
            report = search(chosen, learned, judged, out, plan, place, errors.print)
    typer.echo(json.dumps({key: report[key] for key in report if key != "trials"}, indent=1))


def main() -> None:
    """Entry point."""
    handler = RichHandler(console=errors, show_path=False)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
    try:
        app()
    except TrainerError as err:
        errors.print(f"{err.code}: {err}\n{err.hint}", markup=False)
        sys.exit(2 if isinstance(err, DatasetError) else 1)


def _recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise DatasetError(f"no recipe {name}", hint=f"one of {', '.join(RECIPES)}")
    return RECIPES[name]()


def _member(
    name: str, epochs: float, mirrored: tuple[str, ...], settings: Path | None, seed: int
) -> Member:
    """A recipe, changed by what a search found."""
    chosen, augmentation, head = _recipe(name), Augmentation(mirrored=mirrored), DEFAULT
    if settings is not None and chosen.body == "none":
        head = read_head_setting(settings)
        chosen, epochs = head.recipe(chosen), epochs * head.epoch_share
    elif settings is not None:
        best = read_setting(settings)
        chosen, epochs = with_setting(chosen, best), epochs * best.epoch_share
        augmentation = replace(augmentation, min_window=best.min_window)
    return Member(replace(chosen, seed=seed), epochs, augmentation, head)


def _lists(train: list[Path], asked: list[Path]) -> tuple[PhotoList, list[PhotoList]]:
    """What is learned and what is judged; every line put aside is told."""
    learned = joined([read_photo_list(path) for path in train])
    judged: list[PhotoList] = []
    for path in asked:
        judged.append(read_photo_list(path))
        learned = without_judged(learned, judged[-1])
    for part in (learned, *judged):
        for line in part.aside:
            errors.print(f"line {line.line} put aside: {line.code}: {line.text}")
    return learned, judged


def _without_processes(arguments: list[str]) -> list[str]:
    """The same arguments for each process of torchrun."""
    kept: list[str] = []
    skip_next = False
    for argument in arguments:
        if skip_next or argument.startswith("--processes="):
            skip_next = False
        elif argument == "--processes":
            skip_next = True
        else:
            kept.append(argument)
    return kept


def _tell(figures: tuple[Figure, ...], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(figure) for figure in figures]))
        return
    console = Console()
    for one in figures:
        found = one.accuracy
        console.print(f"learned from {one.learned}, judged: {one.judged}")
        console.print(f"  photographs judged   {found.num_photos}")
        console.print(f"  class right          {_share(found.fine, one.fine_interval)}")
        console.print(f"  parent right         {_share(found.parent, one.parent_interval)}")
        console.print(f"  calibration error    {found.expected_error:.3f}")
        console.print(f"  temperature          {one.temperature:g}")
        console.print(f"  a photograph costs   {one.ms_per_photo:.0f} core-ms")


def _share(share: float, interval: tuple[float, float]) -> str:
    return f"{100 * share:.2f} % ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"


if __name__ == "__main__":
    main()
