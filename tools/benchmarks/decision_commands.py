"""Commands of tools/bench about the decision: decision, openset, scale.

Exit codes as of every command of tools/bench.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edge.config import FACTORY_BUNDLE
from edge.perception.models import Models, load_models
from edge.perception.open_backend import BackendOptions
from sync.bundle import Bundle, open_bundle
from sync.catalog import load_catalog
from tools.benchmarks import decision_quality as quality
from tools.benchmarks.decision_page import write_decision_page
from tools.benchmarks.errors import BenchInputError
from tools.benchmarks.report import Figure, Report, machine, publish
from tools.benchmarks.scene_looks import Item, items_of, read_scenes
from tools.benchmarks.stranger_rows import stranger_rows

STRANGER_SEED = 21

Folders = Annotated[list[Path], typer.Argument(help="Folders of python -m tools.lane_sim render.")]
BundleOption = Annotated[Path, typer.Option("--bundle", help="Bundle folder to measure.")]
Limit = Annotated[int, typer.Option(min=0, help="At most so many scenes; 0 is all.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
Out = Annotated[Path | None, typer.Option(help="Also write the JSON document here.")]
Page = Annotated[Path | None, typer.Option(help="Write an HTML page to look at.")]


@dataclass(frozen=True)
class Setting:
    """What all three commands start from."""

    facts: dict[str, object]
    bundle: Bundle
    models: Models
    family_of: dict[str, str]
    items: list[Item]
    words: str


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("decision")(decision)
    app.command("openset")(openset)
    app.command("scale")(scale)


def decision(
    folders: Folders,
    validation: Annotated[
        list[Path] | None, typer.Option(help="Choose thresholds here; else the bundle's.")
    ] = None,
    shift: Annotated[bool, typer.Option(help="Also 200 resamples of field labels.")] = False,
    bundle: BundleOption = FACTORY_BUNDLE,
    limit: Limit = 0,
    as_json: Json = False,
    out: Out = None,
    page: Page = None,
) -> None:
    """Ask rate, wrong among charged, top 3; and whether field labels keep the promised bound."""
    given = _setting(folders, bundle, limit, show=not as_json)
    gallery, parameters = given.models.matcher.gallery, given.models.parameters
    chosen_on = "the bundle's thresholds"
    if validation:
        taught = items_of(read_scenes(validation), given.models, show=not as_json)
        parameters = quality.calibrated(taught, gallery, given.family_of, parameters.detector_score)
        chosen_on = (
            f"thresholds from {len(taught)} items of {', '.join(v.name for v in validation)}"
        )
    found = quality.outcomes(given.items, gallery, parameters, given.family_of)
    figures = quality.decision_figures(found)
    if shift:
        figures += quality.shift_figures(given.items, gallery, parameters, given.family_of)
    report = _publish("Decision", given, figures, chosen_on, as_json=as_json, out=out)
    _paint(page, report, given, found)


def openset(
    folders: Folders,
    bundle: BundleOption = FACTORY_BUNDLE,
    limit: Limit = 0,
    as_json: Json = False,
    out: Out = None,
    page: Page = None,
) -> None:
    """Each SKU's items with that SKU taken out of the gallery: nothing else may be charged."""
    given = _setting(folders, bundle, limit, show=not as_json)
    figures = quality.open_set_figures(
        given.items, given.models.matcher.gallery, given.models.parameters, given.family_of
    )
    report = _publish(
        "Open set", given, figures, "the bundle's thresholds", as_json=as_json, out=out
    )
    _paint(page, report, given, _outcomes(given))


def scale(
    folders: Folders,
    sizes: Annotated[str, typer.Option(help="SKUs in the gallery.")] = "70,500,2000,12000",
    bundle: BundleOption = FACTORY_BUNDLE,
    limit: Limit = 0,
    as_json: Json = False,
    out: Out = None,
    page: Page = None,
) -> None:
    """Error and questions while drawn products and recoloured look-alikes fill the gallery."""
    try:
        wanted = sorted(int(part) for part in sizes.split(","))
    except ValueError as err:
        raise BenchInputError(f"--sizes {sizes}", hint="numbers, as 70,500,2000") from err
    given = _setting(folders, bundle, limit, show=not as_json)
    gallery = given.models.matcher.gallery
    scenes = read_scenes(folders, limit)
    count = max(0, wanted[-1] - len(gallery.sku_ids))
    strangers = stranger_rows(given.models, scenes, count, STRANGER_SEED, show=not as_json)
    figures = quality.scale_figures(
        given.items, gallery, strangers, given.models.parameters, given.family_of, wanted
    )
    report = _publish(
        "Gallery scale", given, figures, "the bundle's thresholds", as_json=as_json, out=out
    )
    _paint(page, report, given, _outcomes(given))


def _setting(folders: list[Path], place: Path, limit: int, *, show: bool) -> Setting:
    facts = machine()
    bundle = open_bundle(place)
    models = load_models(bundle, BackendOptions(providers=("cpu",)))
    catalog = load_catalog(bundle.file("catalog"))
    items = items_of(read_scenes(folders, limit), models, show=show)
    if not items:
        raise BenchInputError("no camera found an item", hint="is this a folder of scenes?")
    name = f"{bundle.manifest.name} {bundle.manifest.version} ({bundle.bundle_id[:12]})"
    words = (
        f"bundle {name}; {', '.join(f.name for f in folders)}: {len({i.scene for i in items})} "
        f"scenes, {len(items)} items found"
    )
    family_of = {sku.sku_id: sku.family for sku in catalog.skus if sku.family is not None}
    return Setting(facts, bundle, models, family_of, items, words)


def _publish(
    title: str, given: Setting, figures: list[Figure], chosen_on: str, *, as_json: bool,
    out: Path | None,
) -> Report:  # fmt: skip
    words = f"{given.words}; {chosen_on}"
    report = Report(title, words, given.facts, figures=figures)
    publish(report, as_json=as_json, out=out)
    return report


def _outcomes(given: Setting) -> list[quality.Outcome]:
    """What the bundle decides about the items as they are."""
    models = given.models
    return quality.outcomes(given.items, models.matcher.gallery, models.parameters, given.family_of)


def _paint(page: Path | None, report: Report, given: Setting, found: list[quality.Outcome]) -> None:
    if page is not None:
        write_decision_page(page, report, found, given.bundle)
