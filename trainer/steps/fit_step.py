"""Step `fit`: from labelled regions to what recognises them better than the champion does.

Flow: shards + champion -> gallery.npz, whitening.npz (fast) | weights.pt (full); fit.json

On the fast path the embedder stays, so its file need not be exported, quantised or gated for parity
again, and no torch is loaded.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from trainer.export.gallery_refit import RefitSetting, refit_gallery
from trainer.steps.champion import embed_regions, open_champion
from trainer.steps.fit_parameters import FIT_REPORT, Parameters
from trainer.steps.regions import read_regions
from trainer.steps.step_voice import StepVoice
from trainer.steps.tune_step import tuned_setting

__all__ = ["Parameters", "run"]


def run(inputs: Mapping[str, Path], parameters: Parameters, out: Path, voice: StepVoice) -> None:
    """Fit on the training split."""
    setting = parameters.refit()
    if "tune" in inputs:
        setting = tuned_setting(inputs["tune"])
    if parameters.path == "full":
        from trainer.steps.fine_tuning import fine_tune

        report = fine_tune(inputs, parameters, out, voice)
    else:
        report = _refit(inputs, setting, out, voice)
    report |= {"path": parameters.path, "setting": dataclasses.asdict(setting)}
    (out / FIT_REPORT).write_text(json.dumps(report, indent=1, sort_keys=True))


def _refit(
    inputs: Mapping[str, Path], setting: RefitSetting, out: Path, voice: StepVoice
) -> dict[str, object]:
    champion = open_champion(inputs["champion"])
    regions = read_regions(inputs["shards"], "train")
    voice.progress(10, f"embedding {len(regions)} crops")
    embeddings = embed_regions(champion.embedder_file, champion, regions)
    sku_ids = [region.sku_id for region in regions]
    voice.progress(80, "fitting the gallery")
    fitted = refit_gallery(
        champion.embedder_file, champion.whitening, champion.gallery, embeddings, sku_ids, setting
    )
    (out / "whitening.npz").write_bytes(fitted.whitening.to_bytes())
    (out / "gallery.npz").write_bytes(fitted.gallery.to_bytes())
    known = set(champion.gallery.sku_ids)
    voice.scalar("fit/crops", 0, len(regions))
    return {
        "embedder_id": fitted.embedder_id,
        "num_crops": len(regions),
        "crops_by_sku": dict(sorted(Counter(sku_ids).items())),
        "new_skus": sorted(set(sku_ids) - known),
        "num_rows": len(fitted.gallery.vectors),
    }
