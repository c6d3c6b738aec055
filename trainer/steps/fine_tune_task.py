"""The champion's embedder as something THE LOOP can train without forgetting.

Flow: crops, classes -> angular margin loss + distance from the champion's own embedding

Every SKU the champion knows keeps a class whose centres are its rows, so new SKUs are pushed away
from old ones that are in no batch.

Source: ArcFace, Deng et al. 2019, arXiv:1801.07698; keeping by distillation: Li and Hoiem 2016,
Learning without forgetting, arXiv:1606.09282.
"""

import copy

import torch
from torch import Tensor, nn

from sync.boxes import FloatArray
from trainer.training.embedder_model import EmbedderModel, SubCentreArcFace
from trainer.training.tasks import Task

# B batch, C channels, D embedding, S classes, K centres of a class


class FineTuneTask(Task):
    """Batches are crops and class numbers.

    Args:
        model: the champion's embedder, trained on.
        centres: (S, K, D), directions of every class.
        keep: weight of the mean cosine distance from the champion's embeddings.
    """

    def __init__(self, model: EmbedderModel, centres: FloatArray, keep: float) -> None:
        super().__init__()
        self.exported = model
        self.head = SubCentreArcFace(len(centres), centres.shape[2], centres.shape[1])
        with torch.no_grad():
            self.head.centres.copy_(torch.from_numpy(centres))
        self.teacher = copy.deepcopy(model).requires_grad_(False).eval()
        self.keep = keep

    def forward(self, *batch: Tensor) -> Tensor:
        """The loss, a scalar."""
        crops, labels = batch
        embeddings = self.exported(crops)  # (B, D)
        with torch.no_grad():
            before = self.teacher(crops)  # (B, D)
        with torch.autocast(crops.device.type, enabled=False):
            moved = 1.0 - (embeddings.float() * before.float()).sum(dim=1).mean()
            loss: Tensor = self.head(embeddings.float(), labels) + self.keep * moved
            return loss

    def train(self, mode: bool = True) -> "FineTuneTask":
        """The champion's copy never trains."""
        super().train(mode)
        self.teacher.eval()
        return self

    def layer_groups(self) -> list[nn.Module]:
        """Body groups, projection, centres; the projection's norm keeps its statistics too."""
        groups = list(self.exported.layer_groups())  # type: ignore[operator]
        return [*groups, nn.ModuleList([self.head])]
