"""What the loop trains: a network, its loss, and how deep its layers lie.

Flow: batch -> loss

A task is an nn.Module whose forward is the loss, so that DistributedDataParallel can wrap it. It
knows no files, no optimiser and no schedule.
"""

from abc import ABC, abstractmethod
from pathlib import Path

import torch
from torch import Tensor, nn

from trainer.training.class_block import ClassBlock, class_block
from trainer.training.detector_loss import Targets, detector_loss
from trainer.training.detector_model import DetectorModel, cell_centres
from trainer.training.efficientnet_lite import EfficientNetLite, load_imagenet_weights
from trainer.training.embedder_model import EmbedderModel, SubCentreArcFace
from trainer.training.recipes import Recipe
from trainer.training.resnet_body import ResNetBody, load_resnet_weights


class Task(nn.Module, ABC):
    """Something the loop can train.

    Attributes:
        exported: the part that ships; its moving average is what a run leaves behind.
    """

    exported: nn.Module

    @abstractmethod
    def forward(self, *batch: Tensor) -> Tensor:
        """The loss of a batch, a scalar."""

    @abstractmethod
    def layer_groups(self) -> list[nn.Module]:
        """From the input to the head."""

    def body(self) -> nn.Module | None:
        """The part with ImageNet weights, which learns more slowly; None if there is none."""
        found = getattr(self.exported, "body", None)
        return found if isinstance(found, nn.Module) else None


class DetectorTask(Task):
    """Batches are images, boxes, ignored regions, is_complete: see detector_loss.Targets."""

    def __init__(self, height_px: int, width_px: int) -> None:
        super().__init__()
        self.exported = DetectorModel()
        self.register_buffer("centres", cell_centres(height_px, width_px), persistent=False)

    def forward(self, *batch: Tensor) -> Tensor:
        """Score and box loss."""
        images, boxes, ignored, is_complete = batch
        logits, distances = self.exported.raw(images)  # type: ignore[operator]
        with torch.autocast(images.device.type, enabled=False):
            centres: Tensor = self.centres  # type: ignore[assignment]
            return detector_loss(logits, distances, centres, Targets(boxes, ignored, is_complete))

    def layer_groups(self) -> list[nn.Module]:
        """Stem, stages, head."""
        return list(self.exported.layer_groups())  # type: ignore[operator]


class MetricTask(Task):
    """Batches are crops and SKU numbers; the ArcFace head stays behind."""

    def __init__(self, model: nn.Module, num_classes: int, dim: int, num_centres: int = 3) -> None:
        super().__init__()
        self.exported = model
        self.head = SubCentreArcFace(num_classes, dim, num_centres)
        self.block: ClassBlock | None = None

    def sample_classes(self, recipe: Recipe) -> None:
        """Make each step's loss of some classes only, if the recipe says so."""
        self.block = class_block(
            [self.head.centres], recipe.sampled_classes, recipe.batch_size, recipe.seed
        )

    def forward(self, *batch: Tensor) -> Tensor:
        """Angular-margin cross-entropy."""
        crops, labels = batch
        embeddings = self.exported(crops)
        with torch.autocast(crops.device.type, enabled=False):
            loss: Tensor
            if self.block is None or not self.training:
                loss = self.head(embeddings.float(), labels)
            else:
                places, block = self.block.draw(labels), self.block
                loss = self.head.loss_over(block.parts[0], embeddings.float(), places, block.raised)
            return loss

    def layer_groups(self) -> list[nn.Module]:
        """Body groups, then projection and ArcFace centres as one head."""
        groups = list(self.exported.layer_groups())  # type: ignore[operator]
        return [*groups[:-1], nn.ModuleList([groups[-1], self.head])]


def detector_task(recipe: Recipe) -> DetectorTask:
    """A detector that starts from ImageNet weights."""
    task = DetectorTask(recipe.input_height_px, recipe.input_width_px)
    model = task.exported
    assert isinstance(model, DetectorModel)
    load_imagenet_weights(model.body)
    return task


def metric_task(
    recipe: Recipe, num_classes: int, *, weights: Path | None = None, from_imagenet: bool = True
) -> MetricTask:
    """A recogniser that starts from ImageNet weights.

    Args:
        recipe: which body, how many numbers.
        num_classes: SKUs seen in training.
        weights: torchvision's file for a ResNet, if it cannot be fetched.
        from_imagenet: False leaves random weights, for a checkpoint that comes next.

    Raises:
        WeightsUnreachableError: no network and no file.
    """
    if recipe.body == "none":
        raise ValueError(f"recipe {recipe.name} has no body; cached_features.py trains it")
    model = EmbedderModel(recipe.body, recipe.embedding_dim)
    if from_imagenet:
        load_body(model.body, recipe, weights)
    task = MetricTask(model, num_classes, recipe.embedding_dim, recipe.num_sub_centres)
    task.sample_classes(recipe)
    return task


def load_body(body: nn.Module, recipe: Recipe, weights: Path | None = None) -> None:
    """ImageNet weights for the body that the recipe names.

    Raises:
        WeightsUnreachableError: no network and no file.
    """
    match recipe.body:
        case "lite0" | "lite2":
            assert isinstance(body, EfficientNetLite)
            load_imagenet_weights(body, recipe.body)
        case "resnet50" | "resnet152":
            assert isinstance(body, ResNetBody)
            load_resnet_weights(body, recipe.body, weights)
