"""Makes the base bundle from data folders: `python -m tools.base_bundle --packs DIR --out DIR`.

Stages run in order and are skipped when their result is in the work folder, so the command can be
stopped and started again. `--stages` runs some of them only.
"""

import argparse
import logging
from collections.abc import Callable
from pathlib import Path

import cv2
import torch

from tools.base_bundle.children_stage import AUTO, children_stage
from tools.base_bundle.export_stages import export_detector, export_embedder
from tools.base_bundle.gallery_stage import calibration_stage, gallery_stage
from tools.base_bundle.inputs import Inputs
from tools.base_bundle.packaging import package
from tools.base_bundle.training_stages import detector_stage, embedder_stage, render_stage

STAGES: dict[str, Callable[[Inputs], None]] = {
    "render": render_stage,
    "detector": detector_stage,
    "embedder": embedder_stage,
    "export_detector": export_detector,
    "export_embedder": export_embedder,
    "gallery": gallery_stage,
    "calibrate": calibration_stage,
    "children": children_stage,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the stages; 0 when the bundle is written or the asked stages are done."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    inputs = _inputs(options)
    wanted = options.stages or [*STAGES, "package"]
    for name, stage in STAGES.items():
        if name in wanted:
            stage(inputs)
    if "package" in wanted:
        print(package(inputs, options.out, options.version))
    return 0


def _inputs(options: argparse.Namespace) -> Inputs:
    skus = options.detector_skus.read_text().split() if options.detector_skus else []
    return Inputs(
        packs=options.packs,
        work=options.work,
        scenes=tuple(options.scenes),
        validation=tuple(options.validation),
        detector_packs=options.detector_packs,
        detector_skus=tuple(skus),
        detector_start=options.detector_start,
        embedder_start=options.embedder_start,
        children=tuple(options.children),
        child_networks=options.child_networks,
        num_quick_scenes=options.quick_scenes,
        detector_steps=options.detector_steps,
        embedder_steps=options.embedder_steps,
        augmentation=options.augmentation,
        seed=options.seed,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.base_bundle", description=__doc__)
    add = parser.add_argument
    add("--packs", type=Path, required=True, help="our catalogue in pack form")
    add("--out", type=Path, required=True, help="folder of the bundle; replaced")
    add("--work", type=Path, default=Path("runs/base_bundle"), help="intermediate results")
    add("--scenes", type=Path, nargs="*", default=[], help="rendered scenes to train on (COCO)")
    add("--validation", type=Path, nargs="*", default=[], help="scenes for thresholds (COCO)")
    add("--detector-packs", type=Path, help="more packs, for the detector only")
    add("--detector-skus", type=Path, help="file that lists which of them, one per line")
    add("--detector-start", type=Path, help="weights.pt to start from instead of ImageNet")
    add("--embedder-start", type=Path, help="weights.pt to start from instead of ImageNet")
    told = f"families that get a model of their own; {AUTO}: those that it helps"
    add("--children", nargs="*", default=[], metavar="FAMILY", help=told)
    add("--child-networks", action="store_true", help="train one where a head is not enough")
    add("--quick-scenes", type=int, default=2200, help="number of quickly rendered scenes")
    add("--detector-steps", type=int, help="instead of the recipe's")
    add("--embedder-steps", type=int, help="instead of the recipe's")
    add("--augmentation", choices=["usual", "per_sku"], default="usual",
        help="of the recogniser: all SKUs alike, or each by its pictures and errors")  # fmt: skip
    add("--seed", type=int, default=1)
    add("--threads", type=int, default=1, help="of the training process")
    add("--version", default="0.1.0", help="SemVer of the bundle")
    add("--stages", nargs="*", choices=[*STAGES, "package"], help="only these")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
