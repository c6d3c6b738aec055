"""Exponential moving average of a network's weights: what is measured and exported."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class MovingAverage:
    """Keeps averaged copies of all tensors of `model`; integer buffers are copied as they are.

    Source: Polyak averaging, Tarvainen and Valpola 2017, arXiv:1703.01780.
    """

    def __init__(self, model: nn.Module) -> None:
        self.tensors = {name: t.detach().clone() for name, t in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, decay: float) -> None:
        """Move a step towards `model`."""
        for name, current in model.state_dict().items():
            mean = self.tensors[name]
            if mean.is_floating_point():
                mean.lerp_(current.detach(), 1.0 - decay)
            else:
                mean.copy_(current)

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the averages of a checkpoint."""
        for name, mean in self.tensors.items():
            mean.copy_(tensors[name])

    def copy_to(self, model: nn.Module) -> None:
        """Give `model` the averaged weights."""
        model.load_state_dict(self.tensors)
