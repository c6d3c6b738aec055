"""Commands that write and read shards: `pack` scenes into them, `shards` trains from them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from trainer.dataset.region_samples import WINDOW
from trainer.dataset.scene_quality import told
from trainer.errors import DatasetError
from trainer.training.launch import joined_place, start_detached, torchrun_command
from trainer.training.recipes import RECIPES
from trainer.training.shard_run import ShardsAt, aside_rows, for_steps, pack, train_from_shards

MODULE = "trainer.training"
S3File = Annotated[
    Path | None, typer.Option("--s3", help="TOML of a bucket: keys, endpoint, region; mode 0600.")
]


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command(name="pack")(pack_command)
    app.command(name="shards")(shards_command)


def pack_command(
    to: Annotated[str, typer.Option(help="Folder, or s3://bucket/prefix.")],
    train: Annotated[list[Path], typer.Option(help="COCO scene folder that teaches.")],
    validation: Annotated[list[Path], typer.Option(help="One that is chosen on.")] = [],  # noqa: B006
    skus: Annotated[
        Path | None, typer.Option(help="One SKU a line; all that are labelled without it.")
    ] = None,
    max_shard_mb: Annotated[int, typer.Option(min=1)] = 256,
    s3: S3File = None,
) -> None:
    """Cut every labelled box of scene folders into shards; what may not teach is told by code."""
    known = skus.read_text().split() if skus is not None else []
    made = pack({"train": train, "validation": validation}, ShardsAt(to, s3), known, max_shard_mb)
    for line in told(aside_rows(made)):
        typer.echo(line, err=True)
    names = {sku for part in made for sku in part.skus}
    typer.echo(f"{sum(part.num_regions for part in made)} regions of {len(names)} SKUs in {to}")


def shards_command(
    shards: Annotated[str, typer.Option(help="Folder, or s3://bucket/prefix.")],
    out: Annotated[Path, typer.Option(help="Run folder; a run that is there continues.")],
    cache: Annotated[Path | None, typer.Option(help="Folder for a bucket's shards.")] = None,
    cache_mib: Annotated[int, typer.Option(min=1, help="It never holds more.")] = 2048,
    s3: S3File = None,
    split: Annotated[str, typer.Option()] = "train",
    recipe: Annotated[str, typer.Option(help="A recogniser's.")] = "lite0_metric",
    steps: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    seed: Annotated[int, typer.Option()] = 1,
    window: Annotated[int, typer.Option(min=1, help="Shards read together.")] = WINDOW,
    per_sku: Annotated[
        bool, typer.Option("--per-sku", help="Augmentation by number of pictures and error.")
    ] = False,
    errors: Annotated[
        Path | None, typer.Option(help="JSON: SKU -> share that is wrong today.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="By torchrun, on this machine.")] = 1,
    loaders: Annotated[int, typer.Option(min=0, help="Processes that prepare pictures.")] = 1,
    detach: Annotated[bool, typer.Option(help="Outlive this terminal; log in run.log.")] = False,
) -> None:
    """Train a recogniser from shards, read as they are needed."""
    arguments = [a for a in sys.argv[1:] if a != "--detach"]
    if detach:
        start_detached([sys.executable, "-m", MODULE, *arguments], out)
        return
    if processes > 1:
        command = torchrun_command(processes, MODULE, [*arguments, "--processes", "1"])
        raise typer.Exit(subprocess.run(command, check=False).returncode)
    if recipe not in RECIPES or RECIPES[recipe]().body == "none":
        raise DatasetError(f"no recogniser {recipe}", hint="for example lite0_metric")
    wrong = json.loads(errors.read_text()) if errors is not None else {}
    with joined_place(num_loaders=loaders) as place:
        train_from_shards(
            for_steps(RECIPES[recipe](), steps, seed), ShardsAt(shards, s3, cache, cache_mib),
            out, place, split=split, window=window, per_sku=per_sku, errors=wrong,
            arguments=tuple(arguments),
        )  # fmt: skip
