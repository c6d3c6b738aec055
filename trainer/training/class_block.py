"""A loss over very many classes, made of those in a batch and some others: Partial FC.

Flow: labels of the batch -> rows drawn -> block of weights -> loss -> gradient -> rows moved

With 12,000 classes nearly all the work of a head on kept features is its 12 million weights:
product, gradient and AdamW. Here a step takes a block of rows out of them, which are ordinary
parameters while it lasts, and puts them back moved; no other row, and no moment of one, is read.
Which rows is a pure function of seed, step and labels, so a run resumes to the identical weights,
and every process of torchrun draws the same. It does not know what a loss is.

Sources: An et al. 2021, arXiv:2010.05222, and 2022, arXiv:2203.15565. Scores of drawn classes are
raised by the logarithm of how many others each stands for (Jean et al. 2015, arXiv:1412.2007), so
that the expected denominator is that of all classes and probabilities stay what they were.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.optim import Optimizer

from trainer.errors import FatalError

# S classes, N drawn rows, B batch

BETAS, EPSILON = (0.9, 0.999), 1e-8  # as torch's AdamW


class ClassBlockError(FatalError):
    """So few classes are drawn that a batch may hold more."""

    code = "training.classes"


class ClassBlock(nn.Module):
    """Rows of some frozen matrices (S, ...), by turns.

    Attributes:
        parts: the drawn rows, float32 (N, ...), one for each matrix; these have gradients.
        raised: what is added to the score of each drawn class, (N,).
    """

    turn: Tensor
    raised: Tensor
    rows: Tensor

    def __init__(self, weights: Sequence[Tensor], num_drawn: int, seed: int) -> None:
        """Freeze `weights`; from now on only rows of them move, `num_drawn` in a step."""
        super().__init__()
        self._weights, self._seed = tuple(weights), seed
        for weight in weights:
            weight.requires_grad_(False)
        # No buffers: DistributedDataParallel would send them around in every step.
        self.parts = _parameters([torch.zeros_like(w[:num_drawn]) for w in weights], learn=True)
        self.means = _parameters([torch.zeros_like(w) for w in weights])
        self.squares = _parameters([torch.zeros_like(w) for w in weights])
        self.visits = nn.Parameter(torch.zeros(len(weights[0])), requires_grad=False)
        self.register_buffer("turn", torch.zeros((), dtype=torch.int64))
        self.register_buffer("rows", torch.arange(num_drawn), persistent=False)
        self.register_buffer("raised", torch.zeros(num_drawn), persistent=False)

    @torch.no_grad()
    def draw(self, labels: Tensor, gather: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        """Take this step's rows; where in them the class of each label is, (B,).

        Args:
            gather: labels of all processes from those of this one.
        """
        present = torch.unique((gather or of_all_processes)(labels))
        num_classes, num_drawn = len(self.visits), len(self.rows)
        random = np.random.default_rng([self._seed, int(self.turn)])
        lots = torch.from_numpy(random.random(num_classes, dtype=np.float32)).to(labels.device)
        lots[present] = 2.0  # above every lot: always drawn
        self.rows = lots.topk(num_drawn).indices.sort().values
        for part, weight in zip(self.parts, self._weights, strict=True):
            part.copy_(weight[self.rows])
        others = num_drawn - len(present)
        stands_for = (num_classes - len(present)) / others if others else 1.0
        self.raised = torch.where(lots[self.rows] < 1.5, math.log(stands_for), 0.0)
        return torch.searchsorted(self.rows, labels)

    @torch.no_grad()
    def move(self, rate: float, decay: float) -> None:
        """AdamW on the drawn rows, each corrected by its own visits; decay spares biases."""
        if any(part.grad is None for part in self.parts):
            return
        self.visits[self.rows] += 1
        visits = self.visits[self.rows]
        for part, weight, mean, square in zip(
            self.parts, self._weights, self.means, self.squares, strict=True
        ):
            assert part.grad is not None
            times = visits.view(-1, *(1 for _ in part.shape[1:]))
            first = mean[self.rows].lerp_(part.grad, 1 - BETAS[0])
            second = square[self.rows].mul_(BETAS[1])
            second.addcmul_(part.grad, part.grad, value=1 - BETAS[1])
            mean[self.rows], square[self.rows] = first, second
            root = second.div_(1 - BETAS[1] ** times).sqrt_().add_(EPSILON)
            if part.ndim > 1:
                part.mul_(1 - rate * decay)
            part.addcdiv_(first.div_(1 - BETAS[0] ** times), root, value=-rate)
            weight[self.rows] = part
            part.grad = None
        self.turn += 1


def class_block(
    weights: Sequence[Tensor], num_drawn: int, batch_size: int, seed: int
) -> ClassBlock | None:
    """A block of so many rows; None where all classes are meant (0), or there are no more.

    Raises:
        ClassBlockError: a batch may hold more classes than are drawn.
    """
    if not 0 < num_drawn < len(weights[0]):
        return None
    if num_drawn <= batch_size:
        raise ClassBlockError(
            f"{num_drawn} classes are drawn for batches of {batch_size}",
            hint="sampled_classes of the recipe: several times its batch_size, or 0 for all",
        )
    return ClassBlock(weights, num_drawn, seed)


def move_with(optimizer: Optimizer, module: nn.Module, decay: float) -> None:
    """Let the blocks of a network move whenever the optimiser has, at its last group's rate."""
    blocks = [part for part in module.modules() if isinstance(part, ClassBlock)]

    def moved(stepped: Optimizer, _args: object, _kwargs: object) -> None:
        for block in blocks:
            block.move(float(stepped.param_groups[-1]["lr"]), decay)

    if blocks:
        optimizer.register_step_post_hook(moved)


def drawn_parameters(module: nn.Module) -> set[int]:
    """Identities of what no other optimiser may move."""
    blocks = [part for part in module.modules() if isinstance(part, ClassBlock)]
    return {id(part) for block in blocks for part in block.parts}


def of_all_processes(labels: Tensor) -> Tensor:
    """The labels of the whole batch, in every process of torchrun."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return labels
    found = [torch.empty_like(labels) for _ in range(distributed.get_world_size())]
    distributed.all_gather(found, labels)
    return torch.cat(found)


def _parameters(tensors: Sequence[Tensor], *, learn: bool = False) -> nn.ParameterList:
    return nn.ParameterList([nn.Parameter(t.detach(), requires_grad=learn) for t in tensors])
