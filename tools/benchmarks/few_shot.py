"""`tools/bench few-shot`: new products from a few views, no gradient, beside what is known.

Flow: views of new SKUs + labelled scenes + bundle -> segments of k views -> who is named

Asked are items of the scenes, cut as the box cuts them; every SKU of the bundle competes. Raw means
are the same recogniser without whitening, one mean per SKU. The third way adds each photograph as
a counter may show it (trainer/onboarding/enrolment_views.py); nothing is trained in any.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from edge.config import FACTORY_BUNDLE
from sync.boxes import FloatArray
from sync.gallery import Gallery, build_gallery, unit_rows
from sync.preprocess import crop_item
from tools.benchmarks.errors import BenchInputError
from tools.benchmarks.report import Figure, Report, machine, publish
from trainer.dataset.burst_folds import block_interval
from trainer.dataset.coco_scenes import ScenePicture, read_picture, read_scene_folder
from trainer.dataset.metric_samples import gallery_crop
from trainer.dataset.views import ViewSet, read_views
from trainer.errors import DatasetError
from trainer.export.gallery_fit import embed
from trainer.export.gallery_transport import raw_rows
from trainer.export.parity import OnnxModel
from trainer.onboarding.enrolment_views import NUM_VIEWS, ROWS_PER_SKU, enrolment_views
from trainer.steps.champion import Champion, open_champion

NUM_DRAWS = 8
RAW, BOX = "raw means", "whitened, as a box"
SEEN = f"whitened, {NUM_VIEWS} appearances a view"
Answers = dict[str, list[NDArray[np.float64]]]


@dataclass(frozen=True)
class Asked:
    """Items on counters: embeddings (N, D), whose they are, and their scenes' numbers."""

    embeddings: FloatArray
    sku_ids: tuple[str, ...]
    scenes: NDArray[np.int64]


def few_shot(
    views: Annotated[Path, typer.Option(help="Views folder of SKUs the bundle does not know.")],
    scenes: Annotated[
        list[Path], typer.Option(help="Labelled scenes (COCO) in which they lie; several join.")
    ],
    old_scenes: Annotated[
        Path | None, typer.Option(help="Scenes of SKUs the bundle knows: what do they lose?")
    ] = None,
    shots: Annotated[str, typer.Option(help="Views per new SKU.")] = "1,3,5",
    bundle: Annotated[Path, typer.Option()] = FACTORY_BUNDLE,
    limit: Annotated[int, typer.Option(help="At most so many pictures; 0 is all.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """Accuracy on new SKUs from a few views each, over raw means, with intervals."""
    facts = machine()
    try:
        new, pictures = read_views(views), _joined_scenes(scenes)[: limit or None]
        counts = [int(part) for part in shots.split(",")]
    except (DatasetError, ValueError) as err:
        hint = getattr(err, "hint", "") or "--shots 1,3,5"
        raise BenchInputError(str(err), hint=hint) from err
    champion = open_champion(bundle)
    known = set(champion.gallery.sku_ids) & set(new.sku_ids)
    if known:
        raise BenchInputError(f"the bundle knows {sorted(known)[0]}", hint="give views of new SKUs")
    model = OnnxModel(champion.embedder_file)
    asked = asked_items(model, champion, pictures, new.sku_ids)
    looks = looks_of_views(model, champion, new)
    figures = [
        figure
        for count in counts
        for figure in figures_of(count, _answers(champion, looks, asked, count), asked.scenes)
    ]
    if old_scenes is not None:
        olds = read_scene_folder(old_scenes)[: limit or None]
        old = asked_items(model, champion, olds, champion.gallery.sku_ids)
        figures += old_figures(champion, looks, old, max(counts))
    words = (
        f"{len(new.sku_ids)} new SKUs beside {len(champion.gallery.sku_ids)}, "
        f"{len(asked.sku_ids)} items in {len(set(asked.scenes.tolist()))} scenes, {NUM_DRAWS} draws"
    )
    publish(Report("New products from a few views", words, facts, figures=figures),
            as_json=as_json, out=out)  # fmt: skip


def _joined_scenes(folders: Sequence[Path]) -> list[ScenePicture]:
    """All pictures; scenes of two folders stay two."""
    return [
        replace(picture, scene=f"{number}/{picture.scene}")
        for number, folder in enumerate(folders)
        for picture in read_scene_folder(folder)
    ]


def asked_items(
    model: OnnxModel, champion: Champion, pictures: Sequence[ScenePicture], sku_ids: Sequence[str]
) -> Asked:
    """Every item of the new SKUs, as the box would cut it.

    Raises:
        BenchInputError: the scenes hold none.
    """
    form = champion.bundle.manifest.preprocess
    crops, owners, scenes = [], [], []
    names = sorted({picture.scene for picture in pictures})
    for picture in pictures:
        wanted = [i for i, sku_id in enumerate(picture.sku_ids) if sku_id in sku_ids]
        pixels = read_picture(picture.path) if wanted else None
        for i in wanted:
            assert pixels is not None
            margin = form.crop_margin_percent / 100
            box = picture.boxes[i]
            crops.append(crop_item(pixels, box, picture.boxes, form.crop_px, margin))
            owners.append(picture.sku_ids[i])
            scenes.append(names.index(picture.scene))
    if not crops:
        raise BenchInputError("the scenes hold none of these SKUs", hint="other --scenes")
    rows = embed(model, crops, mean=float(form.mean), scale=float(form.scale))
    return Asked(rows, tuple(owners), np.asarray(scenes, np.int64))


def figures_of(count: int, answers: Answers, scenes: NDArray[np.int64]) -> list[Figure]:
    """Shares with 95 % intervals over scenes, and points over raw means."""
    raw = np.mean(answers[RAW], axis=0)
    figures = []
    for name, rows in answers.items():
        own = np.mean(rows, axis=0)
        low, high = block_interval(own, scenes)
        least, most = block_interval(own - raw, scenes)
        note = (
            ""
            if name == RAW
            else (
                f"{100 * (own - raw).mean():+.1f} points ({100 * least:+.1f} to {100 * most:+.1f})"
            )
        )
        shown = f"{100 * own.mean():.1f} ({100 * low:.1f} to {100 * high:.1f})"
        figures.append(Figure(f"{count} views, {name}", shown, "%", note))
    return figures


def old_figures(
    champion: Champion, looks: dict[str, FloatArray], old: Asked, count: int
) -> list[Figure]:
    """What items of known SKUs lose to the new rows beside them."""
    answers = _answers(champion, looks, old, count)
    whitened, truth = champion.whitening.apply(old.embeddings), np.asarray(old.sku_ids)
    before = _right(champion.gallery, whitened, truth)
    figures = [Figure("known SKUs, before", f"{100 * before.mean():.1f}", "%")]
    for name in (BOX, SEEN):
        own = np.mean(answers[name], axis=0)
        low, high = block_interval(own - before, old.scenes)
        shown = f"{100 * (own - before).mean():+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
        figures.append(Figure(f"known SKUs beside them, {name}", shown, "points", f"{count} views"))
    return figures


def _answers(champion: Champion, looks: dict[str, FloatArray], asked: Asked, count: int) -> Answers:
    """1 where an item is named rightly, by way of enrolling, one row per draw."""
    answers: Answers = {RAW: [], BOX: [], SEEN: []}
    truth = np.asarray(asked.sku_ids)
    per_sku = max(1, round(len(champion.gallery.vectors) / len(champion.gallery.sku_ids)))
    whitened = champion.whitening.apply(asked.embeddings)
    known = raw_rows(champion.whitening, champion.gallery.vectors)
    for draw in range(NUM_DRAWS):
        random = np.random.default_rng([count, draw])
        drawn = {sku: rows[random.permutation(len(rows))[:count]] for sku, rows in looks.items()}
        plain = {sku: rows[:, :1] for sku, rows in drawn.items()}
        raw = _raw_gallery(champion.gallery, known, plain)
        answers[RAW].append(_right(raw, unit_rows(asked.embeddings), truth))
        for name, rows, num_rows in ((BOX, plain, per_sku), (SEEN, drawn, ROWS_PER_SKU)):
            gallery = _with(champion, rows, num_rows)
            answers[name].append(_right(gallery, whitened, truth))
    return answers


def looks_of_views(model: OnnxModel, champion: Champion, new: ViewSet) -> dict[str, FloatArray]:
    """Embeddings (V, appearances, D) of all views of each new SKU."""
    form = champion.bundle.manifest.preprocess
    margin, found = form.crop_margin_percent / 100, {}
    for number, sku_id in enumerate(new.sku_ids):
        crops = [
            appearance
            for view in range(len(new.encoded[number]))
            for appearance in enrolment_views(
                gallery_crop(new.view(number, view), form.crop_px, margin)
            )
        ]
        rows = embed(model, crops, mean=float(form.mean), scale=float(form.scale))
        found[sku_id] = rows.reshape(-1, NUM_VIEWS, rows.shape[1])
    return found


def _with(champion: Champion, looks: dict[str, FloatArray], per_sku: int) -> Gallery:
    """The bundle's gallery and a segment of the new SKUs; old rows stay as they are, to the bit."""
    rows, owners = _flat(looks)
    whitened = champion.whitening.apply(rows)
    segment = build_gallery(
        champion.gallery.embedder_id, whitened, owners, prototypes_per_sku=per_sku
    )
    return champion.gallery.with_segment(segment)


def _raw_gallery(gallery: Gallery, known: FloatArray, looks: dict[str, FloatArray]) -> Gallery:
    """One mean per SKU, known and new, without whitening."""
    ends = [*gallery.starts[1:], len(known)]
    spans = zip(gallery.starts, ends, strict=True)
    means = np.stack([known[start:end].mean(axis=0) for start, end in spans])
    old = Gallery("raw", gallery.sku_ids, unit_rows(means), np.arange(len(means), dtype=np.int64))
    rows, owners = _flat(looks)
    return old.with_segment(build_gallery("raw", unit_rows(rows), owners))


def _flat(looks: dict[str, FloatArray]) -> tuple[FloatArray, list[str]]:
    owners = [sku for sku, rows in looks.items() for _ in range(rows.shape[0] * rows.shape[1])]
    return np.concatenate([rows.reshape(-1, rows.shape[2]) for rows in looks.values()]), owners


def _right(gallery: Gallery, queries: FloatArray, truth: NDArray[np.str_]) -> NDArray[np.float64]:
    best = gallery.similarities(queries).argmax(axis=1)
    return np.asarray(np.asarray(gallery.sku_ids)[best] == truth, dtype=np.float64)
