"""Command line of the counter simulator: catalogue, views, render, clip, probe.

Exit codes: 0 done, 1 cannot be done, 2 bad arguments or packs, 3 renderer or encoder missing.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tools.lane_sim.catalogue import draw_catalogue
from tools.lane_sim.demo_clips import DEMO_CLIPS, render_demo
from tools.lane_sim.errors import LaneSimError, PackFolderError
from tools.lane_sim.llvm_probe import chosen_variant
from tools.lane_sim.mitsuba_scene import CounterRenderer
from tools.lane_sim.pack_folder import Pack, read_packs
from tools.lane_sim.product_table import PRODUCTS
from tools.lane_sim.render_clip import ClipOptions, render_clip
from tools.lane_sim.render_scenes import SceneOptions, render_scenes
from tools.lane_sim.render_views import ViewOptions, render_views

app = typer.Typer(
    help="Renders counters with goods on them, with exact truth.", no_args_is_help=True
)

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object instead of a progress bar.")
]
Out = Annotated[Path, typer.Option(help="Folder to write into; made when absent.")]
PacksOption = Annotated[
    list[Path], typer.Option("--packs", help="Packs folder; may be given more than once.")
]
Seed = Annotated[int, typer.Option(help="Same seed and arguments, same pictures.")]
VariantOption = Annotated[str, typer.Option("--variant", help="auto, scalar or llvm.")]
Threads = Annotated[int, typer.Option(help="Threads of the renderer; 0 for all cores.", min=0)]
Sku = Annotated[list[str] | None, typer.Option("--sku", help="Only these SKUs.")]
SkuFile = Annotated[
    Path | None, typer.Option("--not", help="Text file of SKUs to leave out, one a line.")
]


@app.command()
def catalogue(
    out: Out,
    json_output: Json = False,
    pictures_only: Annotated[bool, typer.Option(help="Only pictures and JSON, no meshes.")] = False,
) -> None:
    """Draw our own catalogue: packs, pictures, catalog.json, prices.json."""
    with _reported(json_output), _progress(json_output, "drawing", len(PRODUCTS)) as advance:
        number = draw_catalogue(out, lambda _sku: advance(), packs=not pictures_only)
    _print({"skus": number, "out": str(out)}, json_output)


@app.command()
def render(
    packs: PacksOption,
    out: Out,
    scenes: Annotated[int, typer.Option(min=1, help="How many scenes.")] = 10,
    cameras: Annotated[int, typer.Option(min=1, max=6)] = 3,
    seed: Seed = 0,
    items_min: Annotated[int, typer.Option(min=1)] = 1,
    items_max: Annotated[int, typer.Option(min=1, max=40)] = 12,
    width: Annotated[int, typer.Option(min=64, max=3840)] = 1280,
    height: Annotated[int, typer.Option(min=36, max=2160)] = 720,
    spp: Annotated[int, typer.Option(min=1, max=1024, help="Samples per pixel.")] = 8,
    world: Annotated[
        str, typer.Option(help="Counters and lights: train, val, test or any.")
    ] = "any",
    scenes_per_lane: Annotated[int, typer.Option(min=1)] = 10,
    things: Annotated[
        float, typer.Option(min=0, max=1, help="Share of scenes with hands, phones ...")
    ] = 0.25,
    stack: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Chance that an item lies on a carton; drawn if absent."),
    ] = None,
    sku: Sku = None,
    leave_out: SkuFile = None,
    variant: VariantOption = "auto",
    threads: Threads = 0,
    json_output: Json = False,
) -> None:
    """Render still scenes with COCO truth per camera and one events.json."""
    options = SceneOptions(
        scenes,
        cameras,
        seed,
        width,
        height,
        spp,
        items_min,
        max(items_min, items_max),
        world,
        scenes_per_lane,
        things,
        stack,
    )
    renderer = CounterRenderer(variant, _texels(width), threads)
    with _reported(json_output):
        found = _packs(packs, sku, leave_out)
        with _progress(json_output, "rendering", scenes) as advance:
            for _ in render_scenes(found, options, out, renderer):
                advance()
    _print(
        {"scenes": scenes, "cameras": cameras, "packs": len(found), "out": str(out)}, json_output
    )


@app.command("views")
def render_product_views(
    packs: PacksOption,
    out: Out,
    views: Annotated[int, typer.Option(min=1, help="Views per SKU.")] = 40,
    size: Annotated[int, typer.Option(min=32, max=1024, help="Edge length in pixels.")] = 224,
    seed: Seed = 0,
    spp: Annotated[int, typer.Option(min=1, max=1024)] = 8,
    world: Annotated[
        str, typer.Option(help="Counters and lights: train, val, test or any.")
    ] = "any",
    sku: Sku = None,
    leave_out: SkuFile = None,
    variant: VariantOption = "auto",
    threads: Threads = 0,
    json_output: Json = False,
) -> None:
    """Render single products with an alpha mask, as the counter cameras would crop them."""
    renderer = CounterRenderer(variant, threads=threads)
    with _reported(json_output):
        found = _packs(packs, sku, leave_out)
        with _progress(json_output, "rendering SKUs", len(found)) as advance:
            for _ in render_views(found, ViewOptions(views, size, seed, spp, world), out, renderer):
                advance()
    _print({"skus": len(found), "views": views * len(found), "out": str(out)}, json_output)


@app.command()
def clip(
    packs: PacksOption,
    out: Out,
    seconds: Annotated[float, typer.Option(min=3, max=600)] = 12.0,
    fps: Annotated[int, typer.Option(min=1, max=60)] = 15,
    seed: Seed = 0,
    cameras: Annotated[int, typer.Option(min=1, max=6)] = 3,
    width: Annotated[int, typer.Option(min=64, max=3840)] = 1280,
    height: Annotated[int, typer.Option(min=36, max=2160)] = 720,
    spp: Annotated[int, typer.Option(min=1, max=1024)] = 8,
    items: Annotated[int, typer.Option(min=1, max=20, help="How many, when no --put.")] = 3,
    put: Annotated[list[str] | None, typer.Option(help="SKUs in this order; may repeat.")] = None,
    takes: Annotated[int, typer.Option(min=0, help="Items taken back.")] = 0,
    moves: Annotated[int, typer.Option(min=0, help="Items moved on the counter.")] = 0,
    thing: Annotated[list[str] | None, typer.Option(help="phone, wallet, keys or hand.")] = None,
    world: Annotated[
        str, typer.Option(help="Counters and lights: train, val, test or any.")
    ] = "any",
    crf: Annotated[int, typer.Option(min=0, max=51, help="H.264 quality; larger is smaller.")] = 24,
    variant: VariantOption = "auto",
    threads: Threads = 0,
    json_output: Json = False,
) -> None:
    """Render a clip of puts, takes and moves with events, states and the final basket."""
    options = ClipOptions(
        seconds, fps, seed, cameras, width, height, spp, tuple(put or ()), items, takes, moves,
        tuple(thing or ()), world=world, crf=crf,
    )  # fmt: skip
    renderer = CounterRenderer(variant, _texels(width), threads)
    with _reported(json_output):
        found = _packs(packs, None, None)
        with _progress(json_output, "cameras", 2 * cameras) as advance:
            truth = render_clip(found, options, out, renderer, advance)
    _print({"basket": truth["basket"], "frames": truth["num_frames"], "out": str(out)}, json_output)


@app.command()
def demo(
    packs: PacksOption,
    out: Out,
    only: Annotated[str, typer.Option(help="Only this clip of demo_clips.py.")] = "",
    variant: VariantOption = "auto",
    threads: Threads = 0,
    json_output: Json = False,
) -> None:
    """Make the demo's assets: its clips, the catalogue's pictures, catalog.json, prices.json."""
    renderer = CounterRenderer(variant, threads=threads)
    with _reported(json_output):
        found = _packs(packs, None, None)
        num_cameras = 6 * (1 if only else len(DEMO_CLIPS))
        with _progress(json_output, "cameras", num_cameras) as advance:
            names = render_demo(found, out, renderer, only, advance)
        draw_catalogue(out / "catalogue", lambda _sku: None, packs=False)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    _print({"clips": names, "size_mb": round(size / 1e6, 2), "out": str(out)}, json_output)


@app.command()
def probe(json_output: Json = False) -> None:
    """Say which Mitsuba variant this machine can run, tried in a child process."""
    with _reported(json_output):
        found = chosen_variant("auto")
    _print({"variant": found.name, "library": found.library, "why": found.why}, json_output)


def _packs(folders: list[Path], skus: list[str] | None, leave_out: Path | None) -> list[Pack]:
    found = [pack for folder in folders for pack in read_packs(folder)]
    wanted = set(skus or ())
    unknown = sorted(wanted - {pack.sku for pack in found})
    if unknown:
        raise PackFolderError(
            f"no SKU {unknown[0]!r} in the packs folders", hint="see their skus.csv"
        )
    banned: set[str] = set()
    if leave_out is not None:
        if not leave_out.is_file():
            raise PackFolderError(
                f"{leave_out}: no such file", hint="a text file with one SKU a line"
            )
        banned = set(leave_out.read_text(encoding="utf-8").split())
    kept = [p for p in found if (not wanted or p.sku in wanted) and p.sku not in banned]
    if not kept:
        raise PackFolderError("no SKU is left to render", hint="--sku and --not exclude everything")
    return kept


def _texels(width_px: int) -> float:
    """Texture density the pictures can show: about one texel per pixel at 60 cm."""
    return max(8.0, 20.0 * width_px / 1280)


@contextmanager
def _progress(json_output: bool, title: str, total: int) -> Iterator["_Advance"]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=json_output) as bar:
        task = bar.add_task(title, total=total)
        yield _Advance(lambda: bar.advance(task))


class _Advance:
    """Moves the bar on by one."""

    def __init__(self, step: object) -> None:
        self._step = step

    def __call__(self) -> None:
        self._step()  # type: ignore[operator]


@contextmanager
def _reported(json_output: bool) -> Iterator[None]:
    try:
        yield
    except LaneSimError as err:
        if json_output:
            print(json.dumps({"error": err.code, "message": str(err), "hint": err.hint}))
        else:
            Console(stderr=True).print(f"[red]{err.code}[/red]: {err}\n  hint: {err.hint}")
        raise typer.Exit(err.exit_code) from err
    except ValueError as err:
        if json_output:
            print(json.dumps({"error": "sim.argument", "message": str(err), "hint": "see --help"}))
        else:
            Console(stderr=True).print(f"[red]sim.argument[/red]: {err}\n  hint: see --help")
        raise typer.Exit(2) from err


def _print(result: dict[str, object], json_output: bool) -> None:
    if json_output:
        print(json.dumps(result))
    else:
        Console().print("  ".join(f"{key}: {value}" for key, value in result.items()))


def main() -> None:
    """Entry point of `python -m tools.lane_sim`."""
    app()


if __name__ == "__main__":
    main()
