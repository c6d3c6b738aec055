"""Step `quality`: every picture of a version opened again, on the machine that will train.

Flow: dataset -> quality.json: reason codes by picture

The hub has judged light, blur and labels when it made the version (dataset/quality.py); here it is
proven that what arrived is what was judged.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from trainer.dataset.manifest import DatasetItem
from trainer.dataset.picture_facts import measure_picture
from trainer.dataset.quality import MISSING, SIZE_DIFFERS
from trainer.steps.dataset_folder import load_dataset, picture_bytes, picture_path
from trainer.steps.run_step import NoParameters
from trainer.steps.step_voice import StepVoice

Parameters = NoParameters
REPORT = "quality.json"
TELL_EVERY = 200


def run(inputs: Mapping[str, Path], parameters: NoParameters, out: Path, voice: StepVoice) -> None:
    """Write the report."""
    folder = inputs["dataset"]
    items = load_dataset(folder).items
    reasons: dict[str, list[str]] = {}
    for number, item in enumerate(items):
        found = _reasons(folder, item)
        if found:
            reasons[item.picture] = found
        if number % TELL_EVERY == 0:
            voice.progress(100 * number // len(items), f"{number} of {len(items)} pictures opened")
    report = {"num_pictures": len(items), "num_bad": len(reasons), "reasons": reasons}
    (out / REPORT).write_text(json.dumps(report, indent=1, sort_keys=True))
    voice.scalar("quality/bad_pictures", 0, len(reasons))


def _reasons(folder: Path, item: DatasetItem) -> list[str]:
    if not picture_path(folder, item.picture).is_file():
        return [MISSING]
    facts = measure_picture(picture_bytes(folder, item), [box.xyxy for box in item.boxes])
    if facts.problem:
        return [facts.problem]
    return [SIZE_DIFFERS] if (facts.width, facts.height) != (item.width, item.height) else []
