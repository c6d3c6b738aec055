"""Look-alike families from the command line: python -m trainer.export families | child.

Exit codes: 0 done, 2 wrong input.
"""

import dataclasses
import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import torch
import typer

from sync.bundle import Bundle, open_bundle
from sync.errors import SyncError
from trainer.dataset.coco_scenes import read_scene_folder
from trainer.errors import DatasetError, TrainerError
from trainer.export.child_fit import Networks, families_of, fit_child, judged, router_of
from trainer.export.golden_answers import shipped_files
from trainer.export.labelled_looks import labelled_looks
from trainer.training.families import LabelledLook

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

BundleOption = Annotated[Path, typer.Option("--bundle", help="Bundle folder: the parent.")]
Scenes = Annotated[list[Path], typer.Option(help="Folders of labelled scenes (COCO).")]


@app.command()
def families(bundle: BundleOption, scenes: Scenes) -> None:
    """Look-alike families, by catalogue and by confusion, those with most confused looks first."""
    parent = open_bundle(bundle)
    found = families_of(router_of(parent), _looks(parent, scenes))
    typer.echo(json.dumps([dataclasses.asdict(f) for f in found], indent=1))


@app.command()
def child(
    bundle: BundleOption,
    scenes: Scenes,
    out: Annotated[Path, typer.Option(help="Folder of the new bundle; must not exist.")],
    family: Annotated[str, typer.Option(help="Else the one with most confused looks.")] = "",
    test: Annotated[
        list[Path] | None, typer.Option(help="Scenes that taught neither; judged before, after.")
    ] = None,
    created: Annotated[str, typer.Option(help="Written into the manifest; else now.")] = "",
    runs: Annotated[
        Path | None,
        typer.Option(help="Where a head is not enough, train a network of its own, its runs here."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Of a network's training.")] = 1,
) -> None:
    """Fit a family's own model and write the bundle with it; every other file stays as it is."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    torch.set_num_threads(threads)
    parent = open_bundle(bundle)
    router, looks = router_of(parent), _looks(parent, scenes)
    found = families_of(router, looks)
    chosen = next((f for f in found if f.name == (family or found[0].name)), None)
    if chosen is None:
        raise DatasetError(
            f"no family {family!r}", hint="one of: " + ", ".join(f.name for f in found[:10])
        )
    made_at = created or datetime.now(UTC).isoformat(timespec="seconds")
    networks = None if runs is None else Networks(runs)
    fitted = fit_child(parent, looks, chosen, out, created=made_at, networks=networks)
    report = {"family": chosen.name, "bundle_id": open_bundle(out).bundle_id, **fitted.report()}
    if test:
        report["test"] = judged(router, fitted, _looks(parent, test))
    typer.echo(json.dumps(report, indent=1))


def main() -> int:
    """Entry point."""
    try:
        app(prog_name="python -m trainer.export")
    except (TrainerError, SyncError) as err:
        sys.stderr.write(f"{err.code}: {err}\n  {err.hint}\n")
        return 2
    return 0


def _looks(parent: Bundle, folders: list[Path]) -> list[LabelledLook]:
    scenes = [scene for folder in folders for scene in read_scene_folder(folder)]
    return labelled_looks(shipped_files(parent), scenes)


if __name__ == "__main__":
    sys.exit(main())
