"""A head on kept features with every choice in one place, and how it is trained and asked.

Flow: photographs -> kept features -> THE LOOP -> what turns features into log-probabilities

The defaults are the recipe `head_on_cached_features` as it ships; photo_head_search.py looks for
better ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sync.boxes import FloatArray
from trainer.dataset.photo_list import Photo
from trainer.dataset.photo_samples import PLAIN
from trainer.training.checkpoint import load_checkpoint
from trainer.training.efficientnet_lite import Variant
from trainer.training.photo_features import MIDDLE, FeatureStore, HalfArray, Views
from trainer.training.photo_head import (
    CHAMPION,
    FeatureSamples,
    HeadForm,
    HeadModel,
    StoredViews,
    head_task,
)
from trainer.training.photo_judge import (
    fit_prototypes,
    look_at_features,
    pooled_log_probabilities,
)
from trainer.training.recipes import Recipe
from trainer.training.train import Place, train

# N photographs, V views, S classes

HERE = Place()
NUM_DRAWN = 2  # training windows that are kept of a photograph


@dataclass(frozen=True, slots=True)
class HeadSetting:
    """One way to make a head; the defaults are the champion's.

    Attributes:
        variant, input_px: the frozen body, and the side of what it sees.
        num_drawn: of the NUM_DRAWN stored training windows of a photograph, how many teach.
        min_window: see photo_samples.Augmentation.
        mirrored: whether windows of things without print are mirrored half of the time.
        learning_rate, weight_decay: None is the recipe's.
        epoch_share: of the epochs asked for.
    """

    variant: Variant = "lite0"
    input_px: int = MIDDLE.input_px
    num_drawn: int = NUM_DRAWN
    min_window: float = PLAIN.min_window
    mirrored: bool = False
    learning_rate: float | None = None
    weight_decay: float | None = None
    epoch_share: float = 1.0
    form: HeadForm = CHAMPION

    @property
    def middle(self) -> Views:
        """By which a photograph is judged."""
        return replace(MIDDLE, input_px=self.input_px, variant=self.variant)

    def drawn(self, folders: tuple[str, ...]) -> Views:
        """The stored training windows; `folders` hold what may be mirrored."""
        augmentation = replace(
            PLAIN, min_window=self.min_window, mirrored=folders if self.mirrored else ()
        )
        return Views(
            num_random=NUM_DRAWN, input_px=self.input_px, variant=self.variant,
            augmentation=augmentation,
        )  # fmt: skip

    def recipe(self, recipe: Recipe) -> Recipe:
        """The recipe with this rate and decay."""
        return replace(
            recipe,
            learning_rate=self.learning_rate or recipe.learning_rate,
            weight_decay=recipe.weight_decay if self.weight_decay is None else self.weight_decay,
        )


DEFAULT = HeadSetting()


def stored_views(
    photos: Sequence[Photo], kept: Path, setting: HeadSetting, folders: tuple[str, ...] = (),
    device: str = "cpu",
) -> StoredViews:  # fmt: skip
    """Features of photographs to learn from; what is not in `kept` yet is computed.

    Args:
        folders: of things without print, as `--mirror`.

    Raises:
        DatasetError: a photograph cannot be opened.
    """
    middle = FeatureStore(kept, setting.middle, device).features(photos)
    labels = np.asarray([photo.label for photo in photos])
    if setting.num_drawn == 0:
        return StoredViews(middle, middle[:, :0], labels)
    drawn = FeatureStore(kept, setting.drawn(folders), device).features(photos)
    return StoredViews(middle, drawn[:, : setting.num_drawn], labels)


def train_head(
    recipe: Recipe,
    stored: StoredViews,
    num_classes: int,
    run_dir: Path,
    *,
    form: HeadForm = CHAMPION,
    place: Place = HERE,
    version: str = "features",
    arguments: tuple[str, ...] = (),
) -> Callable[[HalfArray], FloatArray]:
    """Train the head on stored views; what turns views of others into log-probabilities (N, S)."""
    task = head_task(recipe, stored.middle, stored.labels, num_classes, form)
    views = np.concatenate([stored.middle, stored.drawn], axis=1)
    source = FeatureSamples(views, stored.labels, version)
    weights = train(recipe, task, source, run_dir, place=place, arguments=arguments)
    model = HeadModel(views.shape[2], recipe.embedding_dim, num_classes)
    if place.shard.rank == 0:
        model.load_state_dict(load_checkpoint(weights))
    learned = look_at_features(model, stored.middle)
    prototypes = fit_prototypes(learned.embeddings, stored.labels, num_classes, form)
    return lambda others: pooled_log_probabilities(
        look_at_features(model, others), prototypes, form.prototype_weight
    )
