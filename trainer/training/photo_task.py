"""Recognition of photographs of a closed list of classes: one body, two losses.

Flow: pictures -> pooled features -> class scores (cross-entropy) and embedding (angular margin)

The embedding is what a box uses; the plain classifier on the pooled features steadies training on
few photographs, and its scores are pooled with the embedding's when a photograph is judged.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.training.embedder_model import EmbedderModel, SubCentreArcFace
from trainer.training.recipes import Recipe
from trainer.training.tasks import Task, load_body

# B batch, C channels, S classes

LABEL_SMOOTHING = 0.1  # Szegedy et al. 2016, arXiv:1512.00567
ANGULAR_WEIGHT = 0.3
DROPOUT = 0.2  # of pooled features, as the body was trained


class PhotoModel(nn.Module):
    """A recogniser and a plain classifier on one body."""

    def __init__(self, recipe: Recipe, num_classes: int) -> None:
        super().__init__()
        if recipe.body == "none":
            raise ValueError(f"recipe {recipe.name} has no body")
        self.embedder = EmbedderModel(recipe.body, recipe.embedding_dim)
        self.classifier = nn.Linear(self.embedder.project.in_features, num_classes)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    @property
    def body(self) -> nn.Module:
        """The part with ImageNet weights."""
        return self.embedder.body

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Class scores (B, S) and embeddings of unit length (B, D)."""
        pooled = self.embedder.body(pictures)  # (B, C)
        dropped = functional.dropout(pooled, DROPOUT, self.training)
        embeddings = self.embedder.norm(self.embedder.project(pooled).float())
        return self.classifier(dropped), functional.normalize(embeddings, dim=1)

    def layer_groups(self) -> list[nn.Module]:
        """Body groups, then everything new as one head."""
        groups = self.embedder.layer_groups()
        return [*groups[:-1], nn.ModuleList([groups[-1], self.classifier])]


class PhotoTask(Task):
    """Batches are pictures and class numbers."""

    def __init__(self, recipe: Recipe, num_classes: int) -> None:
        super().__init__()
        self.exported = PhotoModel(recipe, num_classes)
        self.head = SubCentreArcFace(num_classes, recipe.embedding_dim, recipe.num_sub_centres)

    def forward(self, *batch: Tensor) -> Tensor:
        """Cross-entropy, and a share of the angular one."""
        pictures, labels = batch
        scores, embeddings = self.exported(pictures)
        with torch.autocast(pictures.device.type, enabled=False):
            plain = functional.cross_entropy(
                scores.float(), labels, label_smoothing=LABEL_SMOOTHING
            )
            loss: Tensor = plain + ANGULAR_WEIGHT * self.head(embeddings.float(), labels)
            return loss

    def layer_groups(self) -> list[nn.Module]:
        """Body groups, then classifier, projection and ArcFace centres as one head."""
        groups = list(self.exported.layer_groups())  # type: ignore[operator]
        return [*groups[:-1], nn.ModuleList([groups[-1], self.head])]


def photo_task(recipe: Recipe, num_classes: int) -> PhotoTask:
    """A recogniser of photographs that starts from ImageNet weights.

    Raises:
        WeightsUnreachableError: the weights of a ResNet are not to be had.
    """
    task = PhotoTask(recipe, num_classes)
    model = task.exported
    assert isinstance(model, PhotoModel)
    load_body(model.body, recipe)
    return task
