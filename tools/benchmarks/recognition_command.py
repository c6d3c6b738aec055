"""The command `tools/bench recognition`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from edge.config import FACTORY_BUNDLE
from tools.benchmarks import recognition as bench
from tools.benchmarks.errors import BenchInputError
from tools.benchmarks.mistakes_page import write_page
from tools.benchmarks.recognition_heads import HEADS, OURS, TRAINED, FloatArray
from tools.benchmarks.report import Figure, Report, machine, publish
from trainer.dataset.photo_list import (
    Photo,
    joined,
    read_photo_list,
    without_judged,
)
from trainer.errors import DatasetError

IMAGENET, BUNDLE = "imagenet", "bundle"


def recognition(
    train: Annotated[list[Path], typer.Option(help='Lists of "path, class, parent"; joined.')],
    test: Annotated[
        Path | None, typer.Option(help="List that is judged; without it, folds of bursts.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2)] = 5,
    shots: Annotated[str, typer.Option(help="Photographs per new product, as 1,3,5,10.")] = "",
    features: Annotated[
        str, typer.Option(help="imagenet: frozen Lite0; bundle: the recogniser of --bundle.")
    ] = IMAGENET,
    bundle: Annotated[Path, typer.Option()] = FACTORY_BUNDLE,
    cache: Annotated[Path | None, typer.Option(help="Folder where imagenet features stay.")] = None,
    head: Annotated[bool, typer.Option(help="Also train the head on them, in THE LOOP.")] = False,
    names: Annotated[Path | None, typer.Option(help="CSV: name, class number.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write an HTML page to look at.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """Fine and parent accuracy of frozen features under several heads, with intervals."""
    facts = machine()
    try:
        learned = joined([read_photo_list(path) for path in train])
        judged = read_photo_list(test) if test is not None else None
        if judged is not None:
            learned = without_judged(learned, judged)
    except DatasetError as err:
        raise BenchInputError(str(err), hint=err.hint) from err
    photos = [*learned.photos, *(judged.photos if judged is not None else ())]
    heads = [name for name in HEADS if name != TRAINED or (head and features == IMAGENET)]
    if features == IMAGENET:
        rows = _imagenet(cache, photos, show=not as_json)
    else:
        rows = _features(features, bundle, photos, show=not as_json)
    answers = {
        name: bench.judge_list(name, rows, photos, len(learned.photos))
        if judged is not None
        else bench.judge_folds(name, rows, photos, folds)
        for name in heads
    }
    parent_of = {photo.label: max(photo.parent, 0) for photo in photos}
    figures = bench.figures(answers, parent_of)
    if shots:
        figures += _shots(rows, photos, shots, len(learned.photos), folds, judged is None)
    words = (
        f"{len(learned.photos)} photographs learned, "
        f"{len(judged.photos) if judged is not None else f'{folds} folds of whole bursts'} judged, "
        f"{len(parent_of)} classes, {len(learned.aside)} put aside; features: {features}"
    )
    report = Report("Recognising photographs", words, facts, figures=figures)
    publish(report, as_json=as_json, out=out)
    if page is not None:
        shown = photos[len(learned.photos) :]
        if judged is None:  # as judge_folds leaves them out
            numbers = bench.folds_of_photos(rows, photos, folds)
            shown = [p for p, fold in zip(photos, numbers, strict=True) if fold >= 0]
        write_page(page, report, OURS, answers[OURS], shown, learned.photos, _names(names))


def _imagenet(cache: Path | None, photos: list[Photo], *, show: bool) -> FloatArray:
    if cache is not None:
        return bench.imagenet_features(photos, cache, show=show)
    with tempfile.TemporaryDirectory(prefix="ts-features-") as name:
        return bench.imagenet_features(photos, Path(name), show=show)


def _features(kind: str, bundle: Path, photos: list[Photo], *, show: bool) -> FloatArray:
    if kind != BUNDLE:
        raise BenchInputError(f"no features {kind}", hint=f"{IMAGENET} or {BUNDLE}")
    from edge.perception.models import load_models
    from edge.perception.open_backend import BackendOptions
    from sync.bundle import open_bundle

    return bench.bundle_features(
        load_models(open_bundle(bundle), BackendOptions()), photos, show=show
    )


def _shots(
    rows: FloatArray, photos: list[Photo], shots: str, num_learned: int, folds: int,
    is_folded: bool,
) -> list[Figure]:  # fmt: skip
    try:
        counts = [int(part) for part in shots.split(",")]
    except ValueError as err:
        raise BenchInputError(f"--shots {shots}", hint="numbers, as 1,3,5,10") from err
    if is_folded:  # the first fold is judged, the others are learned
        numbers = bench.folds_of_photos(rows, photos, folds)
        order = [i for i, fold in enumerate(numbers) if fold != 0]
        num_learned = len(order)
        order += [i for i, fold in enumerate(numbers) if fold == 0]
        rows, photos = rows[order], [photos[i] for i in order]
    return bench.shot_figures(rows, photos, counts, num_learned)


def _names(path: Path | None) -> list[str]:
    if path is None:
        return []
    found: dict[int, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(",")
        number = rest.split(",")[0].strip()
        if number.isdigit():
            found[int(number)] = name
    return [found.get(i, str(i)) for i in range(max(found, default=-1) + 1)]
