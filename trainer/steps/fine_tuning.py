"""The full fit: the champion's embedder trained on, on one or several processes.

Flow: champion's weights + groups of regions -> THE LOOP -> weights.pt

Weights come from the champion's checkpoint where there is one, else out of its 16-bit file.
`python -m trainer.steps.fine_tuning` is what torchrun starts; each process then trains its share.
"""

import argparse
import dataclasses
import json
import logging
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from sync.boxes import FloatArray
from sync.bundle import Bundle
from trainer.dataset.augment_policy import policies_by_label, record
from trainer.export.gallery_transport import raw_rows
from trainer.export.onnx_weights import load_from_onnx
from trainer.steps.champion import Champion, embed_regions, open_champion
from trainer.steps.fine_tune_task import FineTuneTask
from trainer.steps.fit_parameters import WEIGHTS, Parameters
from trainer.steps.mixed_regions import Groups, mixed_regions
from trainer.steps.old_pictures import old_regions
from trainer.steps.regions import Region, read_regions
from trainer.steps.step_voice import StepVoice
from trainer.training.checkpoint import LAST_NAME, load_checkpoint
from trainer.training.embedder_model import EmbedderModel
from trainer.training.launch import joined_place, torchrun_command
from trainer.training.recipes import Recipe, lite0_metric
from trainer.training.train import Place, train

RUN = "run"
SURE_MARGIN = 0.08  # cosine; the champion's lead over the next SKU below which a crop is hard
NUM_CENTRES = 3
REQUEST = "request.json"


def fine_tune(
    inputs: Mapping[str, Path], parameters: Parameters, out: Path, voice: StepVoice
) -> dict[str, object]:
    """Train, or go on training; what to report.

    Raises:
        ExportError: the champion's weights cannot be read.
        DivergedError: the loss is no number any more.
    """
    if parameters.num_processes > 1:
        _in_processes(inputs, parameters, out, voice)
    else:
        with joined_place(parameters.device, parameters.num_loaders) as place:
            train_here(inputs, parameters, out, place, voice)
    shutil.copyfile(out / RUN / WEIGHTS, out / WEIGHTS)
    for leftover in (LAST_NAME, WEIGHTS):
        (out / RUN / leftover).unlink(missing_ok=True)
    report: dict[str, object] = json.loads((out / RUN / "groups.json").read_text())
    return report


def train_here(
    inputs: Mapping[str, Path], parameters: Parameters, out: Path, place: Place, voice: StepVoice
) -> None:
    """This process's share of the training."""
    champion = open_champion(inputs["champion"])
    torch.manual_seed(parameters.seed)
    model = EmbedderModel()
    origin = load_champion(model, champion.bundle, inputs.get("checkpoint"))
    fresh = read_regions(inputs["shards"], "train")
    regions = [*fresh, *old_regions(champion)]
    names = [*champion.gallery.sku_ids]
    names += sorted({region.sku_id for region in regions} - set(names))
    embeddings = embed_regions(champion.embedder_file, champion, regions)
    groups = grouped(champion, regions, embeddings, len(fresh))
    shares = groups.percents(parameters.hard_percent, parameters.replay_percent)
    labels = [names.index(region.sku_id) for region in regions]
    source = mixed_regions(
        regions, labels, groups, shares, champion.bundle.manifest.preprocess, str(inputs["shards"])
    )
    centres = _centres(champion, names, labels, embeddings)
    task = FineTuneTask(model, centres, parameters.keep_percent / 100)
    told = record(policies_by_label(labels, groups.hard), names)
    if place.shard.rank == 0:
        (out / RUN).mkdir(parents=True, exist_ok=True)
        _report(out / RUN / "groups.json", champion, fresh, groups, shares, origin)
        (out / RUN / "augmentation.json").write_text(json.dumps(told, indent=1))
        listen(voice)
    facts = {"augmentation": told}
    train(_recipe(parameters, champion), task, source, out / RUN, place=place, facts=facts)


def load_champion(model: EmbedderModel, bundle: Bundle, checkpoint: Path | None) -> str:
    """Give a network the champion's weights; where they came from."""
    if checkpoint is not None:
        model.load_state_dict(load_checkpoint(checkpoint))
        return "checkpoint"
    file = bundle.file("embedder", "gpu")
    load_from_onnx(model, file)
    return file.name


def grouped(
    champion: Champion, regions: Sequence[Region], embeddings: FloatArray, num_fresh: int
) -> Groups:
    """New are the data set's own, replayed the champion's own pictures, hard what it gets wrong."""
    known = {sku_id: i for i, sku_id in enumerate(champion.gallery.sku_ids)}
    rows = champion.gallery.similarities(champion.whitening.apply(embeddings))
    best = np.sort(rows, axis=1)
    lead = best[:, -1] - best[:, -2]
    own = np.asarray([known.get(region.sku_id, -1) for region in regions])
    is_hard = (rows.argmax(axis=1) != own) | (lead < SURE_MARGIN)
    numbers = range(len(regions))
    return Groups(
        new=tuple(n for n in numbers if n < num_fresh),
        hard=tuple(n for n in numbers if is_hard[n]),
        replay=tuple(n for n in numbers if n >= num_fresh),
    )


class ProgressListener(logging.Handler):
    """Turns the loop's own progress lines into what a worker understands."""

    def __init__(self, voice: StepVoice) -> None:
        super().__init__()
        self._voice = voice

    def emit(self, record: logging.LogRecord) -> None:
        """One report of the loop: step, steps, loss, rate, pictures per second, stall, ETA."""
        if not isinstance(record.args, tuple) or len(record.args) < 7:
            return
        step, num_steps, loss, rate, speed, stall, eta_min = (
            float(str(value)) for value in record.args[:7]
        )
        self._voice.progress(
            round(100 * step / num_steps),
            f"step {step:.0f}/{num_steps:.0f}, {eta_min:.1f} min left",
        )
        for name, value in (("loss", loss), ("learning_rate", rate), ("images_per_s", speed),
                            ("data_stall", stall)):  # fmt: skip
            self._voice.scalar(f"fit/{name}", int(step), value)


def listen(voice: StepVoice) -> None:
    """Let progress reach the worker."""
    logger = logging.getLogger("trainer.training.progress")
    logger.setLevel(logging.INFO)
    logger.addHandler(ProgressListener(voice))


def _in_processes(
    inputs: Mapping[str, Path], parameters: Parameters, out: Path, voice: StepVoice
) -> None:
    """A fresh torchrun per attempt; the loop goes on from its last checkpoint."""
    out.mkdir(parents=True, exist_ok=True)
    request = out / REQUEST
    request.write_text(json.dumps({
        "inputs": {name: str(path) for name, path in inputs.items()},
        "parameters": parameters.model_dump(mode="json"), "out": str(out),
    }))  # fmt: skip
    voice.progress(1, f"torchrun with {parameters.num_processes} processes")
    command = torchrun_command(
        parameters.num_processes, "trainer.steps.fine_tuning", [str(request)]
    )
    subprocess.run(command, check=True)
    request.unlink()


def main(arguments: list[str] | None = None) -> int:
    """One process of several."""
    parser = argparse.ArgumentParser(prog="python -m trainer.steps.fine_tuning")
    parser.add_argument("request", type=Path, help="what fine_tune() wrote")
    request = json.loads(parser.parse_args(arguments).request.read_text())
    parameters = Parameters.model_validate(request["parameters"])
    inputs = {name: Path(path) for name, path in request["inputs"].items()}
    with joined_place(parameters.device, parameters.num_loaders) as place:
        train_here(inputs, parameters, Path(request["out"]), place, StepVoice())
    return 0


def _recipe(parameters: Parameters, champion: Champion) -> Recipe:
    size = champion.bundle.manifest.preprocess.crop_px
    return dataclasses.replace(
        lite0_metric(),
        name="fine_tune_champion",
        input_height_px=size,
        input_width_px=size,
        num_steps=parameters.num_steps,
        batch_size=parameters.batch_size,
        learning_rate=parameters.learning_rate_micro / 1e6,
        body_rate_factor=0.5,
        num_frozen_groups=parameters.num_frozen_groups,
        warmup_steps=min(20, parameters.num_steps),
        seed=parameters.seed,
        log_every=max(1, min(20, parameters.num_steps // 5)),
    )


def _centres(
    champion: Champion, names: Sequence[str], labels: Sequence[int], embeddings: FloatArray
) -> FloatArray:
    """(S, K, D): the champion's rows as embeddings; for what it does not know, the crops' mean."""
    rows = raw_rows(champion.whitening, champion.gallery.vectors)
    ends = [*champion.gallery.starts[1:], len(rows)]
    owners = np.asarray(labels)
    centres = []
    for number in range(len(names)):
        if number < len(champion.gallery.sku_ids):
            own = rows[champion.gallery.starts[number] : ends[number]]
        else:
            own = embeddings[owners == number].mean(axis=0, keepdims=True)
        centres.append(own[np.arange(NUM_CENTRES) % len(own)])
    return np.asarray(np.stack(centres), np.float32)


def _report(
    path: Path, champion: Champion, fresh: Sequence[Region], groups: Groups,
    shares: tuple[int, int, int], origin: str,
) -> None:  # fmt: skip
    counted = Counter(region.sku_id for region in fresh)
    path.write_text(json.dumps({
        "num_crops": len(fresh), "crops_by_sku": dict(sorted(counted.items())),
        "new_skus": sorted(set(counted) - set(champion.gallery.sku_ids)),
        "num_new": len(groups.new), "num_hard": len(groups.hard),
        "num_replay": len(groups.replay), "percents": list(shares), "weights_from": origin,
    }))  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
