"""Parameters of the step `fit`, and what it leaves for the steps behind it.

`fast` refits gallery and whitening on cached features, in seconds; `full` trains the champion's
embedder, with gradients through its body, on new, replayed and hard crops.
"""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trainer.export.gallery_refit import RefitSetting

FIT_REPORT = "fit.json"
WEIGHTS = "weights.pt"
FEATURES = "features.npz"


class Parameters(BaseModel):
    """One fit.

    Attributes:
        path: fast | full, as above.
        prior_views, prototypes_per_sku, whitening_percent: export/gallery_refit.py; what `tune`
            found wins where that step ran.
        num_steps, batch_size, learning_rate_micro, num_frozen_groups: of training; the rate is in
            millionths, so that a key holds no floats.
        hard_percent, replay_percent: share of a batch that the champion gets wrong or nearly so,
            and that the champion was trained on already; the rest is new.
        keep_percent: weight of staying near the champion's embedding, against forgetting.
        num_processes: more than one are started by torchrun; a worker gives one per GPU.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Literal["fast", "full"] = "fast"
    prior_views: int = Field(default=8, ge=0, le=1000)
    prototypes_per_sku: int = Field(default=3, ge=1, le=3)
    whitening_percent: int = Field(default=0, ge=0, le=90)
    num_steps: int = Field(default=200, ge=1, le=1_000_000)
    batch_size: int = Field(default=16, ge=2, le=4096)
    learning_rate_micro: int = Field(default=300, ge=1, le=100_000)
    num_frozen_groups: int = Field(default=3, ge=0, le=8)
    hard_percent: int = Field(default=30, ge=0, le=90)
    replay_percent: int = Field(default=40, ge=0, le=90)
    keep_percent: int = Field(default=100, ge=0, le=1000)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    num_processes: int = Field(default=1, ge=1, le=64)
    num_loaders: int = Field(default=0, ge=0, le=32)
    seed: int = Field(default=1, ge=0)

    def refit(self) -> RefitSetting:
        """The setting of the gallery."""
        return RefitSetting(self.prior_views, self.prototypes_per_sku, self.whitening_percent)


def read_setting(folder: Path) -> RefitSetting:
    """The gallery's setting that a fit used."""
    return RefitSetting(**json.loads((folder / FIT_REPORT).read_text())["setting"])
