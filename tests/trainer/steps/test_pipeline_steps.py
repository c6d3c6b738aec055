"""The nine steps on a small data set: a bundle comes out, and only what depends is made again."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sync.bundle import open_bundle
from sync.gallery import load_gallery
from tests.fakes.small_dataset import BUNDLE, write_small_dataset
from trainer.errors import ExportError
from trainer.steps.pipeline_plan import inputs_for, read_request
from trainer.steps.run_step import run_step
from trainer.steps.step_cache import StepCache, StepResult
from trainer.steps.step_table import StepError
from trainer.steps.step_voice import StepVoice, understood

REQUEST = {"dataset": "ab" * 32, "champion": "cd" * 32}
FIRST_SKU = "olive_oil_500"


def run_all(
    dataset: Path, cache: Path, steps: Mapping[str, Any] | None = None, **more: Path
) -> dict[str, StepResult]:
    request = read_request({**REQUEST, "steps": steps or {"tune": {"num_trials": 3}}})
    available: dict[str, Path] = {"dataset": dataset, "champion": BUNDLE, **more}
    results = {}
    for name in request.order():
        inputs = inputs_for(name, available)
        results[name] = run_step(
            name, inputs, request.parameters(name), StepCache(cache), StepVoice()
        )
        available[name] = results[name].folder
    return results


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("steps")
    write_small_dataset(folder / "dataset")
    run_all(folder / "dataset", folder / "cache")
    return folder / "dataset", folder / "cache"


def test_a_bundle_comes_out_that_verifies(finished: tuple[Path, Path]) -> None:
    results = run_all(*finished)
    bundle = open_bundle(results["package"].folder / "bundle")
    champion = open_bundle(BUNDLE)
    assert bundle.bundle_id != champion.bundle_id
    assert bundle.manifest.generation == champion.manifest.generation + 1
    evaluation = json.loads((results["evaluate"].folder / "evaluation.json").read_text())
    assert evaluation["candidate"]["all"]["num_items"] > 0
    assert evaluation["flips"]["negative"] == 0
    assert evaluation["judged"] == {"split": "validation", "was_chosen_on": True}


def test_what_was_chosen_on_validation_is_reported_on_the_test_split(
    finished: tuple[Path, Path], tmp_path: Path
) -> None:
    write_small_dataset(tmp_path / "dataset", splits=("train", "validation", "test"))
    available = {name: result.folder for name, result in run_all(*finished).items()}
    available |= {"dataset": tmp_path / "dataset", "champion": BUNDLE}
    for name in ("quality", "snapshot", "shards", "tune", "evaluate"):
        given = {"num_trials": 2} if name == "tune" else {}
        cache, inputs = StepCache(tmp_path / "cache"), inputs_for(name, available)
        available[name] = run_step(name, inputs, given, cache, StepVoice()).folder
    tuned = json.loads((available["tune"] / "tune.json").read_text())
    assert len(tuned["trials"]) == 2
    assert min(tuned["num_test"], tuned["num_validation"]) > 0
    assert {"loss", "error"} == set(tuned["test_first"]) == set(tuned["test_best"])
    evaluation = json.loads((available["evaluate"] / "evaluation.json").read_text())
    assert evaluation["judged"] == {"split": "test", "was_chosen_on": False}
    assert evaluation["champion"]["all"]["num_looks"] == tuned["num_test"]


def test_only_what_depends_on_a_changed_parameter_runs_again(
    finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    same = run_all(*finished)
    assert all(result.was_here for result in same.values())
    changed = run_all(*finished, steps={"tune": {"num_trials": 2}})
    again = [name for name, result in changed.items() if not result.was_here]
    assert again[0] == "tune"
    assert not {"quality", "snapshot", "shards"} & set(again)
    changed = run_all(*finished, steps={"tune": {"num_trials": 3}, "calibrate": {"min_items": 9}})
    again = [name for name, result in changed.items() if not result.was_here]
    assert again == ["calibrate"]  # it left the same bytes, so nothing behind it runs
    assert "was done before" in capsys.readouterr().out


def test_a_product_nobody_knew_is_added_and_the_old_rows_stay(tmp_path: Path) -> None:
    write_small_dataset(tmp_path / "dataset", {FIRST_SKU: "brand_new"})
    with pytest.raises(ExportError, match="brand_new"):
        run_all(tmp_path / "dataset", tmp_path / "cache")
    sku = {"sku_id": "brand_new", "names": {"en": "Brand new"}}
    (tmp_path / "catalogue.json").write_text(json.dumps({"format": 1, "skus": [sku]}))
    results = run_all(
        tmp_path / "dataset", tmp_path / "cache", catalogue=tmp_path / "catalogue.json"
    )
    old = load_gallery(BUNDLE / "gallery.npz")
    new = load_gallery(results["package"].folder / "bundle" / "gallery.npz")
    assert new.sku_ids == (*old.sku_ids, "brand_new")


def test_a_missing_picture_is_told_with_its_reason(tmp_path: Path) -> None:
    manifest = write_small_dataset(tmp_path / "dataset")
    (tmp_path / "dataset" / "pictures" / f"{manifest.items[0].picture}.jpg").unlink()
    with pytest.raises(StepError, match="1 of 9 pictures are bad"):
        run_all(tmp_path / "dataset", tmp_path / "cache")
    shutil.rmtree(tmp_path / "dataset" / "pictures")


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({}, id="no data set"),
        pytest.param({**REQUEST, "dataset": "../x"}, id="no digest"),
        pytest.param({**REQUEST, "steps": {"deploy": {}}}, id="no such step"),
        pytest.param({**REQUEST, "shell": "rm"}, id="unknown word"),
    ],
)
def test_a_request_that_is_wrong_is_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(StepError):
        read_request(parameters)


def test_a_wrong_parameter_of_a_step_names_the_right_ones(tmp_path: Path) -> None:
    write_small_dataset(tmp_path / "dataset")
    with pytest.raises(StepError) as refused:
        run_all(tmp_path / "dataset", tmp_path / "cache", {"snapshot": {"min_boxes": 3}})
    assert "min_train_boxes" in refused.value.hint


def test_a_worker_understands_what_a_step_says() -> None:
    assert understood("::progress 40 epoch 2\n").message == "epoch 2"  # type: ignore[union-attr]
    said = understood("::scalar loss 120 0.5")
    assert (said.name, said.step, said.value) == ("loss", 120, 0.5)  # type: ignore[union-attr]
    assert understood("plain output") is None
    assert understood("::scalar loss x") is None


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.parametrize("num_processes", [1, 2])
def test_the_full_path_trains_the_champion_on_and_carries_its_gallery_over(
    tmp_path: Path, num_processes: int
) -> None:
    pytest.importorskip("torch")
    write_small_dataset(tmp_path / "dataset", {FIRST_SKU: "brand_new"})
    sku = {"sku_id": "brand_new", "names": {"en": "Brand new"}}
    (tmp_path / "catalogue.json").write_text(json.dumps({"format": 1, "skus": [sku]}))
    fit = {"path": "full", "num_steps": 4, "batch_size": 8, "num_processes": num_processes}
    steps = {"tune": {"num_trials": 1}, "fit": fit, "export": {"num_calibration": 16}}
    results = run_all(
        tmp_path / "dataset", tmp_path / "cache", steps, catalogue=tmp_path / "catalogue.json"
    )
    bundle = open_bundle(results["package"].folder / "bundle")
    new = load_gallery(bundle.file("gallery"))
    assert new.embedder_id != load_gallery(BUNDLE / "gallery.npz").embedder_id
    assert "brand_new" in new.sku_ids
    report = json.loads((results["evaluate"].folder / "evaluation.json").read_text())
    assert report["candidate"]["old"]["top1_pooled"] >= 0.8
    assert report["flips"]["negative"] <= 1
    told = json.loads((results["fit"].folder / "fit.json").read_text())
    assert told["weights_from"] == "embedder.fp16.onnx"
    assert min(told["num_new"], told["num_replay"]) > 0
    assert (results["package"].folder / "weights.pt").is_file()
