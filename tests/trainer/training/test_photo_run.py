import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.dataset.photo_list import Photo, PhotoList
from trainer.dataset.photo_samples import (
    Augmentation,
    PhotoSamples,
    middle_window,
    random_window,
)
from trainer.errors import DatasetError
from trainer.training.photo_head import head_task
from trainer.training.photo_judge import (
    Accuracy,
    calibration_error,
    fit_prototypes,
    look,
    look_at_features,
    parent_probabilities,
)
from trainer.training.photo_run import (
    PhotoSplit,
    answer_of,
    for_length,
    split_of,
    train_photos,
    write_answers,
)
from trainer.training.photo_task import PhotoModel, photo_task
from trainer.training.recipes import Recipe, head_on_cached_features, lite0_photos
from trainer.training.train import Place

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard"),
]


@pytest.fixture
def coloured(tmp_path: Path) -> PhotoList:
    """Two classes that differ in colour, in two parents."""
    random = np.random.default_rng(0)
    photos = []
    for label, colour in enumerate(((30, 40, 200), (200, 60, 30))):
        for i in range(6):
            picture = np.clip(random.normal(colour, 25, (72, 72, 3)), 0, 255).astype(np.uint8)
            path = tmp_path / f"{label}-{i}.png"
            cv2.imwrite(str(path), picture)
            photos.append(Photo(path, label, label))
    return PhotoList(tuple(photos), ())


def learned_and_judged(
    recipe: Recipe, split: PhotoSplit, folder: Path, features_dir: Path | None = None
) -> Accuracy:
    answer = train_photos(recipe, split, folder, Place(), features_dir=features_dir)
    assert answer is not None
    return write_answers(answer(split.test), split.test, split.parent_of, folder)


def test_a_run_from_a_list_learns_judges_and_writes_it_down(
    coloured: PhotoList, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(
        lite0_photos(), input_height_px=64, input_width_px=64, batch_size=4, num_steps=3
    )
    split = split_of(coloured, None, fold=0, num_folds=3)
    found = learned_and_judged(recipe, split, tmp_path / "run")
    assert found.fine == found.parent == 1.0  # by colour, ImageNet features tell them apart
    answers = (tmp_path / "run" / "predictions.jsonl").read_text().splitlines()
    assert [json.loads(a)["label"] for a in answers] == [0, 0, 1, 1]
    assert json.loads((tmp_path / "run" / "accuracy.json").read_text())["num_photos"] == 4


def test_a_recipe_may_judge_larger_pictures_than_it_learned_from(coloured: PhotoList) -> None:
    small = dataclasses.replace(
        lite0_photos(), input_height_px=64, input_width_px=64, batch_size=4, num_steps=1
    )
    split, model = split_of(coloured, None, fold=0, num_folds=3), photo_task(small, 2).exported
    assert isinstance(model, PhotoModel)
    larger = dataclasses.replace(small, judged_px=96)
    rows = [answer_of(model, r, split, "cpu")(split.test) for r in (small, larger)]
    assert not np.allclose(rows[0], rows[1])


def test_a_recipe_may_judge_both_hands_of_a_picture_alike(
    coloured: PhotoList, tmp_path: Path
) -> None:
    small = dataclasses.replace(lite0_photos(), input_height_px=64, input_width_px=64)
    gradient = np.tile(np.linspace(0, 255, 80, dtype=np.uint8)[None, :, None], (80, 1, 3))
    hands = []
    for name, picture in (("left", gradient), ("right", gradient[:, ::-1])):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
        hands.append(dataclasses.replace(coloured.photos[0], path=tmp_path / f"{name}.png"))
    model = photo_task(small, 2).exported
    assert isinstance(model, PhotoModel)
    seen = look(model, hands, small, mirrored=True)
    assert np.allclose(seen.embeddings[0], seen.embeddings[1], atol=1e-4)
    one_hand = look(model, hands, small)
    assert not np.allclose(one_hand.embeddings[0], one_hand.embeddings[1], atol=1e-4)


def test_a_head_learns_from_features_that_are_kept(coloured: PhotoList, tmp_path: Path) -> None:
    recipe = dataclasses.replace(head_on_cached_features(), batch_size=8, num_steps=3)
    few = PhotoList(coloured.photos[::2], ())  # each is looked at by a whole network
    split, kept = split_of(few, None, fold=0, num_folds=3), tmp_path / "features"
    found = learned_and_judged(recipe, split, tmp_path / "run", kept)
    assert found.fine == 1.0
    files = {path: path.stat().st_mtime_ns for path in kept.rglob("*.npy")}
    assert len(files) == len(split.train) * 2 + len(split.test)
    damaged = min(files)
    damaged.write_bytes(damaged.read_bytes()[:100])
    again = learned_and_judged(recipe, split, tmp_path / "again", kept)
    assert again == found
    changed = [path for path, written in files.items() if path.stat().st_mtime_ns != written]
    assert changed == [damaged]


def test_an_untrained_head_answers_as_whitened_means_do() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 12)
    rows = (random.normal(size=(36, 2, 20)) + 2 * labels[:, None, None]).astype(np.float16)
    task = head_task(head_on_cached_features(), rows, labels, 3)
    seen = look_at_features(task.exported, rows)
    means = rows.mean(axis=1, dtype=np.float32)
    expected = fit_prototypes(means, labels, 3).log_probabilities(means).argmax(axis=1)
    assert (seen.scores.argmax(axis=1) == expected).mean() > 0.9


def test_only_photos_of_named_folders_are_mirrored() -> None:
    produce = Augmentation(mirrored=("fruit",))
    assert produce.may_mirror(Path("shop/Fruit/Apple/1.jpg"))
    assert not produce.may_mirror(Path("shop/Packages/Milk/fruit.jpg"))
    assert Augmentation(mirrored=("*",)).may_mirror(Path("1.jpg"))


def test_a_fold_without_photographs_is_refused(coloured: PhotoList) -> None:
    with pytest.raises(DatasetError, match="0 to judge"):
        split_of(coloured, None, fold=7, num_folds=5)


def test_a_class_with_one_photograph_is_learned_and_never_judged(coloured: PhotoList) -> None:
    alone = dataclasses.replace(coloured.photos[0], label=2, parent=2)
    split = split_of(PhotoList((*coloured.photos, alone), ()), None, fold=0, num_folds=3)
    assert alone in split.train
    assert alone not in split.test


def test_a_fold_is_never_learned_from(coloured: PhotoList) -> None:
    split = split_of(coloured, None, fold=1, num_folds=3)
    assert len(split.train) == 8
    assert not set(split.train) & set(split.test)


def test_a_class_that_is_judged_but_not_learned_is_refused(coloured: PhotoList) -> None:
    learned = PhotoList(coloured.photos[:6], ())
    with pytest.raises(DatasetError, match="not learned"):
        split_of(learned, coloured, 0, 5)


def test_a_class_of_two_parents_is_refused(coloured: PhotoList) -> None:
    stray = dataclasses.replace(coloured.photos[0], parent=7)
    with pytest.raises(DatasetError, match="two parents"):
        split_of(PhotoList((*coloured.photos, stray), ()), coloured, 0, 5)


def test_epochs_become_steps() -> None:
    assert for_length(lite0_photos(), 3200, 2).num_steps == 200


def test_the_same_number_gives_the_same_sample(coloured: PhotoList) -> None:
    source = PhotoSamples(coloured.photos, 48, "v")
    first, again = (source.sample(3, np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(first.picture, again.picture)
    assert first.picture.shape == (48, 48, 3)


def test_windows_are_square_whatever_the_picture() -> None:
    wide = np.zeros((50, 200, 3), np.uint8)
    assert random_window(wide, 32, np.random.default_rng(0), may_mirror=True).shape == (32, 32, 3)
    assert middle_window(wide, 32).shape == (32, 32, 3)


def test_a_parent_is_as_likely_as_its_classes_together() -> None:
    rows = np.asarray([[0.2, 0.5, 0.3]], dtype=np.float32)
    sums = parent_probabilities(rows, {0: 0, 1: 1, 2: 0})
    assert np.allclose(sums, [[0.5, 0.5]])


def test_a_class_without_photographs_is_never_answered() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 2], 8)
    embeddings = (random.normal(size=(16, 6)) + labels[:, None]).astype(np.float32)
    prototypes = fit_prototypes(embeddings, labels, 3)
    assert not prototypes.rows[1].any()
    assert set(prototypes.log_probabilities(embeddings).argmax(axis=1)) <= {0, 2}


def test_calibration_error_is_the_gap_between_promise_and_truth() -> None:
    confidences = np.full(100, 0.9, dtype=np.float32)
    assert calibration_error(confidences, np.arange(100) < 90) == pytest.approx(0.0, abs=1e-6)
    assert calibration_error(confidences, np.arange(100) < 50) == pytest.approx(0.4, abs=1e-6)
