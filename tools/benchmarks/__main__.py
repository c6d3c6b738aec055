"""Command line of the benchmarks: pipeline, detector, scenes, outbox, redaction.

Exit codes: 0 measured, 1 measured and a bar was missed (only with --strict), 2 wrong input.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console

from edge.config import FACTORY_BUNDLE
from edge.edgectl.recordings import Recording, find_recordings
from edge.errors import EdgeError
from edge.perception.models import Models, load_models
from edge.perception.open_backend import BackendOptions
from sync.bundle import Bundle, open_bundle
from sync.errors import SyncError
from tools.benchmarks import (
    bundle_commands,
    decision_commands,
    detector_accuracy,
    latency_row,
    redaction_recall,
    scene_accuracy,
)
from tools.benchmarks.drift_bench import drift
from tools.benchmarks.drift_hub import watch
from tools.benchmarks.errors import BenchError
from tools.benchmarks.few_shot import few_shot
from tools.benchmarks.gallery_rows import gallery_rows
from tools.benchmarks.gate_bench import gate
from tools.benchmarks.hub_pages import hub_pages
from tools.benchmarks.label_noise import label_noise
from tools.benchmarks.network_rows import detector_row, embedder_row
from tools.benchmarks.new_sku import new_sku
from tools.benchmarks.outbox_bench import outbox
from tools.benchmarks.part_rows import hand_over_row
from tools.benchmarks.pipeline_rows import whole_pipeline_rows
from tools.benchmarks.queue_storm import queue
from tools.benchmarks.ratio import Row
from tools.benchmarks.recognition_command import recognition
from tools.benchmarks.report import Report, machine, publish
from tools.benchmarks.scripted_clip import make_film
from tools.benchmarks.shifted_store import learn
from tools.benchmarks.stream_density import stream_density_row
from tools.benchmarks.training_rows import training
from tools.demo_run.clip_folder import ASSETS, read_clips
from tools.demo_run.line_times import Put

DEMO_CLIPS = ASSETS / "clips"
PARTS = ("embedder", "detector", "hand-over", "gallery", "whole", "latency", "density")

app = typer.Typer(
    help="Speed as ratios against named peers; accuracy on anybody's pictures and scenes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(outbox)
app.command()(queue)
app.command()(learn)
app.command()(gate)
app.command("new-sku")(new_sku)
app.command()(drift)
app.command()(watch)
app.command()(hub_pages)
app.command()(label_noise)
app.command()(training)

bundle_commands.register(app)
decision_commands.register(app)
app.command()(recognition)
app.command(name="few-shot")(few_shot)

BundleOption = Annotated[Path, typer.Option("--bundle", help="Bundle folder to measure.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
Out = Annotated[Path | None, typer.Option(help="Also write the JSON document here.")]
Limit = Annotated[int, typer.Option(help="At most so many pictures or scenes; 0 is all.", min=0)]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 where a bar is missed.")]


@app.command()
def pipeline(
    bundle: BundleOption = FACTORY_BUNDLE,
    yolox: Annotated[Path | None, typer.Option(help="yolox_nano.onnx of its authors.")] = None,
    clips: Annotated[
        Path | None, typer.Option(help="Clips or scenes of tools/lane_sim; the demo's by default.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Only these parts: {', '.join(PARTS)}.")
    ] = None,
    repeats: Annotated[int, typer.Option(help="Repeats of a row; the median counts.", min=1)] = 9,
    seconds: Annotated[float, typer.Option(help="Length of a trial of stream density.")] = 20.0,
    activity: Annotated[
        float, typer.Option(help="Share of time with an arm in the scripted film.", min=0, max=1)
    ] = 0.3,
    as_json: Json = False,
    out: Out = None,
    strict: Strict = False,
) -> None:
    """Every speed of the box as a ratio against a named peer, measured in turns in this run."""
    chosen = tuple(only or PARTS)
    if unknown := set(chosen) - set(PARTS):
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(PARTS)}")
    facts = machine()
    with _errors_for_people():
        opened, models = _opened(bundle)
        found = _recordings(clips)
        rows = _part_rows(chosen, opened, yolox, repeats)
        if "latency" in chosen:
            rows.append(_latency(opened, models, found, clips or DEMO_CLIPS))
        film_words = ""
        if {"whole", "density"} & set(chosen):
            with tempfile.TemporaryDirectory() as folder:
                film = make_film(opened, _video(clips), Path(folder), activity)
                film_words = f"; film: {film.origin}"
                if "whole" in chosen:
                    rows += whole_pipeline_rows(opened, models, film, max(1, repeats // 3))
                if "density" in chosen:
                    rows.append(stream_density_row(opened.directory, film, seconds))
        words = f"{_name(opened)}{film_words}"
        publish(Report("Speed of the box", words, facts, rows), as_json=as_json, out=out)
    if strict and any(row.is_met is False for row in rows):
        raise typer.Exit(1)


@app.command()
def detector(
    coco: Annotated[
        list[Path],
        typer.Option(help="COCO file; every annotation is a product. May be given several times."),
    ],
    images: Annotated[Path, typer.Option(help="Folder that file_name is relative to.")],
    bundle: BundleOption = FACTORY_BUNDLE,
    peer: Annotated[Path | None, typer.Option(help="yolox_nano.onnx to compare with.")] = None,
    limit: Limit = 0,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """AP50, AP50:95, recall and speed of the bundle's detector, class-agnostic, beside a peer's."""
    facts = machine()
    with _errors_for_people():
        opened, models = _opened(bundle)
        pictures = [p for file in coco for p in detector_accuracy.read_coco(file, images, limit)]
        detectors = {"ours": detector_accuracy.ours(models.detector)}
        if models.detector.has_fine:
            detectors["ours, fine"] = detector_accuracy.ours(models.detector, is_fine=True)
        rows = []
        if peer is not None:
            detectors["YOLOX-nano"] = detector_accuracy.peer(peer)
            least = models.parameters.detector_score
            rows.append(detector_accuracy.speed_row(pictures, models.detector, least, peer))
            rows.append(detector_row(opened, peer, 9))
        metrics = detector_accuracy.measure(pictures, detectors, show=not as_json)
        names = ", ".join(f"{file.parent.name}/{file.name}" for file in coco)
        words = f"{_name(opened)}; {names}: {len(pictures)} pictures"
        figures = detector_accuracy.figures(metrics)
        report = Report("Finding products", words, facts, rows, figures)
        publish(report, as_json=as_json, out=out)


@app.command()
def scenes(
    place: Annotated[Path, typer.Argument(help="Folder of python -m tools.lane_sim render.")],
    bundle: BundleOption = FACTORY_BUNDLE,
    limit: Limit = 0,
    single: Annotated[bool, typer.Option(help="Also each camera alone.")] = True,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """cAcc, ACD, mCCD, mCIoU of whole baskets; ask rate, wrong among charged, with intervals."""
    facts = machine()
    with _errors_for_people():
        opened, models = _opened(bundle)
        measured = scene_accuracy.measure_scenes(
            place, opened, models, limit=limit, with_single=single, show=not as_json
        )
        words = f"{_name(opened)}; {place.name}, {len(measured.views['fused'])} scenes"
        figures = scene_accuracy.figures(measured)
        report = Report("Whole baskets", words, facts, figures=figures)
        publish(report, as_json=as_json, out=out)


@app.command()
def redaction(
    bundle: BundleOption = FACTORY_BUNDLE,
    clips: Annotated[Path, typer.Option(help="Demo clips with empty counters.")] = DEMO_CLIPS,
    hand_clip: Annotated[
        Path | None, typer.Option(help="bottle-detection.mp4 of intel-iot-devkit/sample-videos.")
    ] = None,
    num: Annotated[int, typer.Option(help="Pictures of each kind.", min=1)] = 300,
    as_json: Json = False,
    out: Out = None,
    strict: Strict = False,
) -> None:
    """How much of arms, hands and faces is gone from pictures that may leave the box."""
    facts = machine()
    with _errors_for_people():
        opened, models = _opened(bundle)
        tallies = redaction_recall.measure_all(models, clips, hand_clip, num)
        figures = [figure for tally in tallies for figure in tally.figures()]
        words = f"{_name(opened)}; {num} pictures a kind; hands not noticed by perception"
        publish(Report("Redaction", words, facts, figures=figures), as_json=as_json, out=out)
    if strict and any(t.has_bar and t.recall < redaction_recall.MIN_RECALL for t in tallies):
        raise typer.Exit(1)


def _part_rows(
    chosen: tuple[str, ...], bundle: Bundle, yolox: Path | None, repeats: int
) -> list[Row]:
    rows = []
    if "embedder" in chosen:
        rows.append(embedder_row(bundle, repeats))
    if "detector" in chosen:
        rows.append(detector_row(bundle, yolox, repeats))
    if "hand-over" in chosen:
        rows.append(hand_over_row(repeats))
    if "gallery" in chosen:
        rows += gallery_rows(4 * repeats)
    return rows


def _latency(bundle: Bundle, models: Models, found: list[Recording], place: Path) -> Row:
    row = None
    if found:
        row = latency_row.rest_to_line_row(bundle, models, found, _puts(place))
    if row is not None:
        return row
    reason = "no clips: --clips DIR, a folder of python -m tools.lane_sim clip or render"
    return replace(Row(latency_row.NAME, latency_row.PEER), bar=latency_row.BAR, skipped=reason)


def _recordings(clips: Path | None) -> list[Recording]:
    """Those asked for, else the demo's; none where the checkout has none yet."""
    if clips is None and not any(DEMO_CLIPS.glob("*/events.json")):
        return []
    found = find_recordings(clips or DEMO_CLIPS)
    return [r for r in found if any(camera is not None for camera in r.maps.values())]


def _puts(place: Path) -> dict[str, tuple[Put, ...]]:
    """What comes to rest in each clip of a folder, and when, where truths lie beside the videos."""
    if not any(place.glob("*/*.mp4")) or not any(place.glob("*/events.json")):
        return {}
    return {clip.name: clip.puts for clip in read_clips(place)}


def _video(clips: Path | None) -> Path | None:
    """The first camera of the first clip; None where a film must be scripted."""
    return next(iter(sorted((clips or DEMO_CLIPS).rglob("*.mp4"))), None)


def _opened(directory: Path) -> tuple[Bundle, Models]:
    cv2.setNumThreads(1)
    bundle = open_bundle(directory)
    return bundle, load_models(bundle, BackendOptions(providers=("cpu",)))


def _name(bundle: Bundle) -> str:
    return f"bundle {bundle.manifest.name} {bundle.manifest.version} ({bundle.bundle_id[:12]})"


@contextmanager
def _errors_for_people() -> Iterator[None]:
    try:
        yield
    except (BenchError, EdgeError, SyncError) as err:
        hint = f" Hint: {err.hint}" if err.hint else ""
        Console(stderr=True).print(f"{err.code}: {err}.{hint}", style="red", highlight=False)
        raise typer.Exit(2) from err


if __name__ == "__main__":
    app(prog_name="tools/bench")
