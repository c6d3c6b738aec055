"""The class-agnostic detector: Lite0 up to stride 16, one anchor-free head at stride 8.

Flow: images (B, 3, H, W) -> heads (B, 2 N, 5): l, t, r, b in input pixels, score

Stride 16 carries the context, stride 8 the edges: packs that overlap at 416 x 240 are a few cells
apart. A cell gives two answers: the product in front, and a larger one whose middle that one takes,
because it stands on it or before it. The last convolutions of the head stay in floating point when
the rest is quantised. It knows no boxes in corner form and no suppression: those are in
sync/boxes.py. The contract is in the README.

Source: FCOS, Tian et al. 2019, arXiv:1904.01355; score trained as IoU: Li et al. 2020,
arXiv:2006.04388; several answers of one place: CrowdDet, Chu et al. 2020, arXiv:2003.09163, here
told apart by which box yields instead of by a loss over sets.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.training.efficientnet_lite import ConvBnAct, EfficientNetLite

# B batch, C channels, h w cells of the head, N = h * w, A = NUM_ANSWERS

STRIDE = 8
NUM_ANSWERS = 2
SECOND_SCORE_SHIFT = 2.0  # logits by which a second answer starts less sure than the first
HEAD_CHANNELS = 64
HEAD_BATCH_NORM_MOMENTUM = 0.05  # new layers see few steps; the body's 0.01 would lag behind
PRIOR_SCORE = 0.01  # first guess of every cell, so that background does not drown the start
MAX_LOG_DISTANCE = 4.5  # exp(4.5) * 8 px = 720 px, more than any input side


class SeparableConv(nn.Sequential):
    """Depthwise then pointwise, each with batch norm and ReLU6."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__(
            ConvBnAct(channels, channels, kernel, groups=channels), ConvBnAct(channels, channels)
        )


class DetectorModel(nn.Module):
    """Where products are; which product is the embedder's business."""

    def __init__(self, head_channels: int = HEAD_CHANNELS) -> None:
        super().__init__()
        self.body = EfficientNetLite("lite0", only_c4=True)
        self.from_c3 = ConvBnAct(self.body.c3_channels, head_channels)
        self.from_c4 = ConvBnAct(self.body.c4_channels, head_channels)
        self.merged = SeparableConv(head_channels, 5)
        self.score_branch = SeparableConv(head_channels, 3)
        self.box_branch = nn.Sequential(
            SeparableConv(head_channels, 5), SeparableConv(head_channels, 3)
        )
        self.score_out = nn.Conv2d(head_channels, NUM_ANSWERS, 1)
        self.box_out = nn.Conv2d(head_channels, NUM_ANSWERS * 4, 1)
        self._start_head()

    def raw(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Score logits (B, A N) and distances in input pixels (B, A N, 4), before the sigmoid.

        All first answers come before all second ones.
        """
        c3, c4 = self.body.c3_c4(images)  # (B, 40, h, w), (B, 112, h/2, w/2)
        upsampled = functional.interpolate(self.from_c4(c4), scale_factor=2.0, mode="nearest")
        x = self.merged(self.from_c3(c3) + upsampled)  # (B, C, h, w)
        logits = self.score_out(self.score_branch(x)).flatten(1)  # (B, A N)
        steps = self.box_out(self.box_branch(x)).unflatten(1, (NUM_ANSWERS, 4))  # (B, A, 4, h, w)
        steps = steps.flatten(3).transpose(2, 3).flatten(1, 2)  # (B, A N, 4)
        distances = steps.float().clamp(max=MAX_LOG_DISTANCE).exp() * STRIDE
        return logits.float(), distances

    def forward(self, images: Tensor) -> Tensor:
        """What is exported: (B, A N, 5), columns l, t, r, b, score."""
        logits, distances = self.raw(images)
        return torch.cat([distances, logits.sigmoid().unsqueeze(2)], dim=2)  # (B, A N, 5)

    def layer_groups(self) -> list[nn.Module]:
        """From the input to the head, for freezing by depth."""
        head = nn.ModuleList(m for name, m in self.named_children() if name != "body")
        return [*self.body.layer_groups(), head]

    def _start_head(self) -> None:
        for name, module in self.named_modules():
            if isinstance(module, nn.BatchNorm2d) and not name.startswith("body."):
                module.momentum = HEAD_BATCH_NORM_MOMENTUM
        nn.init.normal_(self.score_out.weight, std=0.01)
        assert self.score_out.bias is not None
        assert self.box_out.bias is not None
        nn.init.constant_(self.score_out.bias, -math.log((1 - PRIOR_SCORE) / PRIOR_SCORE))
        nn.init.normal_(self.box_out.weight, std=0.01)
        nn.init.constant_(self.box_out.bias, 1.0)  # exp(1) * 8 = 22 px to each side, a usual pack


def with_second_answers(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a detector that gave one answer a cell, its second one a shyer copy of the first.

    Weights that have both come back as they are.
    """
    grown = dict(weights)
    if len(grown["score_out.weight"]) == 1:
        for name in ("score_out.weight", "score_out.bias", "box_out.weight", "box_out.bias"):
            grown[name] = torch.cat([grown[name]] * NUM_ANSWERS)
        grown["score_out.bias"][1:] -= SECOND_SCORE_SHIFT
    return grown


def cell_centres(height_px: int, width_px: int, stride: int = STRIDE) -> Tensor:
    """Centres of the head's cells in input pixels, row-major, float32 (N, 2) as x, y."""
    rows = (torch.arange(height_px // stride) + 0.5) * stride
    columns = (torch.arange(width_px // stride) + 0.5) * stride
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def boxes_from_distances(centres: Tensor, distances: Tensor) -> Tensor:
    """Corner boxes (..., N, 4) from cell centres (N, 2) and l, t, r, b (..., N, 4)."""
    return torch.cat([centres - distances[..., :2], centres + distances[..., 2:]], dim=-1)
