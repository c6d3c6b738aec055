"""A recogniser of photographs from a list, end to end: train, look, judge, write it all down.

Flow: lists -> recipe -> run folder -> predictions.jsonl, accuracy.json
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from sync.boxes import FloatArray
from trainer.dataset.photo_list import Photo, PhotoList, blocked_folds
from trainer.dataset.photo_samples import PLAIN, Augmentation, PhotoSamples
from trainer.errors import DatasetError
from trainer.training.checkpoint import load_checkpoint
from trainer.training.photo_features import MIDDLE, FeatureStore
from trainer.training.photo_head_run import DEFAULT, HeadSetting, stored_views, train_head
from trainer.training.photo_judge import (
    Accuracy,
    accuracy,
    fit_prototypes,
    look,
    mixed,
    pooled_log_probabilities,
)
from trainer.training.photo_task import PhotoModel, photo_task
from trainer.training.recipes import Recipe
from trainer.training.train import Place, train

ACCURACY_NAME, PREDICTIONS_NAME = "accuracy.json", "predictions.jsonl"
FEATURES_NAME = "features"  # folder in the run folder, where no other is given
NUM_TOP = 3
# How a body sees that learned nothing here: at the size of its ImageNet weights.
FROZEN_VIEWS = {"lite0": MIDDLE, "lite2": replace(MIDDLE, input_px=260, variant="lite2")}

Answer = Callable[[Sequence[Photo]], FloatArray]  # photographs to log-probabilities (N, S)


@dataclass(frozen=True, slots=True)
class PhotoSplit:
    """What is learned from and what is judged, of one numbering of `num_classes` classes."""

    train: tuple[Photo, ...]
    test: tuple[Photo, ...]
    num_classes: int
    parent_of: dict[int, int]


def split_of(learned: PhotoList, judged: PhotoList | None, fold: int, num_folds: int) -> PhotoSplit:
    """A list against another one, or one fold of a list against its others.

    Raises:
        DatasetError: a class has two parents, a judged class was never learned, or nothing is left
            to learn from or to judge.
    """
    if judged is None:
        folds = blocked_folds(learned.photos, num_folds)
        train_photos = tuple(p for p, f in zip(learned.photos, folds, strict=True) if f != fold)
        test_photos = tuple(p for p, f in zip(learned.photos, folds, strict=True) if f == fold)
    else:
        train_photos, test_photos = learned.photos, judged.photos
    if not train_photos or not test_photos:
        raise DatasetError(
            f"{len(train_photos)} photographs to learn from, {len(test_photos)} to judge",
            hint="folds are numbered from 0; a class with one photograph is never judged",
        )
    parent_of: dict[int, int] = {}
    for photo in (*train_photos, *test_photos):
        if parent_of.setdefault(photo.label, max(photo.parent, 0)) != max(photo.parent, 0):
            raise DatasetError(
                f"class {photo.label} has two parents", hint="a class belongs to one parent"
            )
    foreign = {p.label for p in test_photos} - {p.label for p in train_photos}
    if foreign:
        raise DatasetError(
            f"{len(foreign)} classes are judged but not learned, first {min(foreign)}",
            hint="number the classes of both lists alike",
        )
    return PhotoSplit(train_photos, test_photos, max(parent_of) + 1, parent_of)


def for_length(recipe: Recipe, num_photos: int, num_epochs: float) -> Recipe:
    """The recipe with as many steps as so many epochs need."""
    num_steps = max(1, round(num_epochs * num_photos / recipe.batch_size))
    return replace(
        recipe, num_steps=num_steps, warmup_steps=min(recipe.warmup_steps, num_steps // 10 + 1)
    )


def train_photos(
    recipe: Recipe,
    split: PhotoSplit,
    run_dir: Path,
    place: Place,
    *,
    augmentation: Augmentation = PLAIN,
    features_dir: Path | None = None,
    head: HeadSetting = DEFAULT,
    arguments: tuple[str, ...] = (),
) -> Answer | None:
    """Train, or continue; what then answers, whichever photographs it is asked.

    Args:
        augmentation: of training windows; stored features have their own.
        features_dir: where a recipe without a body keeps features; in the run folder by default.
        head: how such a recipe makes its head.

    Returns:
        None in the helper processes of torchrun.
    """
    version = f"{len(split.train)} photographs of {split.num_classes} classes"
    if recipe.body == "none":
        kept = features_dir or run_dir / FEATURES_NAME
        mirrored = augmentation.mirrored
        stored = stored_views(split.train, kept, head, mirrored, place.device)
        of_features = train_head(
            recipe, stored, split.num_classes, run_dir,
            form=head.form, place=place, version=version, arguments=arguments,
        )  # fmt: skip
        if place.shard.rank != 0:
            return None
        store = FeatureStore(kept, head.middle, place.device)
        return lambda photos: of_features(store.features(photos))
    source = PhotoSamples(split.train, recipe.input_width_px, version, augmentation)
    task = photo_task(recipe, split.num_classes)
    weights = train(recipe, task, source, run_dir, place=place, arguments=arguments)
    if place.shard.rank != 0:
        return None
    model = PhotoModel(recipe, split.num_classes)
    model.load_state_dict(load_checkpoint(weights))
    answer = answer_of(model, recipe, split, place.device)
    kept = features_dir or run_dir / FEATURES_NAME
    return with_frozen(answer, recipe, split, kept, place.device)


def answer_of(model: PhotoModel, recipe: Recipe, split: PhotoSplit, device: str) -> Answer:
    """Prototypes from what was learned, as it is, and the answer they give with the classifier."""
    learned = look(model, split.train, recipe, device)
    labels = np.asarray([photo.label for photo in split.train])
    prototypes = fit_prototypes(learned.embeddings, labels, split.num_classes)
    mirrored = recipe.judged_mirrored

    def answer(photos: Sequence[Photo]) -> FloatArray:
        seen = look(model, photos, recipe, device, mirrored=mirrored)
        return pooled_log_probabilities(seen, prototypes)

    return answer


def with_frozen(
    answer: Answer, recipe: Recipe, split: PhotoSplit, kept: Path, device: str
) -> Answer:
    """The answer and, by `frozen_weight`, that of the body as it was before it learned.

    A body that learned from photographs of few shops has forgotten some of what tells things apart
    in others; its mistakes and the frozen one's differ.
    """
    if recipe.frozen_weight == 0:
        return answer
    store = FeatureStore(kept, FROZEN_VIEWS[recipe.body], device)
    labels = np.asarray([photo.label for photo in split.train])
    rows = store.features(split.train).mean(axis=1, dtype=np.float32)
    prototypes = fit_prototypes(rows, labels, split.num_classes)

    def both(photos: Sequence[Photo]) -> FloatArray:
        asked = store.features(photos).mean(axis=1, dtype=np.float32)
        return mixed(answer(photos), prototypes.log_probabilities(asked), recipe.frozen_weight)

    return both


def write_answers(
    log_probabilities: FloatArray, photos: Sequence[Photo], parent_of: dict[int, int], folder: Path
) -> Accuracy:
    """ACCURACY_NAME and PREDICTIONS_NAME of judged photographs; what the first one holds."""
    found = accuracy(log_probabilities, photos, parent_of)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PREDICTIONS_NAME).write_text(_predictions(log_probabilities, photos))
    (folder / ACCURACY_NAME).write_text(json.dumps(asdict(found), indent=1) + "\n")
    return found


def _predictions(pooled: FloatArray, photos: Sequence[Photo]) -> str:
    lines = []
    for row, photo in zip(pooled, photos, strict=True):
        best = np.argsort(-row)[:NUM_TOP]
        answer = {
            "photo": photo.path.name,
            "label": photo.label,
            "top": [int(i) for i in best],
            "probability": [round(float(np.exp(row[i])), 4) for i in best],
        }
        lines.append(json.dumps(answer) + "\n")
    return "".join(lines)
