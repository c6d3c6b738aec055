"""Look-alike families' own models, fitted with the very files that ship.

Flow: training scenes -> labelled looks -> children/<family>.json, children/<family>.onnx

Fitted on the rendered scenes that were given to train on, never on those that thresholds are chosen
on. `auto` takes the families that are confused often enough, and leaves out a child that does not
help on scenes it was not fitted on.
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from tools.base_bundle.gallery_stage import catalog_of, opened_gallery, shipped
from tools.base_bundle.inputs import Inputs
from trainer.dataset.coco_scenes import read_scene_folder
from trainer.errors import DatasetError
from trainer.export.child_export import FOLDER
from trainer.export.child_fit import (
    MIN_WRONG_ITEMS,
    FittedChild,
    Networks,
    Router,
    families_of,
    fit_family,
    num_wrong_items,
)
from trainer.export.labelled_looks import labelled_looks
from trainer.training.families import Family, LabelledLook

logger = logging.getLogger(__name__)

AUTO = "auto"
REPORT_NAME = "report.json"
RUNS = "children_runs"


def children_stage(inputs: Inputs) -> None:
    """Fit the families that were asked for; nothing where none was."""
    report = inputs.work / FOLDER / REPORT_NAME
    if not inputs.children or report.exists():
        return
    files = shipped(inputs)
    _, gallery = opened_gallery(inputs)
    router = Router(gallery.embedder_id, files.thresholds, catalog_of(inputs))
    scenes = [scene for folder in inputs.scenes for scene in read_scene_folder(folder)]
    looks = labelled_looks(files, scenes)
    networks = Networks(inputs.work / RUNS) if inputs.child_networks else None
    told = fit_children(router, looks, inputs.children, inputs.work, networks)
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps(told, indent=1))


def fit_children(
    router: Router,
    looks: Sequence[LabelledLook],
    asked: Sequence[str],
    root: Path,
    networks: Networks | None = None,
) -> dict[str, dict[str, object]]:
    """Fit and write below `root`; a report per family that got a child.

    Args:
        asked: names of families, or `auto`.
        networks: None fits heads only.

    Raises:
        DatasetError: a family that was asked for is none, or has too few looks.
    """
    known = families_of(router, looks)
    if strange := set(asked) - {AUTO, *(family.name for family in known)}:
        raise DatasetError(f"no family {min(strange)!r}", hint=", ".join(f.name for f in known))
    told: dict[str, dict[str, object]] = {}
    for family in known:
        if family.name in asked:
            told[family.name] = fit_family(router, looks, family, root, networks).report()
        elif AUTO in asked and num_wrong_items(router, looks, family) >= MIN_WRONG_ITEMS:
            fitted = _tried(router, looks, family, root, networks)
            if fitted is not None:
                told[family.name] = fitted.report()
    return told


def fitted_children(inputs: Inputs) -> dict[str, dict[str, object]]:
    """What the stage wrote: family -> report; empty where no children are wanted.

    Raises:
        DatasetError: they are wanted, and the stage did not run.
    """
    if not inputs.children:
        return {}
    path = inputs.work / FOLDER / REPORT_NAME
    if not path.exists():
        raise DatasetError("children are wanted, not fitted", hint="run the stage `children`")
    found: dict[str, dict[str, object]] = json.loads(path.read_text())
    return found


def _tried(
    router: Router,
    looks: Sequence[LabelledLook],
    family: Family,
    root: Path,
    networks: Networks | None,
) -> FittedChild | None:
    """The child, or None where it does not help or its members were seen too seldom."""
    try:
        fitted = fit_family(router, looks, family, root, networks)
    except DatasetError as err:
        logger.warning("no child family=%s: %s", family.name, err)
        return None
    if fitted.is_useful:
        return fitted
    logger.info("child does not help family=%s report=%s", family.name, fitted.report())
    for ending in (".json", ".onnx"):
        (root / FOLDER / f"{family.name}{ending}").unlink()
    return None
