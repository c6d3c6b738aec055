"""The path `child`: a family's own model from labelled pictures, a candidate like any other."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from sync.bundle import open_bundle
from tests.fakes.small_dataset import BUNDLE
from trainer.dataset.manifest import DatasetItem, DatasetManifest, ItemBox, Split
from trainer.errors import TrainerError
from trainer.export import child_fit
from trainer.export.child_fit import Networks
from trainer.release.part_swap import differing_parts
from trainer.steps import child_step
from trainer.steps.dataset_folder import MANIFEST_NAME, picture_path
from trainer.steps.pipeline_plan import inputs_for, read_request
from trainer.steps.run_step import run_step
from trainer.steps.step_cache import StepCache
from trainer.steps.step_voice import StepVoice
from trainer.training.recipes import family_crops

pytestmark = pytest.mark.train

FAMILY, SMALL, LARGE = "trebbia_pasta", "pasta_penne_500", "pasta_fusilli_500"
SIDES = {SMALL: 60, LARGE: 100}  # pixels: only the size tells these two apart
WIDTH, HEIGHT = 320, 180


def write_twins(folder: Path, num_train: int) -> None:
    """Pictures in which one pack lies twice, labelled by how large it is there."""
    pack = cv2.imread(str(BUNDLE / "pictures" / f"{SMALL}.jpg"))
    (folder / "pictures").mkdir(parents=True)
    splits: list[Split] = ["train"] * num_train + ["test"] * 4
    items = []
    for number, split in enumerate(splits):
        picture = np.full((HEIGHT, WIDTH, 3), 90 + number, np.uint8)
        boxes = []
        for place, (sku_id, side) in enumerate(SIDES.items()):
            x, y = 20 + 150 * place + number % 7, 20 + number % 5
            picture[y : y + side, x : x + side] = cv2.resize(pack, (side, side))
            boxes.append(ItemBox((x, y, x + side, y + side), sku_id, "reviewer", number + 1))
        data = cv2.imencode(".jpg", picture)[1].tobytes()
        name = hashlib.sha256(data).hexdigest()
        picture_path(folder, name).write_bytes(data)
        items.append(DatasetItem(
            picture=name, width=WIDTH, height=HEIGHT, store_id="s1", box_id="box-1",
            lane_id="lane-1", camera_id="cam0", basket_id=f"basket-{number}", day="2026-11-21",
            source="case", source_id=f"case-{number}", split=split, boxes=tuple(boxes),
        ))  # fmt: skip
    manifest = DatasetManifest("twins", {"made": "by hand"}, tuple(items))
    (folder / MANIFEST_NAME).write_bytes(manifest.canonical())


def run_path(folder: Path, family: str = FAMILY, *, network: bool = False) -> dict[str, Path]:
    request = read_request({
        "dataset": "ab" * 32, "champion": "cd" * 32, "path": "child",
        "steps": {"child": {"family": family, "network": network}},
    })  # fmt: skip
    available = {"dataset": folder / "dataset", "champion": BUNDLE}
    for name in request.order():
        inputs, cache = inputs_for(name, available), StepCache(folder / "cache")
        available[name] = run_step(
            name, inputs, request.parameters(name), cache, StepVoice()
        ).folder
    return available


def test_the_bundle_differs_in_the_child_alone_and_it_takes_mistakes_away(tmp_path: Path) -> None:
    write_twins(tmp_path / "dataset", 20)
    made = run_path(tmp_path)
    assert list(made) == ["dataset", "champion", "quality", "snapshot", "child"]
    champion, candidate = open_bundle(BUNDLE), open_bundle(made["child"] / "bundle")
    assert differing_parts(champion, candidate) == [f"child:{FAMILY}"]
    kept = {(f.path, f.sha256) for f in champion.manifest.files}
    assert kept <= {(f.path, f.sha256) for f in candidate.manifest.files}
    told = json.loads((made["child"] / "evaluation.json").read_text())
    assert told["judged"]["split"] == "test"
    assert told["before"]["num_items"] == 8
    assert told["after"]["wrong_items"] < told["before"]["wrong_items"]


def test_a_network_is_taught_from_the_data_sets_pictures_where_no_head_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = replace(
        family_crops(), num_steps=4, batch_size=4, input_height_px=64, input_width_px=64,
        warmup_steps=1,
    )  # fmt: skip
    monkeypatch.setattr(child_step, "Networks", lambda runs: Networks(runs, quick))
    monkeypatch.setattr(child_fit, "MIN_WRONG_ITEMS", 0)
    monkeypatch.setattr(child_fit, "ENOUGH_LEFT", -1.0)
    write_twins(tmp_path / "dataset", 20)
    made = run_path(tmp_path, network=True)
    runs = made["child"] / child_step.RUNS / FAMILY
    assert sorted(run.name for run in runs.iterdir()) == ["all", "fold0", "fold1"]
    assert (runs / "all" / "weights.pt").is_file()


def test_too_few_labels_and_a_family_nobody_knows_are_refused(tmp_path: Path) -> None:
    write_twins(tmp_path / "dataset", 4)
    with pytest.raises(TrainerError, match="a child needs 20"):
        run_path(tmp_path)
    with pytest.raises(TrainerError, match="no family 'socks'"):
        run_path(tmp_path, "socks")
