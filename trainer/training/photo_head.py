"""Only the head, on features computed once: the daily retrain, in seconds of one core.

Flow: features (N, V, C) -> analytic whitening -> learned projection and classifier

The network starts as the answer without gradients: whitened class means are the classifier, the
projection changes nothing. Training moves both from there, on stored training windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sync.boxes import FloatArray
from sync.gallery import Whitening, fit_whitening, unit_rows
from trainer.training.class_block import class_block
from trainer.training.embedder_model import SubCentreArcFace
from trainer.training.photo_features import HalfArray
from trainer.training.photo_task import ANGULAR_WEIGHT, LABEL_SMOOTHING
from trainer.training.recipes import Recipe
from trainer.training.tasks import Task

# B batch, C numbers per feature, D per embedding, S classes, V views

SCALE = 16.0  # inverse temperature of cosines
DROPOUT = 0.2
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HeadForm:
    """What a search may change about a head beside its recipe; the defaults are the champion's.

    Attributes:
        shrinkage: of the whitening in front of it, as on a box: sync/gallery.py.
        angular_weight: share of the angular loss.
        prototype_scale: inverse temperature of the second witness, the whitened class means.
        prototype_weight: of that witness, in [0, 1]; the classifier has the rest.
    """

    shrinkage: float = 0.3
    angular_weight: float = ANGULAR_WEIGHT
    prototype_scale: float = 16.0
    prototype_weight: float = 0.5


CHAMPION = HeadForm()


class HeadModel(nn.Module):
    """Class scores and an embedding from features of a frozen body.

    Args:
        channels, dim: numbers per feature and per embedding.
    """

    mean: Tensor
    matrix: Tensor

    def __init__(self, channels: int, dim: int, num_classes: int) -> None:
        super().__init__()
        dim = min(dim, channels)
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("matrix", torch.zeros(channels, dim))
        self.project = nn.Linear(dim, dim, bias=False)
        self.classifier = nn.Linear(dim, num_classes)
        nn.init.eye_(self.project.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Class scores (B, S) and embeddings of unit length (B, D)."""
        return self.over(features, self.classifier.weight, self.classifier.bias)

    def over(self, features: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """The same, with scores of some of the classes: rows of the classifier."""
        whitened = functional.normalize((features - self.mean) @ self.matrix, dim=1)  # (B, D)
        dropped = functional.dropout(whitened, DROPOUT, self.training)
        scores = SCALE * functional.linear(dropped, weight, bias)
        return scores, functional.normalize(self.project(whitened), dim=1)

    def start_from(self, whitening: Whitening, class_means: FloatArray) -> None:
        """Become the answer without gradients."""
        with torch.no_grad():
            self.mean.copy_(torch.from_numpy(whitening.mean))
            self.matrix.copy_(torch.from_numpy(whitening.matrix))
            self.classifier.weight.copy_(torch.from_numpy(class_means))


class HeadTask(Task):
    """Batches are features and class numbers."""

    def __init__(
        self, model: HeadModel, recipe: Recipe, num_classes: int, form: HeadForm = CHAMPION
    ) -> None:
        super().__init__()
        self.exported, self.angular_weight = model, form.angular_weight
        dim = model.project.out_features
        self.head = SubCentreArcFace(num_classes, dim, recipe.num_sub_centres)
        self.block = class_block(
            [model.classifier.weight, model.classifier.bias, self.head.centres],
            recipe.sampled_classes, recipe.batch_size, recipe.seed,
        )  # fmt: skip

    def forward(self, *batch: Tensor) -> Tensor:
        """Cross-entropy, and a share of the angular one."""
        features, labels = batch
        if self.block is not None and self.training:
            return self._over_block(features, labels)
        scores, embeddings = self.exported(features)
        plain = functional.cross_entropy(scores, labels, label_smoothing=LABEL_SMOOTHING)
        loss: Tensor = plain + self.angular_weight * self.head(embeddings, labels)
        return loss

    def _over_block(self, features: Tensor, labels: Tensor) -> Tensor:
        """The same over this step's classes."""
        block, model = self.block, self.exported
        assert block is not None
        assert isinstance(model, HeadModel)
        places, (weight, bias, centres) = block.draw(labels), block.parts
        scores, embeddings = model.over(features, weight, bias)
        plain = functional.cross_entropy(
            scores + block.raised, places, label_smoothing=LABEL_SMOOTHING
        )
        angular = self.head.loss_over(centres, embeddings, places, block.raised)
        loss: Tensor = plain + self.angular_weight * angular
        return loss

    def layer_groups(self) -> list[nn.Module]:
        """One head; there is no body."""
        return [nn.ModuleList([self.exported, self.head])]


@dataclass(frozen=True, slots=True)
class StoredViews:
    """Features of photographs to learn from.

    Attributes:
        middle: (N, V, C), the views by which a photograph is judged.
        drawn: (N, W, C), training windows; there may be none.
        labels: class of each photograph.
    """

    middle: HalfArray
    drawn: HalfArray
    labels: IntArray


@dataclass(frozen=True, slots=True)
class FeatureSample:
    """One stored view and its class."""

    row: FloatArray
    label: int


class FeatureSamples:
    """One epoch shows every photograph once, by one of its stored views.

    Args:
        features: (N, V, C).
        labels: class of each photograph.
    """

    def __init__(self, features: HalfArray, labels: IntArray, version: str) -> None:
        self.features, self.labels, self.version = features, labels, version

    def __len__(self) -> int:
        return len(self.labels)

    def sample(self, index: int, random: np.random.Generator) -> FeatureSample:
        """A random view."""
        view = int(random.integers(self.features.shape[1]))
        row = self.features[index, view].astype(np.float32)
        return FeatureSample(row, int(self.labels[index]))

    def collate(self, samples: Sequence[FeatureSample]) -> tuple[Tensor, ...]:
        """Features and labels."""
        rows = np.stack([s.row for s in samples])
        return torch.from_numpy(rows), torch.tensor([s.label for s in samples])


def head_task(
    recipe: Recipe, middle: HalfArray, labels: IntArray, num_classes: int, form: HeadForm = CHAMPION
) -> HeadTask:
    """A head that answers as the whitened class means do.

    Args:
        middle: (N, V, C), the views by which a photograph is judged; the means are theirs.
    """
    model = HeadModel(middle.shape[2], recipe.embedding_dim, num_classes)
    rows = middle.mean(axis=1, dtype=np.float32)
    dim = model.project.in_features
    whitening = fit_whitening(rows, labels, shrinkage=form.shrinkage, dim=dim)
    sums = np.zeros((num_classes, dim), dtype=np.float32)
    np.add.at(sums, labels, whitening.apply(rows))
    model.start_from(whitening, unit_rows(sums))
    return HeadTask(model, recipe, num_classes, form)
