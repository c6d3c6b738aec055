import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.dataset.photo_list import Photo, PhotoList
from trainer.errors import DatasetError
from trainer.training.photo_search import (
    JOURNAL_NAME,
    REPORT_NAME,
    SearchPlan,
    champion_setting,
    read_setting,
    search,
    subset_of,
    with_setting,
)
from trainer.training.recipes import Recipe, head_on_cached_features, lite0_photos
from trainer.training.train import Place

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard"),
]
PLAN = SearchPlan(num_trials=1, per_class=4, epochs=0.5, compare_epochs=0.5, input_px=64)


@pytest.fixture
def recipe() -> Recipe:
    return dataclasses.replace(lite0_photos(), batch_size=4)


def written(folder: Path, num: int) -> PhotoList:
    """Two classes that differ in colour."""
    folder.mkdir()
    random, photos = np.random.default_rng(num), []
    for label, colour in enumerate(((30, 40, 200), (200, 60, 30))):
        for i in range(num):
            picture = np.clip(random.normal(colour, 25, (48, 48, 3)), 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / f"{label}-{i}.png"), picture)
            photos.append(Photo(folder / f"{label}-{i}.png", label, label))
    return PhotoList(tuple(photos), ())


def test_a_search_begins_with_the_champion_goes_on_and_compares_on_other_photographs(
    recipe: Recipe, tmp_path: Path
) -> None:
    pytest.importorskip("optuna", reason="extra train")
    learned, judged = written(tmp_path / "learned", 5), written(tmp_path / "judged", 2)
    said: list[str] = []
    search(recipe, learned, None, tmp_path / "out", PLAN, Place(), said.append)
    report = search(recipe, learned, judged, tmp_path / "out", PLAN, Place(), said.append)
    assert (tmp_path / "out" / JOURNAL_NAME).is_file()
    assert [s[:7] for s in said if s.startswith("trial")] == ["trial 0"]  # not done again
    first = json.loads((tmp_path / "out" / REPORT_NAME).read_text())["trials"][0]
    assert first["setting"] == dataclasses.asdict(champion_setting(recipe))
    assert {"test_champion", "test_best"} < set(report)
    best = read_setting(tmp_path / "out" / REPORT_NAME)
    assert with_setting(recipe, best).learning_rate == best.learning_rate
    assert not list((tmp_path / "out").rglob("*.pt"))


def test_a_subset_takes_neighbours_apart() -> None:
    photos = tuple(Photo(Path(f"{label}-{i}"), label, 0) for label in (0, 1) for i in range(12))
    names = [photo.path.name for photo in subset_of(PhotoList(photos, ()), 3).photos]
    assert names == ["0-3", "0-7", "0-11", "1-3", "1-7", "1-11"]
    assert len(subset_of(PhotoList(photos, ()), 50).photos) == 24


def test_what_cannot_be_searched_or_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no search over"):
        champion_setting(head_on_cached_features())
    (tmp_path / "search.json").write_text("{}")
    with pytest.raises(DatasetError, match="no report"):
        read_setting(tmp_path / "search.json")
