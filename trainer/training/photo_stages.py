"""Photographs from lists to figures: one network or several together, and twice where asked.

Flow: train -> val chooses a temperature, test is judged ; train + val -> test is judged again

`val` may choose and `test` never does: what its photographs say goes into figures alone. Members
are trained one after the other, each in a run folder of its own, and their probabilities are
averaged; a command that was killed goes on where it stopped.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from sync.boxes import FloatArray
from trainer.dataset.burst_folds import block_interval, blocks_of
from trainer.dataset.photo_list import Photo, PhotoList, joined, without_judged
from trainer.dataset.photo_samples import PLAIN, Augmentation
from trainer.errors import DatasetError
from trainer.training.photo_head_run import DEFAULT, HeadSetting
from trainer.training.photo_judge import (
    Accuracy,
    fitted_temperature,
    parent_probabilities,
    tempered,
    together,
)
from trainer.training.photo_run import (
    FEATURES_NAME,
    Answer,
    PhotoSplit,
    for_length,
    split_of,
    train_photos,
    write_answers,
)
from trainer.training.recipes import Recipe
from trainer.training.train import Place

FIGURES_NAME, FINAL_NAME = "figures.json", "final"
FOLD, VAL, TEST = "fold", "val", "test"


@dataclass(frozen=True, slots=True)
class Member:
    """One network of those that answer together."""

    recipe: Recipe
    epochs: float
    augmentation: Augmentation = PLAIN
    head: HeadSetting = DEFAULT


@dataclass(frozen=True, slots=True)
class Lists:
    """What is there: without `val` and `test` one fold of `train` is judged.

    Attributes:
        fold, num_folds: which blocks of `train`; see photo_list.blocked_folds.
    """

    train: PhotoList
    val: PhotoList | None = None
    test: PhotoList | None = None
    fold: int = 0
    num_folds: int = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """How often one list was named rightly by what learned from others.

    Attributes:
        fine_interval, parent_interval: 95 %, blocks of consecutive photographs drawn again.
        temperature: chosen on `val`, where there is one; `val`'s own calibration has seen it.
        ms_per_photo: of all cores together: read, look, name; a kept feature costs no look.
    """

    learned: str
    judged: str
    accuracy: Accuracy
    fine_interval: tuple[float, float]
    parent_interval: tuple[float, float]
    temperature: float
    ms_per_photo: float


def run_stages(
    members: Sequence[Member], lists: Lists, out: Path, place: Place, *,
    is_final: bool = False, features_dir: Path | None = None, arguments: tuple[str, ...] = (),
) -> tuple[Figure, ...]:  # fmt: skip
    """Train on `train` and judge `val` and `test`; where final, again on both and judge `test`.

    Files of a list that is judged alone lie in the run folder itself, else in one named after it;
    those of the second training in FINAL_NAME. No figures in the helper processes of torchrun.

    Raises:
        DatasetError: final without `val` or `test`; lists that do not fit each other.
    """
    if is_final and (lists.val is None or lists.test is None):
        raise DatasetError(
            "nothing to be final about", hint="--final needs --val, to choose, and --test, to judge"
        )
    named = {VAL: lists.val, TEST: lists.test}
    judged = {name: found.photos for name, found in named.items() if found is not None}
    every = joined([found for found in named.values() if found is not None])
    split = split_of(lists.train, every if judged else None, lists.fold, lists.num_folds)
    stage = _Stage(tuple(members), place, features_dir or out / FEATURES_NAME, arguments)
    figures = stage.run(split, judged or {FOLD: split.test}, out, "train", None)
    if is_final and lists.val is not None and lists.test is not None:
        more = without_judged(lists.val, lists.test)
        both = split_of(joined([lists.train, more]), lists.test, 0, lists.num_folds)
        chosen = figures[0].temperature if figures else None
        asked = {TEST: lists.test.photos}
        figures += stage.run(both, asked, out / FINAL_NAME, "train + val", chosen)
    if figures:
        told = json.dumps([asdict(figure) for figure in figures], indent=1)
        (out / FIGURES_NAME).write_text(told + "\n")
    return figures


@dataclass(frozen=True, slots=True)
class _Stage:
    members: tuple[Member, ...]
    place: Place
    features_dir: Path
    arguments: tuple[str, ...]

    def run(
        self, split: PhotoSplit, judged: Mapping[str, Sequence[Photo]], out: Path,
        learned: str, temperature: float | None,
    ) -> tuple[Figure, ...]:  # fmt: skip
        """Train every member, then judge; without a temperature, VAL chooses it."""
        answers = [self._trained(i, split, out) for i in range(len(self.members))]
        ready = [answer for answer in answers if answer is not None]
        if len(ready) < len(answers):
            return ()
        asked = {name: _asked(ready, photos) for name, photos in judged.items()}
        if temperature is None:
            temperature = 1.0
            if VAL in asked:
                labels = np.asarray([photo.label for photo in judged[VAL]])
                temperature = fitted_temperature(asked[VAL][0], labels)
        figures = []
        for name, (rows, ms) in asked.items():
            folder = out if len(judged) == 1 else out / name
            rows = tempered(rows, temperature)
            found = write_answers(rows, judged[name], split.parent_of, folder)
            low_high = _intervals(rows, judged[name], split.parent_of)
            figures.append(Figure(learned, name, found, *low_high, temperature, ms))
        return tuple(figures)

    def _trained(self, number: int, split: PhotoSplit, out: Path) -> Answer | None:
        """One member; its first weights and windows come from its own seed."""
        member = self.members[number]
        recipe = for_length(member.recipe, len(split.train), member.epochs)
        recipe = replace(recipe, seed=recipe.seed + number)
        torch.manual_seed(recipe.seed)
        folder = out if len(self.members) == 1 else out / f"{number + 1}-{recipe.name}"
        return train_photos(
            recipe, split, folder, self.place, augmentation=member.augmentation,
            features_dir=self.features_dir, head=member.head, arguments=self.arguments,
        )  # fmt: skip


def _asked(answers: Sequence[Answer], photos: Sequence[Photo]) -> tuple[FloatArray, float]:
    """What the members say together, and milliseconds of all cores for a photograph."""
    began = time.process_time()
    rows = together([answer(photos) for answer in answers])
    return rows, round(1000 * (time.process_time() - began) / len(photos), 1)


def _intervals(
    rows: FloatArray, photos: Sequence[Photo], parent_of: dict[int, int]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of classes and of parents."""
    labels = np.asarray([photo.label for photo in photos])
    parents = np.asarray([photo.parent for photo in photos])
    sums = parent_probabilities(np.exp(rows), parent_of)
    blocks = blocks_of(labels)
    fine = (rows.argmax(axis=1) == labels).astype(np.float64)
    coarse = (sums.argmax(axis=1) == parents).astype(np.float64)
    return block_interval(fine, blocks), block_interval(coarse, blocks)
