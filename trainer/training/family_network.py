"""A small network of its own for a look-alike family: sees what the parent was never taught to see.

Flow: crops (B, 3, S, S) -> probabilities of the members (B, members)

The parent's embedder never learned the packs of a shop; what tells two of them apart may be no part
of its 256 numbers at all. This one starts from the same ImageNet weights, stops at a sixteenth of
the picture's size, and learns the members and nothing else.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.training.efficientnet_lite import EfficientNetLite, load_imagenet_weights
from trainer.training.tasks import Task

# B batch, C channels, S pixels

DROPOUT = 0.2
LABEL_SMOOTHING = 0.05


class FamilyNetwork(nn.Module):
    """The lower stages of Lite0, mean and largest value of every channel, one linear layer.

    The mean tells how much of a colour there is, the largest value that a mark is there at all.

    Args:
        num_members: of the family.
    """

    temperature: Tensor

    def __init__(self, num_members: int) -> None:
        super().__init__()
        self.body = EfficientNetLite("lite0", only_c4=True)
        channels = self.body.c4_channels
        self.norm = nn.BatchNorm1d(2 * channels)
        self.classify = nn.Linear(2 * channels, num_members)
        nn.init.zeros_(self.classify.weight)
        nn.init.zeros_(self.classify.bias)
        self.register_buffer("temperature", torch.ones(()))

    def logits(self, crops: Tensor) -> Tensor:
        """Of the members, float32 (B, members)."""
        features = self.body.c3_c4(crops)[1]  # (B, C, S/16, S/16)
        both = torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
        dropped = functional.dropout(self.norm(both.float()), DROPOUT, self.training)
        found: Tensor = self.classify(dropped)
        return found

    def forward(self, crops: Tensor) -> Tensor:
        """Probabilities of the members, float32 (B, members): what ships."""
        return torch.softmax(self.logits(crops) / self.temperature, dim=1)

    def layer_groups(self) -> list[nn.Module]:
        """Stem, stages, then everything new as one head."""
        return [
            self.body.stem,
            *self.body.stages,
            nn.ModuleList([self.norm, self.classify]),
        ]


class FamilyTask(Task):
    """Batches are crops and numbers of members."""

    def __init__(self, num_members: int) -> None:
        super().__init__()
        self.exported = FamilyNetwork(num_members)

    def forward(self, *batch: Tensor) -> Tensor:
        """Cross-entropy with smoothed labels: no crop is worth boundless certainty."""
        crops, labels = batch
        logits = self.exported.logits(crops)  # type: ignore[operator]
        with torch.autocast(crops.device.type, enabled=False):
            return functional.cross_entropy(logits.float(), labels, label_smoothing=LABEL_SMOOTHING)

    def layer_groups(self) -> list[nn.Module]:
        """Stem, stages, head."""
        return list(self.exported.layer_groups())  # type: ignore[operator]


def family_task(num_members: int) -> FamilyTask:
    """A network that starts from ImageNet weights."""
    task = FamilyTask(num_members)
    model = task.exported
    assert isinstance(model, FamilyNetwork)
    load_imagenet_weights(model.body)
    return task
