"""THE LOOP: batches in, averaged weights out. Reads from top to bottom.

Flow: SampleSource -> batch -> loss -> gradient -> weights -> checkpoint

It knows neither detectors nor recognisers (tasks.py), nor what a sample looks like (the source).
A run that is killed at any moment continues from its last checkpoint to the identical weights.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset

from trainer.errors import CheckpointError, DivergedError
from trainer.training.checkpoint import LAST_NAME, load_checkpoint, save_checkpoint
from trainer.training.freeze import build_optimizer, freeze_low_layers, set_train_mode
from trainer.training.moving_average import MovingAverage
from trainer.training.progress import Progress, open_writer
from trainer.training.recipes import Recipe
from trainer.training.run_record import describe_run, write_record
from trainer.training.schedule import (
    Shard,
    StreamSampler,
    ema_decay,
    learning_rate_factor,
    sample_at,
)
from trainer.training.tasks import Task

logger = logging.getLogger(__name__)

WEIGHTS_NAME = "weights.pt"
NO_FACTS: Mapping[str, object] = MappingProxyType({})
SampleT = TypeVar("SampleT")


class SampleSource(Protocol[SampleT]):
    """Samples by number; the same number and generator give the same sample."""

    version: str

    def __len__(self) -> int: ...

    def sample(self, index: int, random: np.random.Generator) -> SampleT: ...

    def collate(self, samples: Sequence[SampleT]) -> tuple[Tensor, ...]: ...


@runtime_checkable
class OwnOrder(Protocol):
    """A source that knows a better order than any: of samples in shards, few shards at a time."""

    def sample_at(self, position: int, seed: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run computes: device, its share of each batch, helper processes that load data."""

    device: str = "cpu"
    shard: Shard = Shard()
    num_loaders: int = 0


class SampleStream(Dataset[SampleT]):
    """The endless shuffled stream over a source; a position decides sample and randomness."""

    def __init__(self, source: SampleSource[SampleT], seed: int) -> None:
        self.source, self.seed = source, seed

    def __getitem__(self, position: int) -> SampleT:
        """The sample at `position`."""
        if isinstance(self.source, OwnOrder):
            index = self.source.sample_at(position, self.seed)
        else:
            index = sample_at(position, len(self.source), self.seed)
        return self.source.sample(index, np.random.default_rng([self.seed, position, 1]))


def train(
    recipe: Recipe,
    task: Task,
    source: SampleSource[SampleT],
    run_dir: Path,
    *,
    place: Place = Place(),
    arguments: tuple[str, ...] = (),
    facts: Mapping[str, object] = NO_FACTS,
    stop_after: int | None = None,
) -> Path:
    """Train, or continue, a run; returns the file with the averaged weights of `task.exported`.

    Args:
        recipe: everything but the data.
        task: network and loss; its weights are overwritten by a checkpoint in `run_dir`.
        source: training samples.
        run_dir: checkpoints, record and TensorBoard events of this run.
        place: device and share.
        arguments: of the command, for the record.
        facts: what else the record says, such as how each SKU's pictures are changed.
        stop_after: leave after this step with a checkpoint, to continue later.

    Raises:
        DivergedError: the loss became NaN or infinite; the last checkpoint is from before.
        CheckpointError: a checkpoint could not be written or read.
    """
    is_main = place.shard.rank == 0
    torch.manual_seed(recipe.seed)
    task.to(place.device, memory_format=_memory_format(recipe))  # type: ignore[call-overload]
    groups = task.layer_groups()
    freeze_low_layers(groups, recipe.num_frozen_groups)
    optimizer = build_optimizer(task, task.body(), recipe)
    average = MovingAverage(task.exported)
    first_step, random = _resume(run_dir / LAST_NAME, task, optimizer, average)
    if is_main:
        run_dir.mkdir(parents=True, exist_ok=True)
        write_record(run_dir, describe_run(recipe, arguments, source.version, facts))
    wrapped = _distributed(task, place)
    set_train_mode(
        task, groups, recipe.num_frozen_groups, freeze_batch_norm=recipe.freeze_batch_norm
    )
    last_step = min(recipe.num_steps, stop_after or recipe.num_steps)
    batches = iter(_loader(recipe, source, first_step, last_step, place))
    if random is not None:
        torch.set_rng_state(random)  # only now: the loader itself draws a number when it starts
    progress = Progress(
        recipe.num_steps, recipe.batch_size, open_writer(run_dir) if is_main else None
    )

    for step in range(first_step, last_step):
        asked_ns = time.monotonic_ns()
        batch = _on_device(next(batches), recipe, place)
        progress.waited(asked_ns)

        factor = learning_rate_factor(step, recipe.num_steps, recipe.warmup_steps)
        for group in optimizer.param_groups:
            group["lr"] = group["peak_rate"] * factor
        with torch.autocast(
            place.device.split(":")[0], torch.bfloat16, enabled=recipe.precision == "bf16"
        ):
            loss = wrapped(*batch)
        loss_value = float(loss.detach())
        if not np.isfinite(loss_value):
            raise DivergedError(
                f"loss is {loss_value} at step {step}",
                hint="lower the learning rate; the checkpoint before this step is whole",
            )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(task.parameters(), recipe.clip_norm)
        optimizer.step()
        average.update(task.exported, ema_decay(step, recipe.ema_decay))

        progress.step(loss_value)
        done = step + 1
        if is_main and (done % recipe.log_every == 0 or done == last_step):
            progress.report(done, float(optimizer.param_groups[-1]["lr"]))
        if is_main and (done % recipe.checkpoint_every == 0 or done == last_step):
            _save(run_dir / LAST_NAME, done, task, optimizer, average)

    weights_path = run_dir / WEIGHTS_NAME
    if is_main and last_step == recipe.num_steps:
        save_checkpoint(weights_path, average.tensors)
    if progress.writer is not None:
        progress.writer.close()
    return weights_path


def _loader(
    recipe: Recipe, source: SampleSource[SampleT], first_step: int, last_step: int, place: Place
) -> DataLoader[SampleT]:
    sampler = StreamSampler(first_step, last_step, recipe.batch_size, place.shard)
    return DataLoader(
        SampleStream(source, recipe.seed),
        batch_size=recipe.batch_size // place.shard.world_size,
        sampler=sampler,
        num_workers=place.num_loaders,
        collate_fn=source.collate,
        worker_init_fn=_one_thread,
        persistent_workers=False,
        pin_memory=place.device.startswith("cuda"),
        prefetch_factor=2 if place.num_loaders else None,
    )


def _one_thread(worker: int) -> None:
    """A loading process shares the cores with the training one."""
    import cv2

    cv2.setNumThreads(0)
    torch.set_num_threads(1)


def _on_device(batch: tuple[Tensor, ...], recipe: Recipe, place: Place) -> tuple[Tensor, ...]:
    images, *rest = (t.to(place.device, non_blocking=True) for t in batch)
    if images.ndim == 4:
        images = images.to(memory_format=_memory_format(recipe))
    return (images, *rest)


def _memory_format(recipe: Recipe) -> torch.memory_format:
    return torch.channels_last if recipe.channels_last else torch.contiguous_format


def _distributed(task: Task, place: Place) -> torch.nn.Module:
    if place.shard.world_size == 1:
        return task
    return DistributedDataParallel(task)


def _save(path: Path, step: int, task: Task, optimizer: Optimizer, average: MovingAverage) -> None:
    save_checkpoint(
        path,
        {
            "step": step,
            "task": task.state_dict(),
            "optimizer": optimizer.state_dict(),
            "average": average.tensors,
            "random": torch.get_rng_state(),
        },
    )


def _resume(
    path: Path, task: Task, optimizer: Optimizer, average: MovingAverage
) -> tuple[int, Tensor | None]:
    """Load the last checkpoint if there is one; the step to do next, and the generator's state."""
    if not path.exists():
        return 0, None
    state = load_checkpoint(path)
    try:
        task.load_state_dict(state["task"])
        optimizer.load_state_dict(state["optimizer"])
        average.load(state["average"])
    except (RuntimeError, ValueError, KeyError) as err:
        raise CheckpointError(
            f"{path.parent} holds a run of another network: {str(err)[:200]}",
            hint="give another run folder, or the classes and recipe that run began with",
        ) from err
    logger.info("run continues step=%d", state["step"])
    return int(state["step"]), state["random"]
