"""ResNet-50 and -152 of torchvision as bodies of a recogniser, fed like every other network here.

Flow: images (B, 3, H, W) as `sync.preprocess.normalise` makes them -> pooled (B, 2048)

A box prepares pictures in one way for whatever recogniser it is given, (x - 127) / 128. These
weights were trained on (x / 255 - mean) / deviation per colour; the difference is one affine
layer at the entrance, which an exporter folds into the first convolution.

Source: He et al. 2016, arXiv:1512.03385. Weights: torchvision, BSD-3-Clause, IMAGENET1K_V2.
"""

from pathlib import Path
from typing import Literal
from urllib.error import URLError

import torch
from torch import Tensor, nn
from torchvision import models

from trainer.errors import FatalError

# B batch, H W pixels

Depth = Literal["resnet50", "resnet152"]

POOLED_CHANNELS = 2048
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
BOX_CENTRE, BOX_SCALE = 127.0, 128.0  # sync.preprocess.normalise


class WeightsUnreachableError(FatalError):
    """The published weights are neither here nor to be had."""

    code = "training.weights_unreachable"


class ImagenetEntrance(nn.Module):
    """From the box's preparation to ImageNet's, per colour; no parameters."""

    def __init__(self) -> None:
        super().__init__()
        mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_DEVIATION)
        factor = BOX_SCALE / 255.0 / deviation
        offset = (BOX_CENTRE / 255.0 - mean) / deviation
        self.register_buffer("factor", factor.view(1, 3, 1, 1), persistent=False)
        self.register_buffer("offset", offset.view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in, the same shape out."""
        factor: Tensor = self.factor  # type: ignore[assignment]
        offset: Tensor = self.offset  # type: ignore[assignment]
        return images * factor + offset


class ResNetBody(nn.Module):
    """A residual network without its classifier.

    Args:
        depth: which of torchvision's.
    """

    def __init__(self, depth: Depth) -> None:
        super().__init__()
        network = getattr(models, depth)(weights=None)
        self.entrance = ImagenetEntrance()
        self.stem = nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool)
        self.stages = nn.ModuleList(
            [network.layer1, network.layer2, network.layer3, network.layer4]
        )

    def forward(self, images: Tensor) -> Tensor:
        """Globally pooled features, (B, 2048)."""
        x = self.stem(self.entrance(images))
        for stage in self.stages:
            x = stage(x)
        pooled: Tensor = x.mean(dim=(2, 3))
        return pooled

    def layer_groups(self) -> list[nn.Module]:
        """Stem and four stages: the order in which a freeze policy counts."""
        return [self.stem, *self.stages]


def load_resnet_weights(body: ResNetBody, depth: Depth, path: Path | None = None) -> None:
    """Fill `body` from torchvision's file, given, kept by torch, or fetched.

    Raises:
        WeightsUnreachableError: no network and no file.
    """
    if path is not None:
        published = torch.load(path, map_location="cpu", weights_only=True)
    else:
        weights = models.get_model_weights(depth)["IMAGENET1K_V2"]
        try:
            published = weights.get_state_dict(progress=False)
        except (URLError, OSError) as err:
            raise WeightsUnreachableError(
                f"the weights of {depth} cannot be fetched: {err}",
                hint=f"fetch {weights.url} elsewhere and give the file as --body-weights",
            ) from err
    body.load_state_dict(renamed_from_torchvision(published))


def renamed_from_torchvision(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """Keys of this module for torchvision's; the classifier is left out."""
    stem = {"conv1": "stem.0", "bn1": "stem.1"}
    renamed = {}
    for key, tensor in published.items():
        first, _, rest = key.partition(".")
        if first in stem:
            renamed[f"{stem[first]}.{rest}"] = tensor
        elif first.startswith("layer"):
            renamed[f"stages.{int(first[5:]) - 1}.{rest}"] = tensor
    return renamed
