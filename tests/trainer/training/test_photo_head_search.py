import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from trainer.dataset.photo_list import Photo, PhotoList
from trainer.errors import DatasetError
from trainer.training import photo_head_search
from trainer.training.photo_features import FeatureStore, HalfArray, Views
from trainer.training.photo_head_run import DEFAULT, HeadSetting
from trainer.training.photo_head_search import (
    BODIES,
    HeadPlan,
    basket_error,
    read_head_setting,
    search_heads,
)
from trainer.training.photo_search import REPORT_NAME
from trainer.training.recipes import Recipe, head_on_cached_features

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard"),
]
PLAN = HeadPlan(num_trials=2, per_class=8, num_folds=2, epochs=2.0, bodies=("lite0-224",))


@pytest.fixture
def recipe() -> Recipe:
    return dataclasses.replace(head_on_cached_features(), batch_size=8)


@pytest.fixture
def drawn_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features of photographs without a network: their class, their burst, and noise."""

    def features(store: FeatureStore, photos: tuple[Photo, ...]) -> HalfArray:
        random = np.random.default_rng(7)
        centres = random.normal(size=(12, 16))
        rows = []
        for photo in photos:
            burst = 2 * photo.label + int(photo.path.stem[-1]) // 4
            centre = centres[photo.label] + 1.5 * centres[6 + burst]
            rows.append(centre + 0.1 * random.normal(size=(store.views.count, 16)))
        return np.stack(rows).astype(np.float16)

    monkeypatch.setattr(FeatureStore, "features", features)
    monkeypatch.setattr(photo_head_search, "body_ms", lambda name: 1.0)


def listed(num: int) -> PhotoList:
    photos = [Photo(Path(f"{c}-{i}"), c, c) for c in range(3) for i in range(num)]
    return PhotoList(tuple(photos), ())


@pytest.mark.usefixtures("drawn_features")
def test_a_search_begins_with_the_champion_goes_on_and_compares_in_pairs(
    recipe: Recipe, tmp_path: Path
) -> None:
    pytest.importorskip("optuna", reason="extra train")
    said: list[str] = []
    out, kept = tmp_path / "out", tmp_path / "kept"
    search_heads(recipe, listed(8), None, out, kept, PLAN, said.append)
    more = dataclasses.replace(PLAN, num_trials=3)
    report = search_heads(recipe, listed(8), listed(4), out, kept, more, said.append)
    told = [s.split(":")[0] for s in said if s.startswith("trial")]
    assert told == ["trial 0", "trial 1", "trial 2"]  # none twice
    first = json.loads((out / REPORT_NAME).read_text())["trials"][0]["setting"]
    assert first["form"] == dataclasses.asdict(DEFAULT.form)
    assert first["learning_rate"] == recipe.learning_rate
    compared = report["compared"]
    assert isinstance(compared, dict)
    assert set(compared) == {"champion", "best", "best_at_default_body"}
    assert compared["champion"]["points_over_champion"] == 0
    assert compared["best"]["from"] <= compared["best"]["points_over_champion"]
    best = read_head_setting(out / REPORT_NAME)
    assert best.recipe(recipe).learning_rate == best.learning_rate


@pytest.mark.usefixtures("drawn_features")
def test_a_body_that_is_too_slow_is_not_tried(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna", reason="extra train")
    times = {"lite0-224": 40.0, "lite0-288": 200.0}
    monkeypatch.setattr(photo_head_search, "body_ms", lambda name: times[name])
    said: list[str] = []
    plan = dataclasses.replace(PLAN, num_trials=1, bodies=tuple(times))
    search_heads(recipe, listed(8), None, tmp_path / "out", tmp_path, plan, said.append)
    assert said[0].endswith("['lite0-224'] tried")


def test_a_basket_is_wrong_where_one_of_its_five_names_is() -> None:
    assert basket_error(1.0) == 0.0
    assert basket_error(0.9) == pytest.approx(1 - 0.9**5)


def test_what_cannot_be_searched_or_read_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "search.json").write_text('{"best": {"body": "lite0"}}')
    with pytest.raises(DatasetError, match="no report"):
        read_head_setting(tmp_path / "search.json")
    strange = dataclasses.replace(PLAN, bodies=("lite9-1",))
    with pytest.raises(DatasetError, match="no body lite9-1"):
        search_heads(recipe, listed(8), None, tmp_path, tmp_path, strange, print)


def test_the_default_looks_at_photographs_as_it_always_did() -> None:
    assert repr(DEFAULT.middle) == DEFAULT.middle.name  # kept features stay valid
    assert DEFAULT.drawn(("Fruit",)) == Views(num_random=2)
    mirrored = HeadSetting(mirrored=True).drawn(("Fruit",))
    assert mirrored.augmentation.mirrored == ("Fruit",)
    assert mirrored.name != DEFAULT.drawn(()).name
    assert BODIES["lite0-224"] == (DEFAULT.variant, DEFAULT.input_px)
