"""Which layers learn, and how fast: freezing by depth, frozen batch norm, rates per group."""

from collections.abc import Iterable, Sequence

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import AdamW

from trainer.training.class_block import drawn_parameters, move_with
from trainer.training.recipes import Recipe


def freeze_low_layers(groups: Sequence[nn.Module], num_frozen: int) -> None:
    """Stop gradients for the first `num_frozen` groups, counted from the input."""
    for group in groups[:num_frozen]:
        group.requires_grad_(False)


def set_train_mode(
    module: nn.Module, groups: Sequence[nn.Module], num_frozen: int, *, freeze_batch_norm: bool
) -> None:
    """Train mode, except frozen groups and, if asked, every batch norm of the body.

    The last group is the head: its batch norms are new and always learn.
    """
    module.train()
    for i, group in enumerate(groups[:-1]):
        for child in group.modules():
            if isinstance(child, _BatchNorm) and (freeze_batch_norm or i < num_frozen):
                child.eval()


def build_optimizer(module: nn.Module, body: nn.Module | None, recipe: Recipe) -> AdamW:
    """AdamW with the body slower than the rest, and no decay on biases and norms."""
    body_ids = {id(p) for p in body.parameters()} if body is not None else set()
    drawn_ids = drawn_parameters(module)  # these move by themselves, with the optimiser's step
    learning = [p for p in module.parameters() if p.requires_grad and id(p) not in drawn_ids]
    groups = []
    for is_body in (True, False):
        own = [p for p in learning if (id(p) in body_ids) is is_body]
        rate = recipe.learning_rate * (recipe.body_rate_factor if is_body else 1.0)
        groups += [
            {"params": _matrices(own), "weight_decay": recipe.weight_decay, "peak_rate": rate},
            {"params": _vectors(own), "weight_decay": 0.0, "peak_rate": rate},
        ]
    optimizer = AdamW([g for g in groups if g["params"]], lr=recipe.learning_rate)
    move_with(optimizer, module, recipe.weight_decay)
    return optimizer


def num_trainable(module: nn.Module) -> int:
    """Parameters that learn."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _matrices(parameters: Iterable[nn.Parameter]) -> list[nn.Parameter]:
    return [p for p in parameters if p.ndim > 1]


def _vectors(parameters: Iterable[nn.Parameter]) -> list[nn.Parameter]:
    return [p for p in parameters if p.ndim <= 1]
