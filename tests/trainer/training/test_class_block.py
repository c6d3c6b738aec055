"""A loss made of some of the classes: which, how they move, and what may not change."""

import copy
import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainer.training.checkpoint import load_checkpoint
from trainer.training.class_block import ClassBlock, ClassBlockError, class_block
from trainer.training.freeze import build_optimizer
from trainer.training.photo_head import FeatureSamples, HeadTask, head_task
from trainer.training.recipes import Recipe, head_on_cached_features
from trainer.training.tasks import MetricTask
from trainer.training.train import train

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard"),
]

NUM_CLASSES, BATCH, DRAWN = 40, 8, 16
ROOT = Path(__file__).resolve().parents[3]


def short_recipe(drawn: int = DRAWN) -> Recipe:
    return dataclasses.replace(
        head_on_cached_features(), num_steps=10, batch_size=BATCH, warmup_steps=2,
        checkpoint_every=4, log_every=5, embedding_dim=8, sampled_classes=drawn,
    )  # fmt: skip


def features() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    middles = random.normal(size=(NUM_CLASSES, 1, 12))
    rows = middles + 0.5 * random.normal(size=(NUM_CLASSES, 4, 12))
    return rows.reshape(-1, 1, 12).astype(np.float16), np.repeat(np.arange(NUM_CLASSES), 4)


def head(recipe: Recipe) -> HeadTask:
    torch.manual_seed(recipe.seed)
    return head_task(recipe, *features(), NUM_CLASSES)


def block_of(weight: nn.Parameter, drawn: int = DRAWN) -> ClassBlock:
    return ClassBlock([weight], drawn, seed=5)


def test_classes_of_the_batch_are_always_drawn_and_labels_point_at_them() -> None:
    weight = nn.Parameter(torch.randn(NUM_CLASSES, 3))
    block = block_of(weight)
    labels = torch.tensor([7, 3, 3, 39])
    drawn = []
    for _ in range(20):
        places = block.draw(labels)
        assert torch.equal(block.rows[places], labels)
        assert torch.equal(block.parts[0][places], weight[labels])
        drawn.append(tuple(block.rows.tolist()))
        assert len(set(drawn[-1])) == DRAWN
        block.turn += 1
    assert len(set(drawn)) == 20
    assert {row for rows in drawn for row in rows} == set(range(NUM_CLASSES))


def test_what_the_others_say_stands_for_all_classes_on_average() -> None:
    scores = torch.randn(NUM_CLASSES, generator=torch.Generator().manual_seed(1))
    block = block_of(nn.Parameter(scores[:, None].clone()))
    sums = []
    for _ in range(800):
        block.draw(torch.tensor([4, 9]))
        sums.append(float((block.parts[0][:, 0] + block.raised).detach().exp().sum()))
        block.turn += 1
    assert np.mean(sums) == pytest.approx(float(scores.exp().sum()), rel=0.03)


def test_a_block_of_all_rows_moves_as_adamw_moves_them() -> None:
    start = torch.randn(NUM_CLASSES, 2, 3)
    whole, ours = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    optimizer = torch.optim.AdamW([whole], lr=0.1, weight_decay=0.05)
    block = block_of(ours, NUM_CLASSES)
    for step in range(6):
        wanted = torch.randn(start.shape, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        ((whole - wanted) ** 2).sum().backward()
        optimizer.step()
        block.draw(torch.tensor([1]))
        ((block.parts[0] - wanted) ** 2).sum().backward()
        block.move(0.1, 0.05)
    assert torch.allclose(whole, ours, atol=1e-5)


def test_rows_that_are_not_drawn_stay_as_they_are() -> None:
    task = head(short_recipe())
    optimizer = build_optimizer(task, None, short_recipe())
    before = copy.deepcopy(task.state_dict())
    labels = torch.arange(BATCH)
    task.train()(torch.randn(BATCH, 12), labels).backward()
    optimizer.step()
    after = task.state_dict()
    is_drawn = torch.isin(torch.arange(NUM_CLASSES), task.block.rows)  # type: ignore[union-attr]
    assert int(is_drawn.sum()) == DRAWN
    for name in ("exported.classifier.weight", "exported.classifier.bias", "head.centres"):
        moved = (before[name] != after[name]).flatten(1 if before[name].ndim > 1 else 0)
        moved = moved.any(dim=1) if moved.ndim > 1 else moved
        assert torch.equal(moved, is_drawn), name
    assert torch.equal(after["block.visits"] > 0, is_drawn)
    assert (before["exported.project.weight"] != after["exported.project.weight"]).any()


def test_a_run_over_some_classes_that_was_stopped_ends_with_identical_weights(
    tmp_path: Path,
) -> None:
    recipe, (rows, labels) = short_recipe(), features()
    source = FeatureSamples(rows, labels, "kept")
    whole = load_checkpoint(train(recipe, head(recipe), source, tmp_path / "whole"))
    train(recipe, head(recipe), source, tmp_path / "halves", stop_after=7)
    halves = load_checkpoint(train(recipe, head(recipe), source, tmp_path / "halves"))
    assert all(torch.equal(whole[name], halves[name]) for name in whole)
    assert set(whole) == set(head(short_recipe(0)).exported.state_dict())


def test_few_classes_are_all_computed_and_too_few_drawn_are_refused() -> None:
    weight = [nn.Parameter(torch.zeros(81, 2))]
    recipe = head_on_cached_features()
    assert class_block(weight, recipe.sampled_classes, recipe.batch_size, seed=1) is None
    assert class_block(weight, 0, 8, seed=1) is None
    with pytest.raises(ClassBlockError, match="16 classes are drawn for batches of 16") as told:
        class_block(weight, 16, 16, seed=1)
    assert told.value.code == "training.classes"
    assert "several times" in told.value.hint


def metric() -> MetricTask:
    torch.manual_seed(1)
    task = MetricTask(nn.Linear(12, 8, bias=False), NUM_CLASSES, 8, num_centres=2)
    task.sample_classes(short_recipe())
    return task


class Straight(MetricTask):
    """One group, for a network without a body."""

    def layer_groups(self) -> list[nn.Module]:
        return [nn.ModuleList([self.exported, self.head])]


def test_a_recogniser_of_crops_learns_over_some_classes_and_is_asked_over_all() -> None:
    task, labels = metric(), torch.arange(BATCH)
    crops = torch.randn(BATCH, 12)
    loss: Tensor = task.train()(crops, labels)
    loss.backward()
    assert task.block is not None
    assert task.head.centres.grad is None
    assert task.block.parts[0].grad is not None
    told = task.eval()(crops, labels)
    assert told == task.head(task.exported(crops), labels)


def straight() -> Straight:
    torch.manual_seed(1)
    task = Straight(nn.Linear(12, 8, bias=False), NUM_CLASSES, 8, num_centres=2)
    task.sample_classes(short_recipe())
    return task


RANKS = """
import multiprocessing, sys
from pathlib import Path
import torch
from torch import distributed
from tests.trainer.training.test_class_block import features, short_recipe, straight
from trainer.training.photo_head import FeatureSamples
from trainer.training.schedule import Shard
from trainer.training.train import Place, train

def rank(number, folder):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"file://{folder}/meet", rank=number, world_size=2)
    task = straight()
    source = FeatureSamples(*features(), "kept")
    train(short_recipe(), task, source, folder / "run", place=Place(shard=Shard(number, 2)))
    torch.save(task.head.centres.detach(), folder / f"centres-{number}.pt")
    distributed.destroy_process_group()

forked = multiprocessing.get_context("fork")  # torch is loaded once
ranks = [forked.Process(target=rank, args=(n, Path(sys.argv[1]))) for n in (0, 1)]
[r.start() for r in ranks]
[r.join() for r in ranks]
sys.exit(max(abs(r.exitcode) for r in ranks))
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_process_and_two_learn_the_same_over_some_classes(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-c", RANKS, str(tmp_path)]
    subprocess.run(words, cwd=ROOT, env=environment, check=True, timeout=800)
    task = straight()
    source = FeatureSamples(*features(), "kept")
    alone = load_checkpoint(train(short_recipe(), task, source, tmp_path / "alone"))
    both = load_checkpoint(tmp_path / "run" / "weights.pt")
    assert all(torch.allclose(alone[name], both[name], atol=1e-5) for name in alone)
    centres = [torch.load(tmp_path / f"centres-{rank}.pt") for rank in (0, 1)]
    assert torch.equal(*centres)
    assert torch.allclose(centres[0], task.head.centres, atol=1e-4)
