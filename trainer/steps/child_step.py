"""Step `child`: a look-alike family's own model, fitted on the labels of the centre.

Flow: dataset + snapshot + champion -> bundle/ with the child, child.json, evaluation.json

Fitted on the training split at the labelled boxes, judged on the test split, or on the validation
split of a data set without one: nothing is chosen on either. The gate takes the bundle like any
other and exchanges the child alone (`child:<family>`).
"""

import json
import shutil
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from sync.bundle import open_bundle
from trainer.dataset.coco_scenes import read_picture
from trainer.dataset.manifest import DatasetItem, Split
from trainer.export.child_fit import Networks, families_of, fit_child, judged, router_of
from trainer.export.golden_answers import ShippedFiles, shipped_files
from trainer.export.labelled_looks import looks_in
from trainer.steps.dataset_folder import load_dataset, picture_path
from trainer.steps.evaluate_step import REPORT as EVALUATION
from trainer.steps.package_step import BUNDLE
from trainer.steps.step_table import StepError
from trainer.steps.step_voice import StepVoice
from trainer.training.families import Family, LabelledLook

REPORT = "child.json"
RUNS = "child_runs"
TELL_EVERY = 100


class Parameters(BaseModel):
    """Which family, and what the bundle is called.

    Attributes:
        family: the one with most confused looks where empty.
        network: train one of its own where a head is not enough; minutes instead of seconds.
        created, version: as of step `package`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str = Field(default="", max_length=80)
    network: bool = False
    created: str = Field(default="2026-01-01T00:00:00+00:00", max_length=40)
    version: str = Field(default="", max_length=40)


def run(inputs: Mapping[str, Path], parameters: Parameters, out: Path, voice: StepVoice) -> None:
    """Fit, judge, and write the bundle.

    Raises:
        StepError: no such family, or the child takes no mistake away on baskets it did not see.
        DatasetError: too few labels of a member.
    """
    parent = open_bundle(inputs["champion"])
    router, files = router_of(parent), shipped_files(parent)
    manifest = load_dataset(inputs["snapshot"])
    pictures = inputs["dataset"]
    looks = labelled(files, pictures, manifest.split("train"), set(files.gallery.sku_ids), voice)
    family = _chosen(families_of(router, looks), parameters.family)
    for left in (out / BUNDLE, out / f"{BUNDLE}.child"):
        shutil.rmtree(left, ignore_errors=True)
    voice.progress(70, f"fitting {family.name}")
    networks = Networks(out / RUNS) if parameters.network else None
    fitted = fit_child(parent, looks, family, out / BUNDLE, networks=networks,
                       created=parameters.created, version=parameters.version)  # fmt: skip
    if fitted.after.wrong_items >= fitted.before.wrong_items:
        raise StepError(
            f"a child of {family.name} takes no mistake away: {fitted.before.wrong_items} of "
            f"{fitted.before.num_items} items wrong, with it {fitted.after.wrong_items}",
            hint="label more baskets with its members, or leave the family to questions",
        )
    split: Split = "test" if manifest.split("test") else "validation"
    unseen = labelled(files, pictures, manifest.split(split), family.sku_ids, voice)
    told = judged(router, fitted, unseen) | {"judged": {"split": split, "was_chosen_on": False}}
    (out / EVALUATION).write_text(json.dumps({"family": family.name, **told}, indent=1))
    report = {"family": family.name, **fitted.report()}
    (out / REPORT).write_text(json.dumps(report, indent=1))
    voice.scalar("child/wrong_items_before", 0, fitted.before.wrong_items)
    voice.scalar("child/wrong_items_after", 0, fitted.after.wrong_items)


def labelled(
    files: ShippedFiles,
    pictures: Path,
    items: Sequence[DatasetItem],
    sku_ids: Collection[str],
    voice: StepVoice,
) -> list[LabelledLook]:
    """Every labelled box of these SKUs.

    Cameras of one moment see a piece once each; where an SKU lies there more than once nobody knows
    which is which, and every box counts as a piece of its own.
    """
    looks: list[LabelledLook] = []
    for number, item in enumerate(items):
        boxes = [box for box in item.boxes if box.sku_id in sku_ids]
        if number % TELL_EVERY == 0:
            voice.progress(60 * number // len(items), f"{number} of {len(items)} pictures")
        if not boxes:
            continue
        counts = Counter(box.sku_id for box in boxes)
        labels = [
            (
                np.asarray(box.xyxy, np.float32),
                box.sku_id,
                f"{item.source_id}/{box.sku_id}"
                + (f"/{item.camera_id}/{place}" if counts[box.sku_id] > 1 else ""),
            )
            for place, box in enumerate(boxes)
        ]
        path = picture_path(pictures, item.picture)
        around = np.asarray([box.xyxy for box in item.boxes], np.float32)
        scene = item.basket_id or item.source_id
        looks += looks_in(files, read_picture(path), scene, labels, around, path)
    return looks


def _chosen(found: Sequence[Family], name: str) -> Family:
    chosen = next((f for f in found if f.name == (name or found[0].name)), None)
    if chosen is None:
        raise StepError(
            f"no family {name!r}",
            hint="one of: " + (", ".join(f.name for f in found[:10]) or "none"),
        )
    return chosen
