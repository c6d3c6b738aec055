"""edgectl replay: the box's own pipeline on recordings, each basket beside its truth."""

from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from edge.basket.counter import Offer
from edge.config import FACTORY_BUNDLE
from edge.edgectl.options import JsonOption
from edge.edgectl.output import ExitCode, errors_for_people, print_json, print_table, say
from edge.edgectl.recordings import Recording, find_recordings
from edge.edgectl.replay_run import Setup, replay_basket
from edge.errors import ConfigError
from edge.perception.models import Models, load_models
from edge.perception.open_backend import BackendOptions
from sync.bundle import Bundle, open_bundle
from sync.catalog import load_catalog
from sync.price_list import load_price_list
from sync.replay_result import ReplayedBasket, ReplayResult


def replay(
    place: Annotated[
        Path | None, typer.Argument(help="A video, clips, scenes, or recordings of boxes.")
    ] = None,
    recordings: Annotated[Path | None, typer.Option(help="The same, by name.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle folder; the factory bundle by default.")
    ] = None,
    camera: Annotated[
        list[str] | None, typer.Option(help="Only this camera; may be given several times.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many recordings; 0 is all.", min=0)] = 0,
    events: Annotated[bool, typer.Option(help="List every put and take.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the real pipeline on recordings; the basket stands beside the truth.

    Exits with 1 when a basket with a known truth is not exact.
    """
    with errors_for_people(as_json):
        found = find_recordings(_place(place, recordings), tuple(camera or ()))
        opened = open_bundle(bundle or FACTORY_BUNDLE)
        models = load_models(opened, BackendOptions())
        result = replay_all(found[: limit or None], opened, models, show=not as_json)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _print(result, events)
    known = [b for b in result.baskets if b.truth is not None]
    is_right = all(b.is_exact for b in known)
    raise typer.Exit(int(ExitCode.OK if is_right else ExitCode.NO))


def replay_all(
    recordings: list[Recording], bundle: Bundle, models: Models, *, show: bool = False
) -> ReplayResult:
    """Replay recordings one after the other with one bundle.

    Raises:
        CatalogError: the bundle's catalogue or prices are damaged.
        ValueError: a recording holds no pictures.
    """
    offer = Offer(
        load_catalog(bundle.file("catalog")),
        load_price_list(bundle.file("prices")),
        models.parameters,
        bundle.bundle_id,
    )
    baskets = []
    for recording in track(recordings, description="replaying", disable=not show):
        setup = Setup(models, offer, recording.maps, recording.settings, recording.truth)
        baskets.append(replay_basket(recording.name, recording.open_frames(), setup))
    return ReplayResult(
        bundle_id=bundle.bundle_id,
        edge_version=version("tillsight"),
        provider=models.provider,
        baskets=tuple(baskets),
    )


def _place(argument: Path | None, option: Path | None) -> Path:
    if (argument is None) == (option is None):
        raise ConfigError("say once what to replay", hint="edgectl replay DIR --bundle DIR")
    return argument or option or Path()


def _print(result: ReplayResult, with_events: bool) -> None:
    print_table(
        f"Replay with bundle {result.bundle_id[:12]} on {result.provider}",
        ("recording", "", "right", "missing", "wrong", "asks", "unknown", "frame ms p50 / p95"),
        [_row(basket) for basket in result.baskets],
    )
    if with_events:
        for basket in result.baskets:
            rows = [
                (e.kind, e.frame, f"{e.at_s:.2f} s", e.told_frame, e.sku_id) for e in basket.events
            ]
            print_table(basket.name, ("event", "frame", "time", "told in frame", "SKU"), rows)
    metrics = result.metrics()
    answered = result.metrics(answered=True)
    if metrics and answered:
        say(
            f"baskets exact (cAcc): {metrics.checkout_accuracy:.1%} of {metrics.num_baskets}, "
            f"with questions answered by their first button {answered.checkout_accuracy:.1%}; "
            f"ACD {metrics.average_counting_distance:.2f}, "
            f"mCIoU {metrics.mean_category_iou:.3f}"
        )
    p95 = result.rest_to_line_p95_ms()
    if p95 is not None:
        say(f"at rest -> line, p95: {p95:.0f} ms (without the journal's disk)")


def _row(basket: ReplayedBasket) -> tuple[object, ...]:
    """One line: only what differs from the truth is spelled out."""
    lines, truth = Counter(basket.predicted), Counter(basket.truth or {})
    verdict = "-" if basket.truth is None else ("exact" if basket.is_exact else "differs")
    return (
        basket.name,
        verdict,
        (lines & truth).total() if basket.truth is not None else _list(lines),
        _list(truth - lines),
        _list(lines - truth) if basket.truth is not None else "",
        basket.num_asks,
        basket.num_unknown,
        f"{basket.frame_ms_p50:.1f} / {basket.frame_ms_p95:.1f}",
    )


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {sku}" if n > 1 else sku for sku, n in sorted(counts.items()))
