"""Step `tune`: a small search over how the gallery is refitted, on features computed once.

Flow: shards + champion -> trials on validation -> tune.json with both settings on test

The first trial is the champion's own setting, so the search never ends below it on the validation
split. It chooses there and reports on the test split, which it does not look at before. A trial
costs milliseconds; where there is nothing to validate on, the default stays.

Source: tree-structured Parzen estimator, Bergstra et al. 2011, as in Optuna.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from sync.boxes import FloatArray
from trainer.export.gallery_refit import RefitSetting, refit_gallery
from trainer.steps.champion import Champion, embed_regions, open_champion
from trainer.steps.regions import read_regions
from trainer.steps.step_table import StepError
from trainer.steps.step_voice import StepVoice

if TYPE_CHECKING:
    import optuna

REPORT = "tune.json"
FIRST = RefitSetting()


class Parameters(BaseModel):
    """How long to search."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_trials: int = Field(default=20, ge=1, le=1000)
    seed: int = Field(default=1, ge=0)


def tuned_setting(folder: Path) -> RefitSetting:
    """What a search found."""
    return RefitSetting(**json.loads((folder / REPORT).read_text())["best"])


def run(inputs: Mapping[str, Path], parameters: Parameters, out: Path, voice: StepVoice) -> None:
    """Search and write the best setting with every trial."""
    champion = open_champion(inputs["champion"])
    splits = ("train", "validation", "test")
    train, shown, kept = (read_regions(inputs["shards"], split) for split in splits)
    taught = set(champion.gallery.sku_ids) | {region.sku_id for region in train}
    shown, kept = ([r for r in regions if r.sku_id in taught] for regions in (shown, kept))
    voice.progress(5, f"embedding {len(train) + len(shown) + len(kept)} crops")
    features, asked, unseen = (
        embed_regions(champion.embedder_file, champion, regions) for regions in (train, shown, kept)
    )
    owners, truth = [r.sku_id for r in train], [r.sku_id for r in shown]
    trials: list[dict[str, object]] = []
    best, best_loss = FIRST, float("inf")

    def loss_of(setting: RefitSetting) -> float:
        nonlocal best, best_loss
        loss = _judged(champion, features, owners, asked, truth, setting)["loss"]
        trials.append({"setting": dataclasses.asdict(setting), "loss": loss})
        voice.scalar("tune/loss", len(trials), loss)
        if loss < best_loss:
            best, best_loss = setting, loss
        return loss

    if shown and train:
        _search(loss_of, parameters)
    report: dict[str, object] = {
        "best": dataclasses.asdict(best), "num_validation": len(shown), "trials": trials,
        "num_test": len(kept),
    }  # fmt: skip
    if kept:
        answers = [r.sku_id for r in kept]
        for name, setting in (("first", FIRST), ("best", best)):
            report[f"test_{name}"] = _judged(champion, features, owners, unseen, answers, setting)
    (out / REPORT).write_text(json.dumps(report, indent=1))


def _search(loss_of: Callable[[RefitSetting], float], parameters: Parameters) -> None:
    try:
        import optuna
    except ImportError as err:
        raise StepError("Optuna is not installed", hint="install tillsight[train]") from err
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=parameters.seed))
    study.enqueue_trial(dataclasses.asdict(FIRST))
    study.optimize(lambda trial: loss_of(_suggested(trial)), n_trials=parameters.num_trials)


def _suggested(trial: "optuna.Trial") -> RefitSetting:
    return RefitSetting(
        prior_views=trial.suggest_int("prior_views", 1, 64, log=True),
        prototypes_per_sku=trial.suggest_int("prototypes_per_sku", 1, 3),
        whitening_percent=trial.suggest_int("whitening_percent", 0, 60, step=10),
    )


def _judged(
    champion: Champion, features: FloatArray, owners: list[str], asked: FloatArray,
    truth: list[str], setting: RefitSetting,
) -> dict[str, float]:  # fmt: skip
    """Of single looks: mean negative log-likelihood in nats at the champion's temperature, and the
    share that is named wrongly.
    """
    fitted = refit_gallery(
        champion.embedder_file, champion.whitening, champion.gallery, features, owners, setting
    )
    logits = fitted.gallery.similarities(fitted.whitening.apply(asked)).astype(np.float64)
    logits /= champion.thresholds.temperature
    column = {sku_id: i for i, sku_id in enumerate(fitted.gallery.sku_ids)}
    peak = logits.max(axis=1)
    total = peak + np.log(np.exp(logits - peak[:, None]).sum(axis=1))
    own = np.asarray([column[s] for s in truth])
    return {
        "loss": float(np.mean(total - logits[np.arange(len(own)), own])),
        "error": float(np.mean(logits.argmax(axis=1) != own)),
    }
