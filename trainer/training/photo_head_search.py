"""Which frozen body, windows and head answer photographs best: searched on kept features.

Flow: list -> subset -> kept features -> trials on folds of bursts -> best and champion on all

The first trial is the champion. What is made small is baskets wrongly named: the chance that of
NUM_IN_BASKET photographs, drawn from the judged ones, not every one gets its right class, for
photographs of single things have no baskets of their own. A body is tried only if it has seen one
photograph within the latency limit. The test list is only seen by the comparison at the end.

Source: tree-structured Parzen estimator, Bergstra et al. 2011, and median pruning, as in Optuna.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sync.boxes import FloatArray
from trainer.dataset.burst_folds import IntArray, block_interval, bursts_of, folds_of
from trainer.dataset.photo_list import Photo, PhotoList
from trainer.errors import DatasetError
from trainer.training.efficientnet_lite import Variant
from trainer.training.photo_features import MIDDLE, FeatureStore, HalfArray
from trainer.training.photo_head import HeadForm, StoredViews
from trainer.training.photo_head_run import (
    DEFAULT,
    NUM_DRAWN,
    HeadSetting,
    stored_views,
    train_head,
)
from trainer.training.photo_judge import Accuracy, accuracy
from trainer.training.photo_run import PhotoSplit, for_length, split_of
from trainer.training.photo_search import (
    IS_DONE,
    REPORT_NAME,
    forward_ms,
    has_weights,
    open_study,
    subset_of,
)
from trainer.training.recipes import Recipe

if TYPE_CHECKING:
    import optuna

BODIES: dict[str, tuple[Variant, int]] = {
    "lite0-224": ("lite0", 224), "lite0-288": ("lite0", 288),
    "lite2-260": ("lite2", 260), "lite2-288": ("lite2", 288),
}  # fmt: skip
DEFAULT_BODY = "lite0-224"
NUM_IN_BASKET = 5
MIN_WINDOWS = (0.3, 0.6)  # the default's, and one that shows nearly the whole thing
Answer = Callable[[HalfArray], FloatArray]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HeadPlan:
    """How much is spent.

    Attributes:
        num_trials: the champion's included; pruned ones count.
        per_class: at most so many photographs of each class in a trial.
        epochs: of a head, in trials and in the comparison.
        limit_ms: a body that needs longer for all windows of one photograph, one thread, is not
            tried; nor is one whose weights are not installed.
        bodies: names of BODIES that may be tried; the default's is always.
        min_windows: least areas of stored training windows that may be tried.
        folders: of things without print, as `--mirror`.
    """

    num_trials: int = 30
    per_class: int = 12
    num_folds: int = 3
    epochs: float = 12.0
    limit_ms: float = 150.0
    bodies: tuple[str, ...] = tuple(BODIES)
    min_windows: tuple[float, ...] = MIN_WINDOWS
    folders: tuple[str, ...] = ()
    seed: int = 1


@dataclass(frozen=True, slots=True)
class HeadTrial:
    """One setting that was tried to the end, and the share of baskets it names wrongly."""

    setting: HeadSetting
    loss: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What trials are judged on: photographs, their folds, and where features are kept."""

    photos: tuple[Photo, ...]
    folds: IntArray
    num_classes: int
    kept: Path


def search_heads(
    recipe: Recipe, learned: PhotoList, judged: PhotoList | None, out: Path, kept: Path,
    plan: HeadPlan, say: Say,
) -> dict[str, object]:  # fmt: skip
    """Search, compare, and write REPORT_NAME; what it holds.

    Args:
        judged: never looked at before the comparison; without it there is none.
        kept: folder of features, shared with runs and benchmarks.

    Raises:
        DatasetError: nothing to choose on, or a body that is not in BODIES.
    """
    times = {name: body_ms(name) for name in _wanted(plan)}
    bodies = [n for n in times if times[n] <= plan.limit_ms or n == DEFAULT_BODY]
    bench = _bench(learned, kept, plan)
    num_judged = int((bench.folds >= 0).sum())
    if num_judged == 0:
        raise DatasetError("every class is one burst", hint="photographs of several visits")
    say(f"ms per photograph: {times}; {num_judged} of {len(bench.photos)} choose; {bodies} tried")
    trials = _trials(recipe, bench, bodies, out, plan, say)
    best = min(trials, key=lambda trial: trial.loss)
    small = [t for t in trials if (t.setting.variant, t.setting.input_px) == BODIES[DEFAULT_BODY]]
    best_small = min(small, key=lambda trial: trial.loss)
    report: dict[str, object] = {
        "plan": asdict(plan), "ms": times, "trials": [asdict(trial) for trial in trials],
        "champion": asdict(DEFAULT), "best": asdict(best.setting),
        "best_at_default_body": asdict(best_small.setting),
    }  # fmt: skip
    if judged is not None:
        split = split_of(learned, judged, fold=0, num_folds=2)
        rivals = {"best": best.setting, "best_at_default_body": best_small.setting}
        report["compared"] = _compared(recipe, split, rivals, out, kept, plan, say)
    (out / REPORT_NAME).write_text(json.dumps(report, indent=1) + "\n")
    return report


def read_head_setting(path: Path, key: str = "best") -> HeadSetting:
    """One setting of a report.

    Raises:
        DatasetError: no report of a search over heads.
    """
    try:
        values = json.loads(path.read_text())[key]
        return HeadSetting(**{**values, "form": HeadForm(**values["form"])})
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise DatasetError(
            f"{path} is no report of a search over heads: {err}", hint=REPORT_NAME
        ) from err


def body_ms(name: str) -> float:
    """Fewest milliseconds for all windows of a photograph, one thread of this machine."""
    variant, input_px = BODIES[name]
    return round(MIDDLE.count * forward_ms(variant, input_px), 1)


def basket_error(share_right: float) -> float:
    """Chance that a basket of drawn photographs holds a wrong name."""
    return float(1 - share_right**NUM_IN_BASKET)


def _wanted(plan: HeadPlan) -> list[str]:
    strange = sorted(set(plan.bodies) - set(BODIES))
    if strange:
        raise DatasetError(f"no body {strange[0]}", hint=f"some of {', '.join(BODIES)}")
    names = dict.fromkeys((DEFAULT_BODY, *plan.bodies))
    return [name for name in names if name == DEFAULT_BODY or has_weights(BODIES[name][0])]


def _bench(learned: PhotoList, kept: Path, plan: HeadPlan) -> Bench:
    """The subset, in folds of whole bursts as the default body sees them."""
    photos = subset_of(learned, plan.per_class).photos
    labels = np.asarray([photo.label for photo in photos])
    rows = FeatureStore(kept, DEFAULT.middle).features(photos).mean(axis=1, dtype=np.float32)
    folds = folds_of(bursts_of(rows, labels), labels, plan.num_folds)
    return Bench(photos, folds, int(labels.max()) + 1, kept)


def _trials(
    recipe: Recipe, bench: Bench, bodies: Sequence[str], out: Path, plan: HeadPlan, say: Say
) -> list[HeadTrial]:
    """All trials of this folder that came to their end, the champion's first."""
    study = open_study(out, plan.seed)

    def loss_of(trial: "optuna.Trial") -> float:
        setting = _suggested(trial, bodies, plan)
        stored = stored_views(bench.photos, bench.kept, setting, plan.folders)
        right: list[float] = []
        for fold in range(plan.num_folds):
            right += _fold_right(recipe, setting, stored, bench, fold, plan)
            trial.report(basket_error(float(np.mean(right))), fold)
            if trial.number and trial.should_prune():
                say(f"trial {trial.number}: pruned after fold {fold}")
                raise _pruned()
        say(f"trial {trial.number}: {100 * (1 - np.mean(right)):.1f} % wrong, {setting}")
        return basket_error(float(np.mean(right)))

    if not any(trial.state.name in (IS_DONE, "WAITING") for trial in study.trials):
        study.enqueue_trial(_parameters(DEFAULT, recipe))
    num_left = plan.num_trials - sum(trial.state.is_finished() for trial in study.trials)
    study.optimize(loss_of, n_trials=max(0, num_left))
    return [
        HeadTrial(_setting(trial.params), float(trial.value))
        for trial in study.trials
        if trial.state.name == IS_DONE and trial.value is not None
    ]


def _fold_right(
    recipe: Recipe, setting: HeadSetting, stored: StoredViews, bench: Bench, fold: int,
    plan: HeadPlan,
) -> list[float]:  # fmt: skip
    """1 for every photograph of the fold that is named rightly, else 0."""
    is_test = bench.folds == fold
    part = StoredViews(stored.middle[~is_test], stored.drawn[~is_test], stored.labels[~is_test])
    with tempfile.TemporaryDirectory(prefix="ts-search-") as folder:
        answer = _trained(recipe, setting, part, bench.num_classes, Path(folder), plan)
    found = answer(stored.middle[is_test]).argmax(axis=1)
    return [float(is_right) for is_right in found == stored.labels[is_test]]


def _trained(
    recipe: Recipe, setting: HeadSetting, stored: StoredViews, num_classes: int, run_dir: Path,
    plan: HeadPlan,
) -> Answer:  # fmt: skip
    epochs = plan.epochs * setting.epoch_share
    full = for_length(setting.recipe(recipe), len(stored.labels), epochs)
    return train_head(
        replace(full, seed=plan.seed), stored, num_classes, run_dir, form=setting.form
    )


def _compared(
    recipe: Recipe, split: PhotoSplit, rivals: dict[str, HeadSetting], out: Path, kept: Path,
    plan: HeadPlan, say: Say,
) -> dict[str, object]:  # fmt: skip
    """Champion and rivals, each trained on everything; gaps with 95 % intervals over bursts."""
    labels = np.asarray([photo.label for photo in split.test])
    plain = FeatureStore(kept, DEFAULT.middle).features(split.test)
    bursts = bursts_of(plain.mean(axis=1, dtype=np.float32), labels)
    rights, report = {}, {}
    for name, setting in {"champion": DEFAULT, **rivals}.items():
        stored = stored_views(split.train, kept, setting, plan.folders)
        asked = FeatureStore(kept, setting.middle).features(split.test)
        run_dir = out / f"compare-{name.replace('_', '-')}"
        rows = _trained(recipe, setting, stored, split.num_classes, run_dir, plan)(asked)
        found: Accuracy = accuracy(rows, split.test, split.parent_of)
        rights[name] = (rows.argmax(axis=1) == labels).astype(np.float64)
        gap = rights[name] - rights["champion"]
        low, high = block_interval(gap, bursts)
        report[name] = {
            **asdict(found), "basket_error": basket_error(found.fine),
            "interval": block_interval(rights[name], bursts),
            "points_over_champion": 100 * float(gap.mean()), "from": 100 * low, "to": 100 * high,
        }  # fmt: skip
        say(f"{name}: {100 * found.fine:.1f} % right, "
            f"{100 * gap.mean():+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})")  # fmt: skip
    return dict(report)


def _suggested(trial: "optuna.Trial", bodies: Sequence[str], plan: HeadPlan) -> HeadSetting:
    """A point of the space; the champion's lies inside it."""
    trial.suggest_categorical("body", list(bodies))
    trial.suggest_int("num_drawn", 0, NUM_DRAWN)
    trial.suggest_categorical("min_window", plan.min_windows)
    trial.suggest_categorical("mirrored", [False, True] if plan.folders else [False])
    trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
    trial.suggest_float("weight_decay", 1e-3, 0.3, log=True)
    trial.suggest_float("epoch_share", 0.25, 3.0, log=True)
    trial.suggest_float("shrinkage", 0.03, 3.0, log=True)
    trial.suggest_float("angular_weight", 0.0, 1.0)
    trial.suggest_float("prototype_scale", 6.0, 48.0, log=True)
    trial.suggest_float("prototype_weight", 0.0, 1.0)
    return _setting(trial.params)


def _setting(params: dict[str, object]) -> HeadSetting:
    named = dict(params)
    variant, input_px = BODIES[str(named.pop("body"))]
    form = HeadForm(**{key: float(str(named.pop(key))) for key in asdict(HeadForm())})
    return HeadSetting(variant=variant, input_px=input_px, form=form, **named)  # type: ignore[arg-type]


def _parameters(setting: HeadSetting, recipe: Recipe) -> dict[str, object]:
    """A setting as Optuna names it."""
    changed = setting.recipe(recipe)
    return {
        "body": f"{setting.variant}-{setting.input_px}", "num_drawn": setting.num_drawn,
        "min_window": setting.min_window, "mirrored": setting.mirrored,
        "learning_rate": changed.learning_rate, "weight_decay": changed.weight_decay,
        "epoch_share": setting.epoch_share, **asdict(setting.form),
    }  # fmt: skip


def _pruned() -> Exception:
    import optuna

    return optuna.TrialPruned()
