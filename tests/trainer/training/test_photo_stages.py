import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from trainer.dataset.photo_list import Photo, PhotoList
from trainer.errors import DatasetError
from trainer.training.photo_features import FeatureStore, HalfArray
from trainer.training.photo_judge import fitted_temperature, tempered, together
from trainer.training.photo_stages import FIGURES_NAME, Lists, Member, run_stages
from trainer.training.recipes import head_on_cached_features
from trainer.training.train import Place

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard"),
]


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lists:
    """Two classes: six photographs to learn from, four to choose on, two to judge.

    Features are their bytes and noise: no network looks at them.
    """

    def features(store: FeatureStore, photos: Sequence[Photo]) -> HalfArray:
        random = np.random.default_rng(7)
        colours = np.asarray([list(photo.path.read_bytes()[:16]) for photo in photos])
        noise = random.normal(size=(len(photos), store.views.count, 16))
        return np.asarray(colours[:, None] / 100 + 0.2 * noise, dtype=np.float16)

    monkeypatch.setattr(FeatureStore, "features", features)
    photos = []
    for number in range(12):
        path = tmp_path / f"{number}.png"
        path.write_bytes(bytes([200 * (number % 2), 200 - 200 * (number % 2)] * 8 + [number]))
        photos.append(Photo(path, number % 2, number % 2))
    train, val, test = (PhotoList(tuple(photos[a:b]), ()) for a, b in ((0, 6), (6, 10), (10, 12)))
    return Lists(train, val, test)


def test_val_chooses_and_test_is_judged_before_and_after_val_is_learned_too(
    lists: Lists, tmp_path: Path
) -> None:
    assert lists.val is not None
    assert lists.test is not None
    again = PhotoList((*lists.val.photos, lists.test.photos[0]), ())  # one is judged: not learned
    recipe = dataclasses.replace(head_on_cached_features(), batch_size=8)
    members = [Member(recipe, epochs=2.0)] * 2
    asked = dataclasses.replace(lists, val=again)
    out = tmp_path / "run"
    figures = run_stages(members, asked, out, Place(), is_final=True)
    told = [(f.learned, f.judged, f.accuracy.num_photos, f.accuracy.fine) for f in figures]
    assert told == [
        ("train", "val", 5, 1.0), ("train", "test", 2, 1.0), ("train + val", "test", 2, 1.0)
    ]  # fmt: skip
    assert len({f.temperature for f in figures}) == 1
    assert figures[0].temperature < 1  # nothing is wrong: surer is better
    assert all(f.ms_per_photo >= 0 for f in figures)
    folders = [out / "val", out / "test", out / "final"]
    counts = [len((f / "predictions.jsonl").read_text().splitlines()) for f in folders]
    assert counts == [5, 2, 2]
    assert len(json.loads((out / FIGURES_NAME).read_text())) == 3
    records = [
        json.loads((folder / f"{name}-head_on_cached_features" / "run.json").read_text())[0]
        for folder in (out, out / "final")
        for name in (1, 2)
    ]
    assert [r["recipe"]["seed"] for r in records] == [1, 2, 1, 2]
    assert [r["data_version"][:2] for r in records] == ["6 ", "6 ", "10", "10"]


def test_nothing_is_final_without_lists_that_choose_and_judge(lists: Lists, tmp_path: Path) -> None:
    member = Member(head_on_cached_features(), epochs=1.0)
    for missing in ("val", "test"):
        fewer = dataclasses.replace(lists, **{missing: None})
        with pytest.raises(DatasetError, match="final"):
            run_stages([member], fewer, tmp_path / "run", Place(), is_final=True)


def test_a_temperature_makes_the_overconfident_less_sure_and_changes_no_answer() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 400)
    honest = random.normal(size=(400, 4)) + 2 * np.eye(4)[labels]  # its softmax is calibrated
    boastful = tempered(np.asarray(3 * 2 * honest, dtype=np.float32), 1.0)
    found = fitted_temperature(boastful, labels)
    assert found == pytest.approx(3.0, rel=0.15)
    assert np.array_equal(tempered(boastful, found).argmax(1), boastful.argmax(1))


def test_networks_together_say_the_mean_of_their_probabilities() -> None:
    rows = [np.log(np.asarray([p], dtype=np.float32)) for p in ([0.9, 0.1], [0.3, 0.7])]
    assert np.allclose(np.exp(together(rows)), [[0.6, 0.4]])
