"""Which settings train a recogniser of photographs best: searched on a subset, then compared.

Flow: list -> subset, blocked fold -> trials -> best setting, and the champion's, on all -> report

The first trial is the champion's own setting, and photographs that trials are judged on are part of
the training list: the test list is only seen by the last comparison. Trials use fewer photographs,
smaller pictures and fewer epochs than a run, in one proportion for all, so that they rank settings;
they do not foretell accuracies. A search that was killed goes on where it stopped.

Source: tree-structured Parzen estimator, Bergstra et al. 2011, as in Optuna.
"""

import importlib.util
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from trainer.dataset.photo_list import Photo, PhotoList
from trainer.dataset.photo_samples import PLAIN, Augmentation
from trainer.errors import DatasetError
from trainer.training.checkpoint import LAST_NAME
from trainer.training.efficientnet_lite import WEIGHT_PACKAGES, EfficientNetLite, Variant
from trainer.training.photo_judge import Accuracy
from trainer.training.photo_run import (
    PhotoSplit,
    for_length,
    split_of,
    train_photos,
    write_answers,
)
from trainer.training.recipes import Recipe
from trainer.training.train import WEIGHTS_NAME, Place

if TYPE_CHECKING:
    import optuna

REPORT_NAME, JOURNAL_NAME, STUDY = "search.json", "search.journal", "photos"
BODIES: tuple[Variant, ...] = ("lite0", "lite2")
NUM_TIMED = 9
IS_DONE = "COMPLETE"  # Optuna's word


@dataclass(frozen=True, slots=True)
class Setting:
    """What is searched; everything else is the recipe's.

    Attributes:
        epoch_share: of the epochs asked for.
        min_window: see photo_samples.Augmentation.
    """

    body: Variant
    learning_rate: float
    body_rate_factor: float
    num_frozen_groups: int
    epoch_share: float = 1.0
    min_window: float = PLAIN.min_window


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting, and what it was worth: the share that is wrong; log loss breaks ties."""

    setting: Setting
    loss: float


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """How much is spent.

    Attributes:
        num_trials: the champion's included.
        per_class: at most so many photographs of each class in a trial.
        epochs, input_px: of a trial; the comparison uses `compare_epochs` on every photograph.
        limit_ms: a body that needs longer for one picture, one thread, 224 px, is not tried; nor is
            one whose weights are not installed.
        mirrored: folders of things without print.
    """

    num_trials: int = 12
    per_class: int = 10
    epochs: float = 4.0
    compare_epochs: float = 4.0
    input_px: int = 112
    limit_ms: float = 60.0
    mirrored: tuple[str, ...] = ()
    seed: int = 1


def champion_setting(recipe: Recipe) -> Setting:
    """What the recipe does today."""
    if recipe.body not in BODIES:
        raise DatasetError(f"no search over {recipe.name}", hint="one of the lite recipes")
    return Setting(
        "lite2" if recipe.body == "lite2" else "lite0",
        recipe.learning_rate, recipe.body_rate_factor, recipe.num_frozen_groups,
    )  # fmt: skip


def search(
    recipe: Recipe, learned: PhotoList, judged: PhotoList | None, out: Path, plan: SearchPlan,
    place: Place, say: Callable[[str], None],
) -> dict[str, object]:  # fmt: skip
    """Search, compare, and write REPORT_NAME; what it holds.

    Args:
        judged: never looked at before the comparison; without it there is none.

    Raises:
        DatasetError: nothing to choose on, or the recipe cannot be searched.
    """
    first = champion_setting(recipe)
    times = {body: forward_ms(body) for body in BODIES if has_weights(body)}
    bodies = [b for b in times if times[b] <= plan.limit_ms or b == first.body]
    subset = split_of(subset_of(learned, plan.per_class), None, fold=0, num_folds=4)
    say(f"ms per picture: {times}; {len(subset.train)} learned, {len(subset.test)} choose")

    def judged_trial(setting: Setting, number: int) -> Accuracy:
        folder = out / f"trial-{number:03d}"
        found = _run(recipe, setting, subset, folder, plan, plan.epochs, place)
        say(f"trial {number}: {100 * (1 - found.fine):.1f} % wrong, {setting}")
        return found

    trials = _trials(judged_trial, first, bodies, out, plan)
    best = min(trials, key=lambda trial: trial.loss)
    report: dict[str, object] = {
        "plan": asdict(plan), "forward_ms": times, "trials": [asdict(trial) for trial in trials],
        "champion": asdict(first), "best": asdict(best.setting),
    }  # fmt: skip
    if judged is not None:
        whole = split_of(learned, judged, fold=0, num_folds=2)
        for name, setting in (("champion", first), ("best", best.setting)):
            run_dir = out / f"compare-{name}"
            found = _run(recipe, setting, whole, run_dir, plan, plan.compare_epochs, place)
            report[f"test_{name}"] = asdict(found)
            say(f"{name} on the test list: {100 * found.fine:.1f} % right")
    (out / REPORT_NAME).write_text(json.dumps(report, indent=1) + "\n")
    return report


def read_setting(path: Path) -> Setting:
    """The best setting of a report.

    Raises:
        DatasetError: no report.
    """
    try:
        return Setting(**json.loads(path.read_text())["best"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise DatasetError(f"{path} is no report of a search: {err}", hint=REPORT_NAME) from err


def with_setting(recipe: Recipe, setting: Setting) -> Recipe:
    """The recipe, changed."""
    return replace(
        recipe, body=setting.body, learning_rate=setting.learning_rate,
        body_rate_factor=setting.body_rate_factor, num_frozen_groups=setting.num_frozen_groups,
    )  # fmt: skip


def subset_of(learned: PhotoList, per_class: int) -> PhotoList:
    """Photographs spread evenly over each class, in order: neighbours are one burst."""
    counts = Counter(photo.label for photo in learned.photos)
    seen: Counter[int] = Counter()
    kept: list[Photo] = []
    for photo in learned.photos:
        place, count = seen[photo.label], counts[photo.label]
        seen[photo.label] += 1
        wanted = min(per_class, count)
        if (place + 1) * wanted // count > place * wanted // count:
            kept.append(photo)
    return PhotoList(tuple(kept), ())


def has_weights(body: Variant) -> bool:
    """Whether its package of ImageNet weights is installed."""
    return importlib.util.find_spec(WEIGHT_PACKAGES[body][0]) is not None


def forward_ms(body: Variant, input_px: int = 224) -> float:
    """Fewest milliseconds for one picture on one thread of this machine, by torch: the rest is
    what other programs cost.
    """
    network = EfficientNetLite(body).eval().to(memory_format=torch.channels_last)
    picture = torch.zeros(1, 3, input_px, input_px).to(memory_format=torch.channels_last)
    threads, times = torch.get_num_threads(), []
    torch.set_num_threads(1)
    with torch.inference_mode():
        for _ in range(NUM_TIMED):
            began = time.process_time()
            network(picture)
            times.append(1000 * (time.process_time() - began))
    torch.set_num_threads(threads)
    return round(min(times), 1)


def open_study(out: Path, seed: int) -> "optuna.Study":
    """The study of a folder; one that was begun goes on.

    Raises:
        DatasetError: Optuna is not installed.
    """
    try:
        import optuna
        from optuna.storages.journal import JournalFileBackend
    except ImportError as err:
        raise DatasetError("Optuna is not installed", hint="install tillsight[train]") from err
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    out.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        storage=optuna.storages.JournalStorage(JournalFileBackend(str(out / JOURNAL_NAME))),
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        study_name=STUDY, load_if_exists=True,
    )  # fmt: skip


def _run(
    recipe: Recipe, setting: Setting, split: PhotoSplit, run_dir: Path, plan: SearchPlan,
    epochs: float, place: Place,
) -> Accuracy:  # fmt: skip
    """One training; its weights are not kept."""
    sized = replace(with_setting(recipe, setting), seed=plan.seed, frozen_weight=0.0,
                    input_width_px=plan.input_px, input_height_px=plan.input_px)  # fmt: skip
    scaled = for_length(sized, len(split.train), epochs * setting.epoch_share)
    augmentation = Augmentation(min_window=setting.min_window, mirrored=plan.mirrored)
    answer = train_photos(scaled, split, run_dir, place, augmentation=augmentation)
    assert answer is not None  # one process
    found = write_answers(answer(split.test), split.test, split.parent_of, run_dir)
    for leftover in (LAST_NAME, WEIGHTS_NAME):
        (run_dir / leftover).unlink(missing_ok=True)
    return found


def _trials(
    judged_trial: Callable[[Setting, int], Accuracy], first: Setting, bodies: list[Variant],
    out: Path, plan: SearchPlan,
) -> list[Trial]:  # fmt: skip
    """All finished trials of this folder, the champion's first."""
    study = open_study(out, plan.seed)

    def loss_of(trial: "optuna.Trial") -> float:
        found = judged_trial(_suggested(trial, bodies), trial.number)
        return 1 - found.fine + found.log_loss / 1000

    num_done = sum(trial.state.name == IS_DONE for trial in study.trials)
    if not num_done:
        study.enqueue_trial(asdict(first))
    study.optimize(loss_of, n_trials=max(0, plan.num_trials - num_done))
    return [
        Trial(Setting(**trial.params), float(trial.value))
        for trial in study.trials
        if trial.state.name == IS_DONE and trial.value is not None
    ]


def _suggested(trial: "optuna.Trial", bodies: list[Variant]) -> Setting:
    """A point of the space; the champion's lies inside it."""
    return Setting(
        body="lite2" if trial.suggest_categorical("body", bodies) == "lite2" else "lite0",
        learning_rate=trial.suggest_float("learning_rate", 5e-4, 6e-3, log=True),
        body_rate_factor=trial.suggest_float("body_rate_factor", 0.05, 1.0, log=True),
        num_frozen_groups=trial.suggest_int("num_frozen_groups", 0, 5),
        epoch_share=trial.suggest_float("epoch_share", 0.5, 1.5),
        min_window=trial.suggest_float("min_window", 0.08, 0.6),
    )
