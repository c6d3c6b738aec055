"""tools/bench label-noise: how many wrong labels of shoppers are blocked, and how many right ones.

Flow: labelled scenes -> the bundle's vectors -> claims, a share of them look-alikes -> vetted

Wrong claims name the SKU that the gallery holds for the most similar to the true one. The rule is
the hub's own (trainer/label_vetting.py). Exit code 1 with --strict below the promise.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from edge.config import FACTORY_BUNDLE
from sync.bundle import open_bundle
from sync.decision import DecisionParameters
from sync.gallery import load_gallery, load_whitening
from tools.benchmarks.errors import BenchInputError
from tools.benchmarks.report import Figure, Report, machine, publish
from trainer.dataset.coco_scenes import MIN_VISIBLE_FRACTION, read_picture, read_scene_folder
from trainer.errors import DatasetError
from trainer.label_vetting import NoiseReport, VettingRule, measure_noise
from trainer.onboarding.photo_embedder import FloatArray, LiveBundle, PhotoEmbedder

PROMISE = 0.8  # of bad labels at 40 % look-alike noise
MARGINS = (0, 50, 100, 150)
SEEDS = 20  # draws of which claims are bad


def label_noise(
    scenes: Annotated[Path, typer.Option(help="Folder of COCO files, one per camera.")],
    share: Annotated[float, typer.Option(min=0.01, max=0.99, help="Of bad claims.")] = 0.4,
    limit: Annotated[int, typer.Option(min=1, help="Pictures, of all cameras.")] = 600,
    bundle: Annotated[Path, typer.Option(help="Whose recogniser and gallery.")] = FACTORY_BUNDLE,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 below 80 %.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """Blocked bad labels and blocked good ones, per margin, with one camera and with all."""
    facts, live = machine(), open_live(bundle)
    looks = looks_of(scenes, limit, live)
    alone = [(row[None], sku) for rows, sku in looks for row in rows]
    figures: list[Figure] = []
    promised = 1.0
    for words, items in (("all cameras", looks), ("one camera", alone)):
        for margin in MARGINS:
            reports = [
                measure_noise(
                    items, live.gallery, VettingRule(shopper_margin=margin), bad_share=share,
                    seed=seed,
                )
                for seed in range(SEEDS)
            ]  # fmt: skip
            is_rule = margin == VettingRule().shopper_margin
            figures += _figures(f"{words}, margin {margin}{' (the rule)' * is_rule}", reports)
            if is_rule:
                promised = min(promised, float(np.mean([r.blocked_bad for r in reports])))
    words = f"{len(looks)} items, {len(alone)} looks, {share:.0%} of claims name the look-alike"
    publish(Report("Label noise", words, facts, figures=figures), as_json=as_json, out=out)
    if strict and promised < PROMISE:
        typer.echo(f"{promised:.1%} of bad labels blocked, {PROMISE:.0%} promised", err=True)
        raise typer.Exit(1)


def open_live(directory: Path) -> LiveBundle:
    """A bundle on disk as the hub's embedder takes it."""
    opened = open_bundle(directory, verify_files=False)
    gallery = load_gallery(opened.file("gallery"))
    return LiveBundle(
        bundle_id=opened.bundle_id,
        embedder_id=opened.manifest.embedder_id,
        preprocess=opened.manifest.preprocess,
        embedder_file=opened.file("embedder", "cpu"),
        whitening=load_whitening(opened.file("whitening")),
        gallery=gallery,
        digest=gallery.digest(),
        thresholds=DecisionParameters.model_validate_json(opened.file("thresholds").read_bytes()),
    )


def looks_of(scenes: Path, limit: int, live: LiveBundle) -> list[tuple[FloatArray, str]]:
    """Every item whose SKU the gallery knows: its vectors, one per camera that saw it.

    Raises:
        BenchInputError: no labelled scenes.
    """
    try:
        pictures = read_scene_folder(scenes)
    except DatasetError as err:
        raise BenchInputError(str(err), hint=err.hint) from err
    embedder = PhotoEmbedder()
    found: dict[tuple[str, str, str], list[FloatArray]] = {}
    for seen in sorted(pictures, key=lambda p: (p.scene, p.camera))[:limit]:
        pixels = read_picture(seen.path)
        kept = [
            place
            for place, sku_id in enumerate(seen.sku_ids)
            if sku_id in live.gallery.sku_ids and seen.visible[place] >= MIN_VISIBLE_FRACTION
        ]
        if kept:
            vectors = embedder.embed(live, [(pixels, seen.boxes[place]) for place in kept])
            for place, vector in zip(kept, vectors, strict=True):
                key = (seen.scene, seen.item_ids[place], seen.sku_ids[place])
                found.setdefault(key, []).append(vector)
    if not found:
        raise BenchInputError("no item of the bundle's catalogue", hint="give --scenes of its own")
    return [(np.stack(rows), sku_id) for (_, _, sku_id), rows in found.items()]


def _figures(words: str, reports: list[NoiseReport]) -> list[Figure]:
    bad = [100 * report.blocked_bad for report in reports]
    good = [100 * report.blocked_good for report in reports]
    return [
        Figure(f"{words}: bad ones blocked", round(float(np.mean(bad)), 1), "%",
               f"{min(bad):.1f} to {max(bad):.1f} over {len(bad)} draws"),
        Figure(f"{words}: good ones blocked", round(float(np.mean(good)), 1), "%",
               f"{min(good):.1f} to {max(good):.1f}"),
    ]  # fmt: skip
