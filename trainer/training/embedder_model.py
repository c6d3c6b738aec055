"""The recogniser: a body to 256 numbers of unit length, and the loss that spreads SKUs apart.

Flow: crops (B, 3, S, S) -> embedding (B, 256)

The classification head with its sub-centres exists only while training; no SKU is in what ships.

Source: sub-centre ArcFace, Deng et al. 2020, ECCV; ArcFace, Deng et al. 2019, arXiv:1801.07698.
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.training import efficientnet_lite, resnet_body
from trainer.training.efficientnet_lite import EfficientNetLite
from trainer.training.resnet_body import ResNetBody

# B batch, D embedding, K sub-centres, S classes

EMBEDDING_DIM = 256
BodyName = Literal["lite0", "lite2", "resnet50", "resnet152"]


class EmbedderModel(nn.Module):
    """Body, one linear layer, batch norm, unit length.

    Args:
        body_name: which network sees the picture.
        dim: numbers per embedding.
    """

    def __init__(self, body_name: BodyName = "lite0", dim: int = EMBEDDING_DIM) -> None:
        super().__init__()
        self.body, channels = _make_body(body_name)
        self.project = nn.Linear(channels, dim, bias=False)
        self.norm = nn.BatchNorm1d(dim)
        nn.init.orthogonal_(self.project.weight)  # distances of the ImageNet features survive

    def forward(self, crops: Tensor) -> Tensor:
        """Embeddings of unit length, float32 (B, D)."""
        pooled = self.body(crops)  # (B, 1280) or (B, 2048)
        projected = self.norm(self.project(pooled).float())  # (B, D)
        return functional.normalize(projected, dim=1)

    def layer_groups(self) -> list[nn.Module]:
        """From the input to the projection, for freezing by depth."""
        return [*self.body.layer_groups(), nn.ModuleList([self.project, self.norm])]


def _make_body(name: BodyName) -> tuple[EfficientNetLite | ResNetBody, int]:
    match name:
        case "lite0" | "lite2":
            return EfficientNetLite(name), efficientnet_lite.POOLED_CHANNELS
        case "resnet50" | "resnet152":
            return ResNetBody(name), resnet_body.POOLED_CHANNELS


class SubCentreArcFace(nn.Module):
    """Additive angular margin over `num_centres` centres per class; the nearest one counts.

    Args:
        num_classes: SKUs seen in training.
        dim: numbers per embedding.
        num_centres: an SKU looks different from its sides; 3 is the paper's choice.
        margin: radians added to the angle of the true class.
        scale: inverse temperature of the softmax.
    """

    def __init__(
        self,
        num_classes: int,
        dim: int = EMBEDDING_DIM,
        num_centres: int = 3,
        margin: float = 0.3,
        scale: float = 24.0,
    ) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(num_classes, num_centres, dim) / math.sqrt(dim))
        self.margin, self.scale = margin, scale

    def cosines(self, embeddings: Tensor) -> Tensor:
        """Similarity to the nearest centre of each class, (B, S)."""
        return _nearest_cosines(embeddings, self.centres)

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy with the margin on the true class, a scalar."""
        return self.loss_over(self.centres, embeddings, labels)

    def loss_over(
        self, centres: Tensor, embeddings: Tensor, labels: Tensor, raised: Tensor | None = None
    ) -> Tensor:
        """The same over some of the classes: their centres, labels as places among them.

        Args:
            raised: added to every class's logit, (S,).
        """
        cosine = _nearest_cosines(embeddings.float(), centres).clamp(-1 + 1e-6, 1 - 1e-6)  # (B, S)
        angle = cosine.acos()
        is_true = functional.one_hot(labels, cosine.shape[1]).bool()
        # Beyond pi the cosine would rise again: keep the margin inside the half circle.
        widened = (angle + self.margin).clamp(max=math.pi - 1e-3).cos()
        logits = torch.where(is_true, widened, cosine) * self.scale
        return functional.cross_entropy(logits if raised is None else logits + raised, labels)


def _nearest_cosines(embeddings: Tensor, centres: Tensor) -> Tensor:
    directions = functional.normalize(centres, dim=2)  # (S, K, D)
    return torch.einsum("bd,skd->bsk", embeddings, directions).amax(dim=2)
