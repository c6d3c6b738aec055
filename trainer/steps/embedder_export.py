"""A fine-tuned embedder as the files a box runs, and the champion's gallery in its space.

Flow: weights.pt -> embedder.onnx -> INT8, 16-bit -> parity -> whitening, gallery
"""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sync.gallery import Gallery, unit_rows
from sync.preprocess import normalise
from trainer.export.gallery_fit import label_numbers
from trainer.export.gallery_refit import RefitSetting, refit_gallery
from trainer.export.gallery_transport import transported_whitening
from trainer.export.half_precision import to_half
from trainer.export.int8_choice import choose_int8
from trainer.export.onnx_export import embedder_interface, export_onnx
from trainer.export.parity import ParityReport, embedder_parity
from trainer.steps.champion import Champion, embed_regions
from trainer.steps.fit_parameters import WEIGHTS, read_setting
from trainer.steps.old_pictures import old_regions
from trainer.steps.regions import Region, read_regions
from trainer.steps.step_voice import StepVoice
from trainer.training.checkpoint import load_checkpoint
from trainer.training.embedder_model import EmbedderModel

PLAIN, SMALL, HALF = "embedder.onnx", "embedder.int8.onnx", "embedder.fp16.onnx"


def export_embedder(
    inputs: Mapping[str, Path], champion: Champion, out: Path, voice: StepVoice, *,
    num_calibration: int, num_measured: int,
) -> dict[str, object]:  # fmt: skip
    """Write the files, and whitening and gallery with the very file that ships; the report."""
    form = champion.bundle.manifest.preprocess
    model = EmbedderModel()
    model.load_state_dict(load_checkpoint(inputs["fit"] / WEIGHTS))
    voice.progress(5, "exporting")
    export_onnx(model, embedder_interface(form.crop_px), out / PLAIN)
    fresh = read_regions(inputs["shards"], "train")
    regions = [*fresh, *old_regions(champion)]
    crops = [region.crop(form) for region in spread(regions, num_calibration)]
    ready = [normalise([crop], float(form.mean), float(form.scale)) for crop in crops]
    voice.progress(30, "quantising")
    to_half(out / PLAIN, out / HALF)
    shown = spread([*regions, *read_regions(inputs["shards"], "validation")], num_measured)
    choice = choose_int8(out / PLAIN, out / SMALL, ready, lambda _: _parity(champion, out, shown))
    chosen = choice.chosen.name
    (out / (PLAIN if choice.parity.passed else SMALL)).unlink()
    voice.progress(70, f"{chosen} ships; carrying the gallery over")
    setting = read_setting(inputs["fit"])
    embedder_id = _gallery(champion, out / chosen, regions, fresh, setting, out)
    return {
        "embedder": {"cpu": chosen, "gpu": HALF},
        "embedder_id": embedder_id,
        "is_unchanged": False,
        "parity": dataclasses.asdict(choice.parity),
        "int8": dataclasses.asdict(choice.tried),
    }


def spread(regions: Sequence[Region], count: int) -> list[Region]:
    """At most `count`, evenly over the list."""
    step = max(1, -(-len(regions) // count))
    return list(regions[::step])


def _parity(champion: Champion, out: Path, shown: Sequence[Region]) -> ParityReport:
    """Does INT8 choose the same SKU as the float file, among the means of what is shown?"""
    reference, candidate = (embed_regions(out / f, champion, shown) for f in (PLAIN, SMALL))
    numbers = label_numbers([region.sku_id for region in shown])
    means = np.stack([reference[numbers == n].mean(axis=0) for n in range(numbers.max() + 1)])
    return embedder_parity(reference, candidate, unit_rows(means), numbers)


def _gallery(
    champion: Champion, file: Path, regions: Sequence[Region], fresh: Sequence[Region],
    setting: RefitSetting, out: Path,
) -> str:  # fmt: skip
    """The champion's rows in the new space, with the new crops in them."""
    old = embed_regions(champion.embedder_file, champion, regions)
    new = embed_regions(file, champion, regions)
    whitening = transported_whitening(champion.whitening, old, new)
    digest = hashlib.sha256(file.read_bytes() + whitening.to_bytes()).hexdigest()
    before = champion.gallery
    embedder_id = f"{before.embedder_id.rpartition('-')[0]}-{digest[:16]}"
    carried = Gallery(embedder_id, before.sku_ids, before.vectors, before.starts)
    names = [region.sku_id for region in fresh]
    fitted = refit_gallery(file, whitening, carried, new[: len(fresh)], names, setting)
    (out / "whitening.npz").write_bytes(fitted.whitening.to_bytes())
    (out / "gallery.npz").write_bytes(fitted.gallery.to_bytes())
    return fitted.embedder_id
