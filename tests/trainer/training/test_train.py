import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainer.errors import CheckpointError, DivergedError
from trainer.training.checkpoint import LAST_NAME, load_checkpoint, save_checkpoint
from trainer.training.recipes import Recipe, head_on_cached_features
from trainer.training.run_record import RECORD_NAME
from trainer.training.tasks import Task
from trainer.training.train import train

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard"),
]

ROOT = Path(__file__).resolve().parents[3]


class Points:
    """Points in a plane; the answer is the sign of the first coordinate."""

    version = "points-1"

    def __len__(self) -> int:
        return 40

    def sample(self, index: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        place = torch.tensor([(index - 20) / 10.0, float(random.normal())])
        return place, (place[:1] > 0).float()

    def collate(self, samples: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, ...]:
        return torch.stack([s[0] for s in samples]), torch.stack([s[1] for s in samples])


class PoisonedPoints(Points):
    def sample(self, index: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        place, answer = super().sample(index, random)
        return place * float("nan"), answer


class SignTask(Task):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.exported = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))

    def forward(self, *batch: Tensor) -> Tensor:
        points, answers = batch
        return nn.functional.binary_cross_entropy_with_logits(self.exported(points), answers)

    def layer_groups(self) -> list[nn.Module]:
        return [self.exported[0], self.exported[2]]


@pytest.fixture
def recipe() -> Recipe:
    return short_recipe()


class ForgetfulTask(SignTask):
    """Draws from the process's own generator in every step, as dropout does."""

    def forward(self, *batch: Tensor) -> Tensor:
        points, answers = batch
        return super().forward(nn.functional.dropout(points, 0.3), answers)


@pytest.mark.parametrize("task", [SignTask, ForgetfulTask])
def test_a_run_that_was_stopped_ends_with_identical_weights(
    recipe: Recipe, tmp_path: Path, task: type[SignTask]
) -> None:
    whole = load_checkpoint(train(recipe, task(), Points(), tmp_path / "whole"))
    train(recipe, task(), Points(), tmp_path / "halves", stop_after=7)
    halves = load_checkpoint(train(recipe, task(), Points(), tmp_path / "halves"))
    assert all(torch.equal(whole[name], halves[name]) for name in whole)


class DeadlyPoints(Points):
    """Ends the process without a word, as a lost machine does."""

    def __init__(self, num_samples: int) -> None:
        self.left = num_samples

    def sample(self, index: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().sample(index, random)


def short_recipe() -> Recipe:
    short = {"num_steps": 12, "batch_size": 8, "warmup_steps": 2}
    return dataclasses.replace(
        head_on_cached_features(), **short, checkpoint_every=4, log_every=6, learning_rate=0.05
    )


def dies_in_step(run_dir: Path, step: int) -> None:
    """What the killed process below does."""
    train(short_recipe(), ForgetfulTask(), DeadlyPoints(8 * step + 3), run_dir)


def test_a_process_that_is_killed_is_run_again_and_ends_with_identical_weights(
    recipe: Recipe, tmp_path: Path
) -> None:
    whole = load_checkpoint(train(recipe, ForgetfulTask(), Points(), tmp_path / "whole"))
    words = f"from {__name__} import *; dies_in_step(Path({str(tmp_path / 'run')!r}), 7)"
    ended = subprocess.run([sys.executable, "-c", words], cwd=ROOT, check=False).returncode
    assert ended == -signal.SIGKILL
    assert load_checkpoint(tmp_path / "run" / LAST_NAME)["step"] == 4
    again = load_checkpoint(train(recipe, ForgetfulTask(), Points(), tmp_path / "run"))
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_a_run_whose_disk_fills_up_goes_on_from_the_checkpoint_before(
    recipe: Recipe, tmp_path: Path
) -> None:
    whole = load_checkpoint(train(recipe, SignTask(), Points(), tmp_path / "whole"))
    train(recipe, SignTask(), Points(), tmp_path / "run", stop_after=4)
    (tmp_path / "run" / "last.tmp").symlink_to("/dev/full")
    with pytest.raises(CheckpointError, match="could not be written") as told:
        train(recipe, SignTask(), Points(), tmp_path / "run")
    assert told.value.code == "training.checkpoint"
    assert load_checkpoint(tmp_path / "run" / LAST_NAME)["step"] == 4
    again = load_checkpoint(train(recipe, SignTask(), Points(), tmp_path / "run"))
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_training_learns(recipe: Recipe, tmp_path: Path) -> None:
    task = SignTask()
    points = Points()
    batch = points.collate([points.sample(i, np.random.default_rng(i)) for i in range(40)])
    before = float(task(*batch).detach())
    train(dataclasses.replace(recipe, num_steps=60), task, points, tmp_path)
    assert float(task(*batch).detach()) < 0.5 * before


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint(
    recipe: Recipe, tmp_path: Path
) -> None:
    train(recipe, SignTask(), Points(), tmp_path, stop_after=4)
    with pytest.raises(DivergedError, match="step 4") as told:
        train(recipe, SignTask(), PoisonedPoints(), tmp_path)
    assert told.value.code == "training.diverged"
    assert load_checkpoint(tmp_path / LAST_NAME)["step"] == 4


def test_a_folder_of_another_network_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe, SignTask(), Points(), tmp_path, stop_after=4)
    other = SignTask()
    other.exported = nn.Sequential(nn.Linear(2, 9), nn.ReLU(), nn.Linear(9, 1))
    with pytest.raises(CheckpointError, match="another network"):
        train(recipe, other, Points(), tmp_path)


def test_every_start_of_a_run_is_recorded(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe, SignTask(), Points(), tmp_path, stop_after=4, arguments=("--steps", "12"))
    train(recipe, SignTask(), Points(), tmp_path)
    first, second = json.loads((tmp_path / RECORD_NAME).read_text())
    assert first["recipe"]["seed"] == recipe.seed
    assert first["data_version"] == "points-1"
    assert first["arguments"] == ["--steps", "12"]
    assert second["packages"]["torch"] == torch.__version__.split("+")[0]


def test_a_run_writes_tensorboard_events(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe, SignTask(), Points(), tmp_path)
    assert list((tmp_path / "tensorboard").glob("events.*"))


def test_frozen_layers_do_not_move(recipe: Recipe, tmp_path: Path) -> None:
    task = SignTask()
    before = task.exported[0].weight.clone()
    train(dataclasses.replace(recipe, num_frozen_groups=1), task, Points(), tmp_path)
    assert torch.equal(before, task.exported[0].weight)


def test_a_checkpoint_on_a_full_disk_leaves_the_previous_one(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / LAST_NAME, {"step": 1})
    (tmp_path / "last.tmp").symlink_to("/dev/full")  # every write says "no space left"
    with pytest.raises(CheckpointError, match="could not be written"):
        save_checkpoint(tmp_path / LAST_NAME, {"step": 2})
    assert load_checkpoint(tmp_path / LAST_NAME) == {"step": 1}
    assert not (tmp_path / "last.tmp").exists()


def test_a_truncated_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / LAST_NAME, {"step": 1, "task": {"w": torch.zeros(100)}})
    whole = (tmp_path / LAST_NAME).read_bytes()
    (tmp_path / LAST_NAME).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match=r"last\.pt"):
        load_checkpoint(tmp_path / LAST_NAME)
